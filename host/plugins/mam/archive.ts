// Counterpart: plugins/mod_mam/mod_mam.lua (message_handler)

import type { ArchiveStore, EventMap, ModuleApi, Session, StanzaEvent } from "../../core/types.ts";
import { now } from "../../util/datetime.ts";
import type { Handler } from "../../util/events.ts";
import * as jid from "../../util/jid.ts";
import { append_making_room } from "../../util/mam/making_room.ts";
import { ns } from "../../util/ns.ts";
import { is_plain_notice } from "../../util/pubsub/notices.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import type { Expiry } from "./expiry.ts";
import type { StoredPrefs } from "./prefs.ts";
import { claims_id_on, should_store, without_forged_ids } from "./store_rules.ts";

declare module "../../core/types.ts" {
	interface EventMap {
		/** Whether a message is one for archives; handlers may answer, and say why in `reason`. */
		"archive-should-store": { stanza: Stanza; session: Session; reason?: string };
		/** A message was put into the archive of `for_user`, under that id. */
		"archive-message-added": { origin: Session; stanza: Stanza; for_user: string; id: string };
	}
}

/** Archives what accounts send and get. Options: dont_archive_namespaces, storage_archive_item_limit. */
export function archive_messages(module: ModuleApi, store: ArchiveStore, prefs: StoredPrefs, expiry: Expiry): void {
	const { server, host } = module;
	const unwanted = module.get_option_set("dont_archive_namespaces", [ns.chat_states]);
	const item_limit = module.get_option_integer("storage_archive_item_limit", store.caps.quota ?? 1000, 0);
	const kept_of_full_archive = Math.floor(item_limit * 0.99);

	const usual_rules: Handler<EventMap["archive-should-store"]> = (event) => {
		const [should, reason] = should_store(event.stanza);
		event.reason = reason;
		return should;
	};
	const only_usual = new Set([usual_rules]);
	module.hook("archive-should-store", usual_rules, -1);

	/** Whether somebody wants to have messages with somebody archived. */
	function wants(username: string, who: string): boolean {
		if (!server.usermanager.user_exists(username, host)) return false;
		const found = prefs.get(username);
		if (!found.ok) {
			module.log("error", "The preferences of %s could not be read, so that nothing is archived: %s", username, found.error.text);
			return false;
		}
		const rule = found.value.rules.get(who) ?? found.value.default ?? false;
		return rule === "roster" ? server.rostermanager.load_roster(username, host).items.has(who) : rule;
	}

	function has_unwanted({ children }: Stanza): boolean {
		for (const child of children) if (st.is_stanza(child) && unwanted.has(child.attr["xmlns"])) return true;
		return false;
	}

	/** The message as it is archived; undefined where nothing is left of it. */
	function stripped(stanza: Stanza): Stanza | undefined {
		if (unwanted.size === 0) return stanza;
		// Most have nothing of that kind, and the store makes its own copy
		if (!has_unwanted(stanza)) return stanza.first_tag && stanza;
		const copy = st.clone(stanza).maptags((tag) => (unwanted.has(tag.attr["xmlns"]) ? undefined : tag));
		return copy.first_tag === undefined ? undefined : copy;
	}

	function append(username: string, stanza: Stanza, with_whom: string) {
		return append_making_room(
			() => store.append(username, undefined, stanza, now(), with_whom),
			[
				() => {
					if (expiry.period === Number.POSITIVE_INFINITY) return false;
					module.log("debug", "User '%s' over quota, cleaning archive", username);
					return store.delete(username, { end: expiry.limit() }).ok;
				},
				() => {
					if (!store.caps.truncate) return false;
					module.log("debug", "User '%s' over quota, truncating archive", username);
					return store.delete(username, { truncate: kept_of_full_archive }).ok;
				},
			],
		);
	}

	function archive(event: StanzaEvent, is_sent: boolean): undefined {
		const { origin } = event;
		const log = is_sent ? origin.log : module.log;
		const { from } = event.stanza.attr;
		// Without an address it is for oneself
		const to = event.stanza.attr["to"] ?? from;
		const username = (is_sent && origin.type === "c2s" ? origin.username : undefined) ?? jid.node(is_sent ? from : to);
		// What comes from nobody is of the account itself: what it wrote to itself came back
		const with_whom = jid.bare(is_sent ? to : (from ?? to));
		if (username === undefined || with_whom === undefined) return;
		event.stanza = without_forged_ids(event.stanza, username, host, st.clone);
		const { stanza } = event;

		const question: { stanza: Stanza; session: Session; reason?: string } = { stanza, session: origin };
		if (!module.fire_event("archive-should-store", question)) {
			log("debug", "Not archiving stanza: %s (%s)", stanza.shown, question.reason);
			return;
		}
		const kept = stripped(stanza);
		if (kept === undefined) {
			log("debug", "Not archiving stanza: %s (empty when stripped)", stanza.shown);
			return;
		}
		if (!wants(username, with_whom)) {
			log("debug", "Not archiving stanza: %s (prefs)", stanza.shown);
			return;
		}
		log("debug", "Archiving stanza: %s (%s)", stanza.shown, question.reason);
		const appended = append(username, kept, with_whom);
		if (!appended.ok) {
			log("error", "Could not archive stanza: %s", appended.error.text);
			return;
		}
		const id = appended.value;
		const marked = st.clone(stanza);
		marked.add_direct_child(st.stanza("stanza-id", { xmlns: ns.stanza_id, by: `${username}@${host}`, id }));
		event.stanza = marked;
		expiry.schedule(username);
		module.fire_event("archive-message-added", { origin, stanza: kept, for_user: username, id });
	}

	const archive_received: Handler<StanzaEvent> = (event) => archive(event, false);
	for (const kind of ["bare", "full"] as const) {
		module.hook(`pre-message/${kind}`, (event) => archive(event, true), 0);
		module.hook(`message/${kind}`, archive_received, 0);
		// Nobody else needs to know under what id the sender has it
		module.hook(
			`pre-message/${kind}`,
			(event) => {
				const { origin } = event;
				const username = origin.type === "c2s" ? origin.username : undefined;
				event.stanza = without_forged_ids(event.stanza, username, host, st.clone);
			},
			-1,
		);
	}
	// What rooms send is not archived, nor are notices of published items; ids that claim to be of an account's archive are taken out
	module.host_session().bystanders.set(archive_received, (_, stanza) => {
		if (stanza === undefined || claims_id_on(stanza, host)) return false;
		if (stanza.attr["type"] === "groupchat") return true;
		return is_plain_notice(stanza) && module.is_only_heard_by("archive-should-store", only_usual);
	});

	module.hook(
		"message/offline/handle",
		({ origin, stanza }) => {
			const username = jid.node(stanza.attr["to"]) ?? (origin.type === "c2s" ? origin.username : undefined);
			// Without mod_offline, what is archived is delivered all the same
			const is_archived = [...stanza.childtags("stanza-id", ns.stanza_id)].some(
				({ attr }) => attr["by"] === `${username}@${host}`,
			);
			return is_archived ? true : undefined;
		},
		-2,
	);
}
