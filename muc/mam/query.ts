// Counterpart: plugins/mod_muc_mam.lua (queries, XEP-0313)

import type { ArchivePage, ModuleApi, StanzaEvent, StorageError } from "../../host/core/types.ts";
import { type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { type Asked, find_page, query_form, read_query, send_page } from "../../host/util/mam/query.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { go_on, type Waiting } from "../../host/util/waiting.ts";
import type { Room, RoomFinder } from "../types.ts";
import { find_readable } from "./access.ts";
import { archive_of, groupchat, hide_sender, type RoomArchives } from "./archive.ts";

/** Why a query is refused; undefined where it was answered. */
type Answer = StanzaError | undefined;

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
	function lacks_some(room: Room, ids: readonly string[] | undefined): boolean | Waiting<boolean> {
		if (ids === undefined) return false;
		return go_on(
			find_page(store, archive_of(room), { with: groupchat, ids }),
			(found) => found.ok && found.value.items.length < new Set(ids).size,
		);
	}

	/** Finds a page and sends it, with what follows it. */
	function answer(room: Room, event: StanzaEvent, asked: Asked): Answer | Waiting<Answer> {
		return go_on(lacks_some(room, asked.query.ids), (lacks) => {
			if (lacks) return stanza_error("modify", "item-not-found");
			const query = {
				...asked.query,
				// Accepted and ignored, since here it tells messages from presences
				with: groupchat,
				total: include_total || asked.page_size === 0,
				is_urgent: asked.page_size > 0,
			};
			return go_on(find_page(store, archive_of(room), query), (found) => send(event, asked, found));
		});
	}

	function send({ origin, stanza }: StanzaEvent, asked: Asked, found: Result<ArchivePage, StorageError>): Answer {
		// Much may have happened while it was looked for
		const room = find_readable(rooms, stanza);
		if (!room.ok) return room.error;
		const query_id = stanza.first_tag?.attr["queryid"];
		if (!found.ok) {
			module.log("debug", "Archive query id=%s failed: %s", query_id ?? stanza.attr["id"], found.error.text);
			const is_unknown = found.error.condition === "item-not-found";
			return is_unknown ? stanza_error("modify", "item-not-found") : stanza_error("cancel", "internal-server-error");
		}
		const hides_sender = room.value.get_whois() !== "anyone";
		send_page(origin, stanza, asked, found.value, {
			send_text: module.server.delivery.text_answers(origin, stanza.attr["from"]),
			plain({ plain }) {
				if (plain === undefined || (hides_sender && plain.rest.includes(ns.muc_user))) return undefined;
				return { ...plain, to: "" };
			},
			change(item) {
				hide_sender(room.value, item);
				delete item.attr["to"];
			},
		});
		const sent = Math.min(asked.page_size, found.value.items.length);
		module.log("debug", "Archive query id=%s completed, %d items returned", query_id ?? stanza.attr["id"], sent);
		return undefined;
	}

	function handle(event: StanzaEvent): Answer | Waiting<Answer> {
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

	function take_query(event: StanzaEvent): true | Waiting<true> {
		return go_on(handle(event), (error): true => {
			if (error) event.origin.send(st.error_reply_from(event.stanza, error));
			return true;
		});
	}
}
