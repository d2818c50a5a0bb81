// No counterpart: the shapes that Prosody describes in doc/session.txt and teal-src/module.d.tl, or leaves to the reader.
// They are imported from here. The files of types/ import one another in one direction only; modules.ts is at the top.

export type { Attributes, Stanza } from "../util/stanza.ts";
export type { IqError } from "./iq_error.ts";
export type * from "./types/accounts.ts";
export type * from "./types/cluster.ts";
export type * from "./types/connections.ts";
export type * from "./types/delivery.ts";
export type * from "./types/events.ts";
export type * from "./types/http.ts";
export type * from "./types/http_client.ts";
export type * from "./types/invites.ts";
export type * from "./types/logging.ts";
export type * from "./types/managers.ts";
export type * from "./types/measures.ts";
export type * from "./types/modules.ts";
export type * from "./types/questions.ts";
export type * from "./types/reload.ts";
export type * from "./types/room_keeping.ts";
export type * from "./types/server.ts";
export type * from "./types/sessions.ts";
export type * from "./types/sql.ts";
export type * from "./types/storage.ts";
