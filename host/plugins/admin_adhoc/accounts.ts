// Counterpart: plugins/mod_admin_adhoc.lua (accounts)

import type { ModuleApi } from "../../core/types.ts";
import type { Field } from "../../util/dataforms.ts";
import type { Result } from "../../util/error.ts";
import { prepped_split } from "../../util/jid.ts";
import { actor_of, complain, admin_form_type as form_type, Outcomes, offering, say, with_form } from "./command.ts";

const account = (label: string): Field => ({ name: "accountjid", type: "jid-single", required: true, label });
const accounts = (label: string): Field => ({ name: "accountjids", type: "jid-multi", required: true, label });

/** Commands that make, change and remove accounts of the host. */
export function load_accounts(module: ModuleApi): void {
	const { usermanager } = module.server;
	const offer = offering(module);

	/** The account that an address of this host is for. */
	function local(jid: string): string | undefined {
		const { node, host } = prepped_split(jid);
		return host === module.host ? node : undefined;
	}

	offer(
		"Add User",
		"http://jabber.org/protocol/admin#add-user",
		with_form(
			{
				title: "Adding a User",
				instructions: "Fill out this form to add a user.",
				form_type,
				fields: [
					account("The Jabber ID for the account to be added"),
					{ name: "password", type: "text-private", label: "The password for this account" },
					{ name: "password-verify", type: "text-private", label: "Retype password" },
				],
			},
			(filled, request) => {
				const { node, host } = prepped_split(filled.text("accountjid"));
				if (host !== module.host) {
					return complain(`Trying to add a user on ${host} but command was sent to ${module.host}`);
				}
				const password = filled.text("password");
				// Divergence: without a password, Prosody makes an account that is disabled
				if (node === undefined || password === "" || password !== filled.text("password-verify")) {
					return complain("Invalid data.\nPassword mismatch, or empty username");
				}
				if (usermanager.user_exists(node, host)) return complain("Account already exists");
				const created = usermanager.create_user(node, host, password);
				if (!created.ok) return complain("Failed to write data to disk");
				module.log("info", "Created new account %s@%s by %s", node, host, actor_of(request));
				return say("Account successfully created");
			},
		),
	);

	offer(
		"Change User Password",
		"http://jabber.org/protocol/admin#change-user-password",
		with_form(
			{
				title: "Changing a User Password",
				instructions: "Fill out this form to change a user's password.",
				form_type,
				fields: [
					account("The Jabber ID for this account"),
					{ name: "password", type: "text-private", required: true, label: "The password for this account" },
				],
			},
			(filled, request) => {
				const { node, host } = prepped_split(filled.text("accountjid"));
				if (host !== module.host) {
					return complain(`Trying to change the password of a user on ${host} but command was sent to ${module.host}`);
				}
				const exists = node !== undefined && usermanager.user_exists(node, host);
				if (!exists || !usermanager.set_password(node, host, filled.text("password")).ok) return complain("User does not exist");
				module.log("info", "Password of account %s@%s changed by %s", node, host, actor_of(request));
				return say("Password successfully changed");
			},
		),
	);

	/** A command that does the same with several accounts. */
	function offer_for_many(
		given: {
			readonly name: string;
			readonly node: string;
			readonly title: string;
			readonly instructions: string;
			readonly verb: string;
			readonly past: string;
			readonly label: string;
		},
		act: (username: string) => Result<unknown, string> | boolean,
	): void {
		const { name, node, title, instructions, past, label } = given;
		offer(
			name,
			node,
			with_form({ title, instructions, form_type, fields: [accounts(label)] }, (filled, request) => {
				const outcomes = new Outcomes();
				for (const jid of filled.list("accountjids")) {
					const username = local(jid);
					const acted = username !== undefined && usermanager.user_exists(username, module.host) ? act(username) : false;
					const is_done = typeof acted === "boolean" ? acted : acted.ok;
					(is_done ? outcomes.done : outcomes.failed).push(jid);
					if (is_done) module.log("info", "User %s has been %s by %s", jid, past, actor_of(request));
				}
				return say(
					outcomes.lines(
						`The following accounts were successfully ${past}:`,
						`The following accounts could not be ${past}:`,
						"\n",
					),
				);
			}),
		);
	}

	offer_for_many(
		{
			name: "Delete User",
			node: "http://jabber.org/protocol/admin#delete-user",
			title: "Deleting a User",
			instructions: "Fill out this form to delete a user.",
			verb: "delete",
			past: "deleted",
			label: "The Jabber ID(s) to delete",
		},
		(username) => usermanager.delete_user(username, module.host),
	);
	offer_for_many(
		{
			name: "Disable User",
			node: "http://jabber.org/protocol/admin#disable-user",
			title: "Disabling a User",
			instructions: "Fill out this form to disable a user.",
			verb: "disable",
			past: "disabled",
			label: "The Jabber ID(s) to disable",
		},
		(username) => usermanager.disable_user(username, module.host),
	);
	offer_for_many(
		{
			name: "Re-Enable User",
			node: "http://jabber.org/protocol/admin#reenable-user",
			title: "Re-Enable a User",
			instructions: "Fill out this form to enable a user.",
			verb: "enable",
			past: "enabled",
			label: "The Jabber ID(s) to re-enable",
		},
		(username) => usermanager.enable_user(username, module.host),
	);
}
