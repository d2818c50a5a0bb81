// Counterpart: plugins/mod_roster.lua (API/commands)

import type { ModuleApi } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import { presence } from "../../util/stanza.ts";
import {
	command,
	done,
	type Outcome,
	optional_text,
	result,
	type Shell,
	type ShellCommandItem,
	type ShellValue,
	text_of,
} from "./command.ts";

/** Makes a one-way subscription: the user sees when the contact is online. */
function subscribe(module: ModuleApi, user: string, contact: string): void {
	const { rostermanager, hosts } = module.server;
	const [of_user, of_contact] = [jid.prepped_split(user), jid.prepped_split(contact)];
	// Bare hosts have no rosters
	const has_roster = of_user.node !== undefined && of_user.host !== undefined && hosts.has(of_user.host);
	if (has_roster) rostermanager.set_contact_pending_out(of_user.node ?? "", of_user.host ?? "", contact);
	const contact_host = of_contact.host === undefined ? undefined : hosts.get(of_contact.host);
	if (contact_host?.type !== "local" || of_contact.node === undefined) {
		module.send(presence({ from: user, to: contact, type: "subscribe" }));
		return;
	}
	rostermanager.set_contact_pending_in(
		of_contact.node,
		contact_host.host,
		user,
		presence({ from: user, to: contact, type: "subscribe" }),
	);
	rostermanager.subscribed(of_contact.node, contact_host.host, user);
	if (has_roster) rostermanager.process_inbound_subscription_approval(of_user.node ?? "", of_user.host ?? "", contact);
}

/** Takes a subscription of the user's back, not one of the contact's. */
function unsubscribe(module: ModuleApi, user: string, contact: string): void {
	const { rostermanager, hosts } = module.server;
	const [of_user, of_contact] = [jid.prepped_split(user), jid.prepped_split(contact)];
	const local = (host: string | undefined): host is string => host !== undefined && hosts.get(host)?.type === "local";
	if (local(of_user.host) && of_user.node !== undefined) rostermanager.unsubscribe(of_user.node, of_user.host, contact);
	if (local(of_contact.host) && of_contact.node !== undefined) rostermanager.unsubscribed(of_contact.node, of_contact.host, user);
}

/** Shows the contacts of an account. */
function show(module: ModuleApi, shell: Shell, address: string, wanted: string | undefined): Outcome {
	const { node, host } = jid.prepped_split(address);
	const roster = module.server.rostermanager.load_roster(node ?? "", host ?? "");
	if (wanted === "pending") {
		for (const contact of [...roster.pending.keys()].sort()) shell.print(contact);
		return done("Showing 0 entries");
	}
	const items = [...roster.items].filter(([, { subscription }]) => wanted === undefined || subscription === wanted);
	for (const [contact, { subscription, ask }] of items.sort(([a], [b]) => (a < b ? -1 : 1))) {
		shell.print(contact, `sub=${subscription}\task=${ask ?? "none"}`);
	}
	return done(`Showing ${items.length} entries`);
}

/** What mod_roster has typed: `roster:show("romeo@example.com")`. */
export function roster_commands(module: ModuleApi): ShellCommandItem[] {
	const common = {
		section: "roster",
		section_desc: "View and manage user rosters (contact lists)",
		host_selector: "jid",
	};
	/** A command about two addresses. */
	const about_two = (name: string, desc: string, act: (user: string, contact: string) => void): ShellCommandItem => ({
		...common,
		...command(`${name}(jid, contact)`, desc, (_shell, [user, contact]: readonly ShellValue[]) => {
			act(text_of(user, "a JID"), text_of(contact, "the contact's JID"));
			return result(true);
		}),
	});
	return [
		{
			...common,
			...command("show(jid, sub)", "Show a user's current roster", (shell, [user, wanted]) =>
				show(module, shell, text_of(user, "a JID"), optional_text(wanted, "the subscription")),
			),
		},
		about_two("subscribe", "Subscribe a user to another JID", (user, contact) => subscribe(module, user, contact)),
		about_two("subscribe_both", "Subscribe a user and a contact JID to each other", (user, contact) => {
			subscribe(module, user, contact);
			subscribe(module, contact, user);
		}),
		about_two("unsubscribe", "Unsubscribe a user from another JID", (user, contact) => unsubscribe(module, user, contact)),
		about_two("unsubscribe_both", "Unubscribe a user and a contact JID from each other", (user, contact) => {
			unsubscribe(module, user, contact);
			unsubscribe(module, contact, user);
		}),
	];
}
