// Counterpart: plugins/mod_roster.lua

import { add_roster_item } from "../core/rostermanager.ts";
import type { C2sSession, ModuleApi, ModuleDefinition, RosterItem } from "../core/types.ts";
import { type StanzaError, stanza_error } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import { roster_commands } from "./admin_shell/roster.ts";

/** Answers with the roster, or with an empty result where the client has the current version (RFC 6121 §2.6). */
function send_roster(module: ModuleApi, session: C2sSession, stanza: st.Stanza): void {
	const roster = module.server.rostermanager.load_roster(session.username ?? "", module.host);
	const reply = st.reply(stanza);
	const known = Number(stanza.first_tag?.attr["ver"]);
	const version = Math.max(1, roster.version);
	if (known !== version) {
		reply.tag("query", { xmlns: ns.roster, ver: String(version) });
		for (const [contact, item] of roster.items) add_roster_item(reply, contact, item);
	}
	session.send(reply.reset());
	session.interested = true;
}

/** Adds, changes or removes a contact (RFC 6121 §2.3 to §2.5); returns why that is not possible. */
function change_roster(module: ModuleApi, session: C2sSession, stanza: st.Stanza): StanzaError | undefined {
	const { username = "" } = session;
	const { host } = module;
	const tags = stanza.first_tag?.tags ?? [];
	const [given] = tags;
	if (!given || tags.length !== 1 || given.name !== "item" || given.attr["xmlns"] !== ns.roster) {
		return stanza_error("modify", "bad-request");
	}
	const contact = jid.prep(given.attr["jid"]);
	if (contact === undefined || jid.resource(contact) !== undefined) return stanza_error("modify", "bad-request");
	if (contact === `${username}@${host}`) return stanza_error("cancel", "not-allowed");

	const { rostermanager } = module.server;
	const roster = rostermanager.load_roster(username, host);
	const before = roster.items.get(contact);
	if (given.attr["subscription"] === "remove") {
		if (!before) return stanza_error("modify", "item-not-found");
		module.fire_event("roster-item-removed", { username, jid: contact, item: before, origin: session, roster });
		roster.items.delete(contact);
	} else {
		const item: RosterItem = { subscription: before?.subscription ?? "none", groups: new Set() };
		if (before?.ask) item.ask = before.ask;
		const { name } = given.attr;
		if (name !== undefined && name !== "") item.name = name;
		for (const group of given.childtags("group")) {
			const text = group.get_text();
			// PARITY: a group without a name is one, too
			if (text !== undefined) item.groups.add(text);
		}
		roster.items.set(contact, item);
	}
	if (!rostermanager.save_roster(username, host, roster, contact)) {
		if (before) roster.items.set(contact, before);
		else roster.items.delete(contact);
		return stanza_error("wait", "internal-server-error", "Unable to save roster");
	}
	session.send(st.reply(stanza));
	rostermanager.roster_push(username, host, contact);
	return undefined;
}

/** Contact lists: jabber:iq:roster. */
export const definition: ModuleDefinition = {
	name: "roster",
	load(module) {
		module.add_feature(ns.roster);
		for (const command of roster_commands(module)) module.add_item("shell-command", command);
		module.hook("stream-features", ({ origin, features }) => {
			if (origin.username !== undefined) features.add_child(st.stanza("ver", { xmlns: ns.rosterver }));
		});
		module.hook("iq/self/jabber:iq:roster:query", ({ origin, stanza }) => {
			if (origin.type !== "c2s") return undefined;
			if (stanza.attr["type"] === "get") send_roster(module, origin, stanza);
			else {
				const error = change_roster(module, origin, stanza);
				if (error) origin.send(st.error_reply_from(stanza, error));
			}
			return true;
		});
		// Before the account's streams are closed, and what is stored for it is removed
		module.hook_global(
			"user-deleted",
			({ username, host }) => {
				if (host !== module.host) return;
				const roster = module.server.rostermanager.load_roster(username, host);
				const origin = module.host_session();
				for (const [contact, item] of [...roster.items]) {
					module.fire_event("roster-item-removed", { username, jid: contact, item, origin, roster });
				}
				for (const contact of [...roster.pending.keys()]) {
					if (roster.items.has(contact)) continue;
					module.fire_event("roster-item-removed", { username, jid: contact, item: undefined, origin, roster });
				}
			},
			300,
		);
	},
};
