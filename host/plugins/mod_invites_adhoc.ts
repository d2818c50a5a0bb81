// Counterpart: plugins/mod_invites_adhoc.lua (XEP-0401)

import type { Invite, InviteError, ModuleDefinition, Session } from "../core/types.ts";
import { type AdhocAnswer, type AdhocHandler, type AdhocRequest, new_simple_form } from "../util/adhoc.ts";
import { new_form } from "../util/dataforms.ts";
import { datetime } from "../util/datetime.ts";
import type { Result } from "../util/error.ts";
import { prepped_split, split } from "../util/jid.ts";

const result_form = new_form({
	title: "Your invite has been created",
	fields: [
		{ name: "url", var: "landing-url", label: "Invite web page", desc: "Share this link" },
		{ name: "uri", label: "Invite URI", desc: "This alternative link can be opened with some XMPP clients" },
		{ name: "expire", label: "Invite valid until" },
	],
});

const reset_form = new_form({
	title: "Generate Password Reset Invite",
	fields: [
		{
			name: "accountjid",
			type: "jid-single",
			required: true,
			label: "The XMPP ID for the account to generate a password reset invite for",
		},
	],
});

function complaint(message: string): readonly [AdhocAnswer] {
	return [{ status: "completed", error: { message } }];
}

/** Divergence: where no invitation could be stored, Prosody's command ends with an error of its Lua. */
function answer(invite: Result<Invite, InviteError>): readonly [AdhocAnswer] {
	if (!invite.ok) return complaint(`The invite could not be created: ${invite.error}`);
	const { uri, landing_page: url, expires } = invite.value;
	const values = { uri, url, expire: datetime(expires) };
	return [{ status: "completed", result: { layout: result_form, values } }];
}

/**
 * Commands by which people invite contacts, and admins invite people to make accounts.
 * Options: allow_user_invites, allow_contact_invites, allow_user_invites_by_roles, deny_user_invites_by_roles.
 */
export const definition: ModuleDefinition = {
	name: "invites_adhoc",
	load(module) {
		const allow_user_invites = module.get_option_boolean("allow_user_invites", false);
		const allow_contact_invites = module.get_option_boolean("allow_contact_invites", true);
		// COMPAT: the two of Prosody 0.12; 13 has roles with permissions instead
		const allowed_roles = module.get_option_set("allow_user_invites_by_roles", []);
		const denied_roles = module.get_option_set("deny_user_invites_by_roles", []);
		module.default_permission(allow_user_invites ? "prosody:registered" : "prosody:admin", ":invite-users");
		const invites = module.depends("invites");
		module.depends("adhoc");

		/** Whether somebody may invite people to make accounts here. */
		function may_invite_new_users({ stanza, origin }: AdhocRequest<Session>): boolean {
			const role = module.server.usermanager.get_jid_role(stanza.attr["from"] ?? "", module.host)?.name;
			if (allowed_roles.has(role)) return true;
			if (role !== "prosody:admin" && denied_roles.has(role)) return false;
			return module.may(":invite-users", { origin, stanza });
		}

		const invite_contact: AdhocHandler<Session> = (request) => {
			const { node, host } = split(request.from);
			if (host !== module.host || node === undefined) {
				return complaint(`This command is only available to users of ${module.host}`);
			}
			const additional = request.from === undefined ? {} : { source: request.from };
			return answer(invites.create_contact(node, may_invite_new_users(request), additional));
		};
		const invite_account: AdhocHandler<Session> = ({ from }) =>
			answer(invites.create_account(undefined, from === undefined ? {} : { source: from }));
		const reset_password = new_simple_form<Session>(reset_form, ({ accountjid }, errors) => {
			if (errors) return complaint("Fill in the form correctly");
			const { node, host } = prepped_split(typeof accountjid === "string" ? accountjid : undefined);
			// Divergence: Prosody makes an invitation to register for anybody, where the address has no name in it
			if (node === undefined || host !== module.host) return complaint(`Expected the address of an account on ${module.host}`);
			return answer(invites.create_account_reset(node));
		});

		// Whoever may not invite new users still gets an invitation, which only makes a contact
		module.add_item("adhoc-provider", {
			name: "Create new contact invite",
			node: "urn:xmpp:invite#invite",
			handler: invite_contact,
			permission: allow_contact_invites ? "local_user" : "admin",
		});
		module.add_item("adhoc-provider", {
			name: "Create new account invite",
			node: "urn:xmpp:invite#create-account",
			handler: invite_account,
			permission: "admin",
		});
		module.add_item("adhoc-provider", {
			name: "Create password reset invite",
			node: "xmpp:prosody.im/mod_invites_adhoc#password-reset",
			handler: reset_password,
			permission: "admin",
		});
	},
};
