// No counterpart: what a TypeScript module may import as "enjamb". Lua modules require prosody.util.* for the same.

export type * from "./core/types.ts";
export * as api from "./util/api/module.ts";
export * as dataforms from "./util/dataforms.ts";
export * as datetime from "./util/datetime.ts";
export * as id from "./util/id.ts";
export * as jid from "./util/jid.ts";
export { ns } from "./util/ns.ts";
export * as st from "./util/stanza.ts";
