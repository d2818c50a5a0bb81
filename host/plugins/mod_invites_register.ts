// Counterpart: plugins/mod_invites_register.lua (XEP-0379, XEP-0445)

import type { EventMap, ModuleApi, ModuleDefinition, StanzaEvent, StoreTable, ValidInvite } from "../core/types.ts";
import { bare, split } from "../util/jid.ts";
import * as st from "../util/stanza.ts";
import type { UserRegistering } from "./mod_register_ibr.ts";

const xmlns_pars = "urn:xmpp:pars:0";

/** The invitation that a registration stands on; given by whoever registers by other ways than a stream. */
function invite_of({ validated_invite, session }: EventMap["user-registered"] | UserRegistering): ValidInvite | undefined {
	return validated_invite ?? session?.validated_invite;
}

/** Lets a contact in who has an invitation for that, and asks to see them, too. */
function load_contacts(module: ModuleApi): void {
	const { rostermanager } = module.server;
	const invites = module.depends("invites");
	module.hook("presence/bare", take_subscription, 1);

	function take_subscription({ stanza }: StanzaEvent): void {
		if (stanza.attr["type"] !== "subscribe") return;
		const token = stanza.get_child_attr("preauth", xmlns_pars, "token");
		const { node: username, host } = split(stanza.attr["to"]);
		const contact = bare(stanza.attr["from"]);
		if (token === undefined || username === undefined || host === undefined || contact === undefined) return;
		const invite = invites.get(token, username);
		if (!invite.ok) {
			module.log("debug", "Got invalid token, error: %s", invite.error);
			return;
		}
		module.log("debug", "Approving inbound subscription to %s from %s", username, contact);
		if (!rostermanager.set_contact_pending_in(username, host, contact, stanza)) return;
		if (!rostermanager.subscribed(username, host, contact)) return;
		invite.value.use();
		rostermanager.roster_push(username, host, contact);
		ask_back(username, host, contact);
	}

	function ask_back(username: string, host: string, contact: string): void {
		const is_pending = rostermanager.load_roster(username, host).items.get(contact)?.ask !== undefined;
		if (is_pending || rostermanager.is_user_subscribed(username, host, contact)) return;
		module.log("debug", "Sending automatic subscription request to %s from %s", contact, username);
		if (rostermanager.set_contact_pending_out(username, host, contact)) {
			rostermanager.roster_push(username, host, contact);
			module.send(st.presence({ type: "subscribe", from: `${username}@${host}`, to: contact }));
		} else module.log("warn", "Failed to set contact pending out for %s", username);
	}
}

/** Gives a new account the roles of its invitation. */
function assign_roles(module: ModuleApi, username: string, additional: StoreTable | undefined): void {
	const roles = additional?.["roles"];
	const names = Array.isArray(roles) ? roles.filter((name) => typeof name === "string") : [];
	if (roles !== undefined && !Array.isArray(roles) && Object.keys(roles).length > 0) {
		// COMPAT: what Prosody 0.12 writes; the store is that of its mod_authz_internal
		module.log(
			"warn",
			"Invite carries roles in the form of Prosody 0.12, which have to be migrated to have an effect for '%s'",
			username,
		);
		if (typeof roles === "object" && !(roles instanceof Map)) module.open_store("roles").set(username, roles);
		return;
	}
	const { usermanager } = module.server;
	for (const [index, name] of names.entries()) {
		const set =
			index === 0
				? usermanager.set_user_role(username, module.host, name)
				: usermanager.add_user_secondary_role(username, module.host, name);
		if (!set.ok) module.log("error", "Could not set role %s for newly registered user %s: %s", name, username, set.error);
	}
}

/**
 * Registration by invitation, and contacts by invitation. Options: registration_invite_only, c2s_require_encryption.
 */
export const definition: ModuleDefinition = {
	name: "invites_register",
	load(module) {
		const { rostermanager } = module.server;
		const require_encryption = module.get_option_boolean(
			"c2s_require_encryption",
			module.get_option_boolean("require_encryption", true),
		);
		const invite_only = module.get_option_boolean("registration_invite_only", true);
		const invites = module.depends("invites");
		if (invite_only) module.depends("register_ibr");
		load_contacts(module);

		module.hook("stream-features", add_features);
		module.hook(`stanza/iq/${xmlns_pars}:preauth`, take_token);
		module.hook("user-registering", check);
		module.hook("user-registered", use_invite);
		module.hook("user-password-reset", (event) => void invite_of(event)?.use());

		function add_features({ origin: session, features }: EventMap["stream-features"]): void {
			if (session.type !== "c2s_unauthed" || (require_encryption && !session.secure)) return;
			features.add_child(st.stanza("register", { xmlns: "urn:xmpp:invite" }));
			features.add_child(st.stanza("register", { xmlns: "urn:xmpp:ibr-token:0" }));
		}

		function take_token({ origin, stanza }: StanzaEvent): true | undefined {
			if (origin.type !== "c2s_unauthed") return undefined;
			const invite = invites.get(stanza.first_tag?.attr["token"]);
			if (invite.ok) {
				origin.validated_invite = invite.value;
				origin.send(st.reply(stanza));
			} else origin.send(st.error_reply(stanza, "cancel", "forbidden", "The invite token is invalid or expired"));
			return true;
		}

		function check(event: UserRegistering): void {
			const refuse = (reason: string): void => {
				event.allowed = false;
				event.reason = reason;
			};
			const invite = invite_of(event);
			if (invite === undefined) {
				if (invite_only) refuse("Registration on this server is through invitation only");
				return;
			}
			if (invite.type !== "roster" && invite.username !== undefined && invite.username !== event.username) {
				refuse("The chosen username is not valid with this invitation");
			}
			const reset = invite.additional_data?.["allow_reset"];
			if (typeof reset !== "string") return;
			if (reset !== event.username) refuse("Incorrect username for password reset");
			event.allow_reset = reset;
		}

		/** Each of the two sees the other from now on. */
		function befriend(one: string, other: string): void {
			for (const [user, contact] of [
				[one, other],
				[other, one],
			] as const) {
				const user_jid = `${user}@${module.host}`;
				const contact_jid = `${contact}@${module.host}`;
				rostermanager.set_contact_pending_out(user, module.host, contact_jid);
				rostermanager.set_contact_pending_in(contact, module.host, user_jid, true);
				rostermanager.subscribed(contact, module.host, user_jid);
				rostermanager.process_inbound_subscription_approval(user, module.host, contact_jid);
			}
			rostermanager.roster_push(one, module.host, `${other}@${module.host}`);
		}

		function use_invite(event: EventMap["user-registered"]): void {
			const invite = invite_of(event);
			if (invite === undefined) return;
			invite.use();
			if (invite.inviter !== undefined) befriend(invite.inviter, event.username);
			assign_roles(module, event.username, invite.additional_data);
		}
	},
};
