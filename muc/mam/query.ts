// Counterpart: plugins/mod_muc_mam.lua (queries, XEP-0313)

import type { ModuleApi, StanzaEvent } from "../../host/core/types.ts";
import { type StanzaError, stanza_error } from "../../host/util/error.ts";
import { type Asked, query_form, read_query, send_page } from "../../host/util/mam/query.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Room, RoomFinder } from "../types.ts";
import { find_readable } from "./access.ts";
import { archive_of, groupchat, hide_sender, type RoomArchives } from "./archive.ts";

/**
 * Answers queries to rooms. Option: max_archive_query_results.
 * @param include_total whether to count all matching messages always, not only where a client asks for nothing but the number
 */
export function load(module: ModuleApi, archives: RoomArchives, rooms: RoomFinder, include_total: boolean): void {
	const { store } = archives;
	const longest_page = module.get_option_integer("max_archive_query_results", 50, 0);
	const form = query_form(store.caps);
	module.hook(`iq-get/bare/${ns.mam}:query`, send_form);
	module.hook(`iq-set/bare/${ns.mam}:query`, take_query);

	/** Whether some of the messages that a client asks for by id are not there. Divergence: Prosody sends the others. */
	function lacks_some(room: Room, ids: readonly string[] | undefined): boolean {
		if (ids === undefined) return false;
		const found = store.find(archive_of(room), { with: groupchat, ids });
		return found.ok && found.value.items.length < new Set(ids).size;
	}

	/** Sends a page and what follows it. */
	function answer(room: Room, { origin, stanza }: StanzaEvent, asked: Asked): StanzaError | undefined {
		const { page_size } = asked;
		const query_id = stanza.first_tag?.attr["queryid"];
		if (lacks_some(room, asked.query.ids)) return stanza_error("modify", "item-not-found");
		const found = store.find(archive_of(room), {
			...asked.query,
			// Accepted and ignored, since here it tells messages from presences
			with: groupchat,
			total: include_total || page_size === 0,
		});
		if (!found.ok) {
			module.log("debug", "Archive query id=%s failed: %s", query_id ?? stanza.attr["id"], found.error.text);
			const is_unknown = found.error.condition === "item-not-found";
			return is_unknown ? stanza_error("modify", "item-not-found") : stanza_error("cancel", "internal-server-error");
		}
		for (const { stanza: item } of found.value.items) {
			hide_sender(room, item);
			delete item.attr["to"];
		}
		send_page(origin, stanza, asked, found.value);
		const sent = Math.min(page_size, found.value.items.length);
		module.log("debug", "Archive query id=%s completed, %d items returned", query_id ?? stanza.attr["id"], sent);
		return undefined;
	}

	function handle(event: StanzaEvent): StanzaError | undefined {
		const query = event.stanza.first_tag;
		const room = find_readable(rooms, event.stanza);
		if (!room.ok) return room.error;
		if (query === undefined) return stanza_error("cancel", "item-not-found");
		const asked = read_query(query, form, longest_page);
		return asked.ok ? answer(room.value, event, asked.value) : asked.error;
	}

	function send_form({ origin, stanza }: StanzaEvent): true {
		origin.send(st.reply(stanza).query(ns.mam).add_child(form.form()).reset());
		return true;
	}

	function take_query(event: StanzaEvent): true {
		const error = handle(event);
		if (error) event.origin.send(st.error_reply_from(event.stanza, error));
		return true;
	}
}
