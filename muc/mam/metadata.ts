// No counterpart: Prosody announces this and answers with service-unavailable.

import type { ArchiveItem, ModuleApi, StanzaEvent } from "../../host/core/types.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { find_page, metadata_reply } from "../../host/util/mam/query.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { type Eventual, go_on } from "../../host/util/waiting.ts";
import type { RoomFinder } from "../types.ts";
import { find_readable } from "./access.ts";
import { archive_of, groupchat, type RoomArchives } from "./archive.ts";

/** Answers queries for the first and the last message of a room's archive (XEP-0313 §7). */
export function load(module: ModuleApi, { store }: RoomArchives, rooms: RoomFinder): void {
	module.hook(`iq-get/bare/${ns.mam}:metadata`, answer);

	/** The first message, or the last one; undefined where there is none. */
	function find_end(user: string | undefined, reverse: boolean): Eventual<Result<ArchiveItem | undefined, StanzaError>> {
		return go_on(find_page(store, user, { with: groupchat, limit: 1, reverse }), (found) => {
			if (found.ok) return ok(found.value.items[0]);
			module.log("error", "Could not read the archive of %s: %s", user ?? module.host, found.error.text);
			return failed(stanza_error("wait", "internal-server-error"));
		});
	}

	function describe({ stanza }: StanzaEvent): Eventual<Result<Stanza, StanzaError>> {
		const room = find_readable(rooms, stanza);
		if (!room.ok) return room;
		const user = archive_of(room.value);
		return go_on(find_end(user, false), (first) => {
			if (!first.ok) return first;
			return go_on(find_end(user, true), (last) => {
				if (!last.ok) return last;
				// Much may have happened while they were looked for
				const still = find_readable(rooms, stanza);
				return still.ok ? ok(metadata_reply(stanza, first.value, last.value)) : still;
			});
		});
	}

	function answer(event: StanzaEvent): Eventual<true> {
		return go_on(describe(event), (described): true => {
			event.origin.send(described.ok ? described.value : st.error_reply_from(event.stanza, described.error));
			return true;
		});
	}
}
