// Counterpart: plugins/mod_mam/mod_mam.lua (XEP-0313, XEP-0441)

import { ClientSession } from "../core/c2s_session.ts";
import type { ArchiveStore, ModuleApi, ModuleDefinition, StanzaEvent, StorageError } from "../core/types.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../util/error.ts";
import type { Handler } from "../util/events.ts";
import { bare } from "../util/jid.ts";
import { find_page, metadata_reply, query_form, read_query, send_page } from "../util/mam/query.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { go_on, type Waiting } from "../util/waiting.ts";
import { archive_messages } from "./mam/archive.ts";
import * as expiry from "./mam/expiry.ts";
import { from_stanza, open_prefs, type StoredPrefs, to_stanza } from "./mam/prefs.ts";

/** What a client asks of its own account; an error where it is refused. */
type Question = (session: ClientSession, username: string, stanza: Stanza) => Answer | Waiting<Answer>;
type Answer = Result<Stanza | undefined, StanzaError>;

/** Answers questions to the account itself: with a stanza, an error, or nothing where that was sent already. */
function answering(question: Question): Handler<StanzaEvent> {
	return ({ origin, stanza }) => {
		if (!(origin instanceof ClientSession) || origin.username === undefined) return undefined;
		return go_on(question(origin, origin.username, stanza), (answer) => {
			if (!answer.ok) origin.send(st.error_reply_from(stanza, answer.error));
			else if (answer.value !== undefined) origin.send(answer.value);
			return true;
		});
	};
}

/** Clients read their archive. Option: max_archive_query_results. */
function load_queries(module: ModuleApi, store: ArchiveStore, prefs: StoredPrefs, include_total: boolean): void {
	const longest_page = module.get_option_integer("max_archive_query_results", 50, 0);
	const form = query_form(store.caps);

	function unreadable(username: string, { text }: StorageError): Result<never, StanzaError> {
		module.log("error", "The archive of %s could not be read: %s", username, text);
		return failed(stanza_error("cancel", "internal-server-error"));
	}

	/** Whether some of the messages that a client asks for by id are not there. Divergence: Prosody sends the others. */
	function lacks_some(username: string, ids: readonly string[] | undefined): boolean | Waiting<boolean> {
		if (ids === undefined) return false;
		return go_on(find_page(store, username, { ids }), (found) => found.ok && found.value.items.length < new Set(ids).size);
	}

	const send_form: Question = (_, username, stanza) => {
		prefs.get(username, true);
		return ok(st.reply(stanza).query(ns.mam).add_child(form.form()).reset());
	};

	const take_query: Question = (session, username, stanza) => {
		session.mam_requested = true;
		prefs.get(username, true);
		const query = stanza.first_tag;
		const asked = query === undefined ? failed(stanza_error("modify", "bad-request")) : read_query(query, form, longest_page);
		if (!asked.ok) return asked;
		const { query: wanted, page_size } = asked.value;
		const with_whom = wanted.with === undefined ? undefined : bare(wanted.with);
		return go_on(lacks_some(username, wanted.ids), (lacks): Answer | Waiting<Answer> => {
			if (lacks) return failed(stanza_error("modify", "item-not-found"));
			const whole = {
				...wanted,
				...(with_whom === undefined ? {} : { with: with_whom }),
				// PARITY: whoever wants none has them all, other than in rooms
				limit: page_size === 0 ? 0 : wanted.limit,
				total: include_total || page_size === 0,
				is_urgent: page_size > 0,
			};
			return go_on(find_page(store, username, whole), (found): Answer => {
				if (!found.ok) {
					const is_unknown = found.error.condition === "item-not-found";
					return is_unknown ? failed(stanza_error("modify", "item-not-found")) : unreadable(username, found.error);
				}
				send_page(session, stanza, asked.value, found.value, {
					send_text: module.server.delivery.text_answers(session, stanza.attr["from"]),
					plain: ({ plain }) => plain,
				});
				module.log("debug", "Archive query id=%s completed", stanza.attr["id"]);
				return ok(undefined);
			});
		});
	};

	const describe: Question = (_, username, stanza) => {
		return go_on(find_page(store, username, { limit: 1 }), (first) => {
			if (!first.ok) return unreadable(username, first.error);
			return go_on(find_page(store, username, { limit: 1, reverse: true }), (last): Answer => {
				if (!last.ok) return unreadable(username, last.error);
				return ok(metadata_reply(stanza, first.value.items[0], last.value.items[0]));
			});
		});
	};

	module.hook(`iq-get/self/${ns.mam}:query`, answering(send_form));
	module.hook(`iq-set/self/${ns.mam}:query`, answering(take_query));
	module.hook(`iq-get/self/${ns.mam}:metadata`, answering(describe));
}

function load(module: ModuleApi): false | undefined {
	const archive_store = module.get_option_string("archive_store", "archive");
	const store = module.open_store(archive_store, "archive");
	if (store.name === "null") {
		module.log("error", "There is no storage for archives, so nothing is archived; see the option storage");
		module.set_status("error", "No storage for archives");
		return false;
	}
	const prefs = open_prefs(module, archive_store);
	const expires = expiry.load(module, store);
	// Where nothing is ever deleted, counting may take long
	const include_total = module.get_option_boolean("mam_include_total", expires.period !== Number.POSITIVE_INFINITY);
	load_queries(module, store, prefs, include_total);
	archive_messages(module, store, prefs, expires);

	const handle_prefs: Question = (_, username, stanza) => {
		const element = stanza.attr["type"] === "set" ? stanza.get_child("prefs", ns.mam) : undefined;
		const stored = element === undefined ? ok(undefined) : prefs.set(username, from_stanza(element));
		const current = stored.ok ? prefs.get(username, true) : stored;
		if (current.ok) return ok(st.reply(stanza).add_child(to_stanza(current.value)));
		module.log("error", "The archiving preferences of %s: %s", username, current.error.text);
		return failed(stanza_error("cancel", "internal-server-error", "Error storing preferences"));
	};
	module.hook(`iq/self/${ns.mam}:prefs`, answering(handle_prefs));

	// Clients that have read the archive have all that was kept for them
	module.hook("message/offline/broadcast", ({ origin }) =>
		origin instanceof ClientSession && origin.mam_requested ? true : undefined,
	);

	module.hook("account-disco-info", ({ reply }) => {
		reply.tag("feature", { var: ns.mam }).up();
		if (store.caps.full_id_range && store.caps.ids) reply.tag("feature", { var: ns.mam_extended }).up();
		reply.tag("feature", { var: ns.stanza_id }).up();
	});
	return undefined;
}

/** Archives of what accounts send and get, which their clients may read page by page. */
export const definition: ModuleDefinition = { name: "mam", load };
