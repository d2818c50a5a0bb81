// Counterpart: plugins/mod_blocklist.lua (XEP-0191)

import { ClientSession } from "../core/c2s_session.ts";
import type { C2sSession, ModuleDefinition, StoreValue } from "../core/types.ts";
import { now } from "../util/datetime.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { filter_stanzas } from "./blocklist/filter.ts";
import { type Blocklist, open_blocklists } from "./blocklist/lists.ts";

/** The JIDs that a client names; undefined where one is none. They are put into the element as they are compared. */
function named_jids(action: Stanza): Set<string> | undefined {
	const jids = new Set<string>();
	for (const item of action.childtags("item")) {
		const address = jid.prep(item.attr["jid"]);
		if (address === undefined) return undefined;
		item.attr["jid"] = address;
		jids.add(address);
	}
	return jids;
}

/** A list with some more, or without some; without all where none are named. */
function changed(list: Blocklist, jids: ReadonlySet<string>, is_blocking: boolean): Map<string, StoreValue> {
	if (!is_blocking && jids.size === 0) return new Map();
	const after = new Map(list.jids);
	for (const address of jids) {
		if (is_blocking) after.set(address, now());
		else after.delete(address);
	}
	return after;
}

function changed_metadata({ metadata }: Blocklist): StoreValue {
	if (metadata === false) return { created: now() };
	if (typeof metadata !== "object" || Array.isArray(metadata)) return metadata;
	return metadata instanceof Map
		? new Map<string | number | bigint | boolean, StoreValue>([...metadata, ["modified", now()]])
		: { ...metadata, modified: now() };
}

/** Lets accounts say from whom they want nothing, and who is to get nothing of them. */
export const definition: ModuleDefinition = {
	name: "blocklist",
	load(module) {
		const { server, host } = module;
		const { rostermanager } = server;
		const lists = open_blocklists(module);
		module.add_feature(ns.blocking);
		filter_stanzas(module, lists);

		function sessions_of(username: string): C2sSession[] {
			return [...(module.host_session().sessions.get(username)?.sessions.values() ?? [])];
		}

		function show(session: ClientSession, username: string, stanza: Stanza): void {
			const list = lists.get(username);
			if (!list.ok) {
				module.log("error", "The blocklist of %s could not be read: %s", username, list.error.text);
				session.send(st.error_reply(stanza, "wait", "internal-server-error"));
				return;
			}
			const reply = st.reply(stanza).tag("blocklist", { xmlns: ns.blocking });
			for (const address of list.value.jids.keys()) reply.tag("item", { jid: address }).up();
			session.interested_blocklist = true;
			session.send(reply.reset());
		}

		/** Contacts see that somebody who has just blocked them is gone; what they asked for is refused (XEP-0191 §3.3). */
		function hide_from(username: string, jids: Iterable<string>, before: Blocklist): void {
			const asked: string[] = [];
			for (const address of jids) {
				if (rostermanager.is_contact_subscribed(username, host, address)) {
					if (before.jids.has(address)) continue;
					for (const session of sessions_of(username)) {
						if (session.presence) module.send(st.presence({ type: "unavailable", to: address, from: session.full_jid }));
					}
				} else if (rostermanager.is_contact_pending_in(username, host, address)) asked.push(address);
			}
			if (asked.length === 0) return;
			const roster = rostermanager.load_roster(username, host);
			for (const address of asked) roster.pending.delete(address);
			if (!rostermanager.save_roster(username, host, roster)) {
				module.log("error", "What blocked contacts have asked of %s could not be taken out of the roster", username);
			}
		}

		/** Contacts see again what they see of somebody. */
		function show_to(username: string, jids: Iterable<string>): void {
			for (const address of jids) {
				if (!rostermanager.is_contact_subscribed(username, host, address)) continue;
				module.send(st.presence({ type: "probe", to: `${username}@${host}`, from: address }));
			}
		}

		function edit(session: ClientSession, username: string, stanza: Stanza, action: Stanza): void {
			const is_blocking = action.name === "block";
			const jids = named_jids(action);
			if (jids === undefined) {
				session.send(st.error_reply(stanza, "modify", "jid-malformed"));
				return;
			}
			if (is_blocking && jids.size === 0) {
				session.send(st.error_reply(stanza, "modify", "bad-request"));
				return;
			}
			const before = lists.get(username);
			const stored = before.ok
				? lists.set(username, changed(before.value, jids, is_blocking), changed_metadata(before.value))
				: before;
			if (!before.ok || !stored.ok) {
				if (!stored.ok) module.log("error", "The blocklist of %s could not be changed: %s", username, stored.error.text);
				session.send(st.error_reply(stanza, "wait", "internal-server-error"));
				return;
			}
			session.send(st.reply(stanza));
			if (is_blocking) hide_from(username, jids, before.value);
			else show_to(username, jids);
			for (const other of sessions_of(username)) {
				if (!(other instanceof ClientSession && other.interested_blocklist)) continue;
				other.send(st.iq({ type: "set", id: "blocklist-push", to: other.full_jid }).add_child(st.clone(action)));
			}
		}

		module.hook(
			`iq-get/self/${ns.blocking}:blocklist`,
			({ origin, stanza }) => {
				if (!(origin instanceof ClientSession) || origin.username === undefined) return undefined;
				show(origin, origin.username, stanza);
				return true;
			},
			-1,
		);
		for (const name of ["block", "unblock"]) {
			module.hook(
				`iq-set/self/${ns.blocking}:${name}`,
				({ origin, stanza }) => {
					const action = stanza.first_tag;
					if (!(origin instanceof ClientSession) || origin.username === undefined || action === undefined) return undefined;
					edit(origin, origin.username, stanza, action);
					return true;
				},
				-1,
			);
		}

		module.hook_global("user-deleted", (event) => {
			if (event.host === host) lists.forget(event.username);
		});

		module.hook("iq-error/self/blocklist-push", ({ origin, stanza }) => {
			const { condition, text } = stanza.get_error() ?? { condition: "no error", text: undefined };
			const why = text === undefined ? condition : `${condition}: ${text}`;
			origin.log("warn", "Client returned an error in response to notification from mod_%s: %s", module.name, why);
			return true;
		});
	},
};
