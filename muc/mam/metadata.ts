// No counterpart: Prosody announces this and answers with service-unavailable.

import type { ArchiveItem, ModuleApi, StanzaEvent } from "../../host/core/types.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { metadata_reply } from "../../host/util/mam/query.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { RoomFinder } from "../types.ts";
import { find_readable } from "./access.ts";
import { archive_of, groupchat, type RoomArchives } from "./archive.ts";

/** Answers queries for the first and the last message of a room's archive (XEP-0313 §7). */
export function load(module: ModuleApi, { store }: RoomArchives, rooms: RoomFinder): void {
	module.hook(`iq-get/bare/${ns.mam}:metadata`, answer);

	/** The first message, or the last one; undefined where there is none. */
	function find_end(user: string | undefined, reverse: boolean): Result<ArchiveItem | undefined, StanzaError> {
		const found = store.find(user, { with: groupchat, limit: 1, reverse });
		if (found.ok) return ok(found.value.items[0]);
		module.log("error", "Could not read the archive of %s: %s", user ?? module.host, found.error.text);
		return failed(stanza_error("wait", "internal-server-error"));
	}

	function describe({ stanza }: StanzaEvent): Result<Stanza, StanzaError> {
		const room = find_readable(rooms, stanza);
		if (!room.ok) return room;
		const first = find_end(archive_of(room.value), false);
		if (!first.ok) return first;
		const last = find_end(archive_of(room.value), true);
		if (!last.ok) return last;
		return ok(metadata_reply(stanza, first.value, last.value));
	}

	function answer(event: StanzaEvent): true {
		const described = describe(event);
		event.origin.send(described.ok ? described.value : st.error_reply_from(event.stanza, described.error));
		return true;
	}
}
