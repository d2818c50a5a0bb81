// Counterpart: plugins/mod_muc_mam.lua (queries, XEP-0313)

import type { ArchiveQuery, ArchiveStore, ModuleApi, StanzaEvent } from "../../host/core/types.ts";
import { type Form, get_type, new_form, type ParsedValue, type ParsedValues } from "../../host/util/dataforms.ts";
import { datetime } from "../../host/util/datetime.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import * as rsm from "../../host/util/rsm.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Room, RoomFinder } from "../types.ts";
import { find_readable } from "./access.ts";
import { archive_of, groupchat, hide_sender, type RoomArchives } from "./archive.ts";

const default_page_size = 20;

/** The fields of a query. `with` is accepted and ignored, since here it tells messages from presences. */
function query_form({ caps }: ArchiveStore): Form {
	const form = new_form({
		fields: [
			{ name: "FORM_TYPE", type: "hidden", value: ns.mam },
			{ name: "with", type: "jid-single" },
			{ name: "start", type: "text-single", datatype: "xs:dateTime" },
			{ name: "end", type: "text-single", datatype: "xs:dateTime" },
		],
	});
	if (caps.full_id_range) {
		form.fields.push({ name: "before-id", type: "text-single" }, { name: "after-id", type: "text-single" });
	}
	if (caps.ids) form.fields.push({ name: "ids", type: "list-multi" });
	return form;
}

function is_text(value: ParsedValue | undefined): value is string {
	return typeof value === "string";
}

/** What a client asks for. */
interface Asked {
	readonly query: ArchiveQuery;
	/** The longest page that it wants, or may have. */
	readonly page_size: number;
	/** Go backward from the newest message. */
	readonly reverse: boolean;
	/** Send the page in the opposite order of that in which it is found. */
	readonly flip: boolean;
}

/** Reads the submitted form; nothing where there is none. */
function read_form(form: Form, submitted: Stanza | undefined): Result<ParsedValues, StanzaError> {
	if (submitted === undefined) return ok({});
	const type = get_type(submitted);
	if (!type.ok) return failed(stanza_error("modify", "bad-request", `Invalid dataform: ${type.error}`));
	if (type.value !== ns.mam) {
		return failed(stanza_error("modify", "bad-request", `Unexpected FORM_TYPE, expected '${ns.mam}'`));
	}
	const { data, errors } = form.data(submitted);
	const [problem] = Object.values(errors ?? {});
	return problem === undefined ? ok(data) : failed(stanza_error("modify", "bad-request", problem));
}

/** Puts form and result set management (XEP-0059) together. */
function read_query(query: Stanza, form: ParsedValues, longest_page: number): Asked {
	const set = rsm.get(query);
	// Divergence: a negative number is 0, and fractions are cut off
	const page_size = Math.max(0, Math.floor(Math.min(set?.max ?? default_page_size, longest_page)));
	const reverse = set?.before !== undefined;
	// PARITY: `<before/>` without an id, which asks for the last page, overrides the form's before-id
	const before = set?.before ?? form["before-id"];
	const after = set?.after ?? form["after-id"];
	const { start, end, ids } = form;
	return {
		page_size,
		reverse,
		flip: reverse !== (query.get_child("flip-page") !== undefined),
		query: {
			with: groupchat,
			// One more, to see whether the page is the last
			limit: page_size + 1,
			reverse,
			...(typeof start === "number" ? { start } : {}),
			...(typeof end === "number" ? { end } : {}),
			...(is_text(before) ? { before } : {}),
			...(is_text(after) ? { after } : {}),
			...(Array.isArray(ids) ? { ids } : {}),
		},
	};
}

/**
 * Answers queries to rooms. Option: max_archive_query_results.
 * @param include_total whether to count all matching messages always, not only where a client asks for nothing but the number
 */
export function load(module: ModuleApi, archives: RoomArchives, rooms: RoomFinder, include_total: boolean): void {
	const { store } = archives;
	const longest_page = module.get_option_integer("max_archive_query_results", 50, 0);
	const form = query_form(store);
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
		const { page_size, reverse, flip } = asked;
		const query_id = stanza.first_tag?.attr["queryid"];
		if (lacks_some(room, asked.query.ids)) return stanza_error("modify", "item-not-found");
		const found = store.find(archive_of(room), { ...asked.query, total: include_total || page_size === 0 });
		if (!found.ok) {
			module.log("debug", "Archive query id=%s failed: %s", query_id ?? stanza.attr["id"], found.error.text);
			const is_unknown = found.error.condition === "item-not-found";
			return is_unknown ? stanza_error("modify", "item-not-found") : stanza_error("cancel", "internal-server-error");
		}
		const items = found.value.items.slice(0, page_size);
		for (const { id, stanza: item, when } of flip ? items.toReversed() : items) {
			hide_sender(room, item);
			delete item.attr["to"];
			item.attr["xmlns"] = ns.client;
			const result = st
				.message({ to: stanza.attr["from"], from: stanza.attr["to"] })
				.tag("result", { xmlns: ns.mam, queryid: query_id, id })
				.tag("forwarded", { xmlns: ns.forward })
				.tag("delay", { xmlns: ns.delay, stamp: datetime(when) })
				.up()
				.add_child(item);
			origin.send(result.reset());
		}
		const ids = [items[0]?.id, items.at(-1)?.id];
		const [first, last] = reverse ? ids.reverse() : ids;
		const complete = found.value.items.length > page_size ? undefined : "true";
		const set = rsm.generate({ first, last, count: found.value.total });
		origin.send(st.reply(stanza).tag("fin", { xmlns: ns.mam, complete }).add_child(set).reset());
		module.log("debug", "Archive query id=%s completed, %d items returned", query_id ?? stanza.attr["id"], items.length);
		return undefined;
	}

	function handle(event: StanzaEvent): StanzaError | undefined {
		const query = event.stanza.first_tag;
		const room = find_readable(rooms, event.stanza);
		if (!room.ok) return room.error;
		if (query === undefined) return stanza_error("cancel", "item-not-found");
		const submitted = read_form(form, query.get_child("x", ns.data));
		if (!submitted.ok) return submitted.error;
		return answer(room.value, event, read_query(query, submitted.value, longest_page));
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
