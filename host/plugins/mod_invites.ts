// Counterpart: plugins/mod_invites.lua (XEP-0401, XEP-0445)

import type { Invite, InviteError, InvitesExports, ModuleApi, ModuleDefinition, StoreTable, StoreValue } from "../core/types.ts";
import { now } from "../util/datetime.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { urlencode } from "../util/http.ts";
import { medium as new_token } from "../util/id.ts";
import { render } from "../util/interpolation.ts";
import { node } from "../util/jid.ts";
import { add_invite_commands } from "./invites/commands.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** An invitation was made, and is not stored yet; handlers may set its page. */
		"invite-created": Invite;
	}
	interface ModuleExports {
		invites: InvitesExports;
	}
}

function get_uri(action: Invite["type"], jid: string, token: string, allows_registration: boolean): string {
	const parameters = action === "roster" && allows_registration ? ";ibr=y" : "";
	return `xmpp:${jid}?${action};preauth=${token}${parameters}`;
}

function as_record(value: StoreValue | undefined): StoreTable | undefined {
	return typeof value === "object" && !Array.isArray(value) && !(value instanceof Map) ? value : undefined;
}

/** Reads what is stored; undefined for what is no invitation. */
function read_invite(value: StoreValue | undefined): Invite | undefined {
	const table = as_record(value);
	if (table === undefined) return undefined;
	const { type, jid, token, uri, created_at, expires } = table;
	const is_known = (type === "register" || type === "roster") && typeof jid === "string" && typeof token === "string";
	if (!is_known || typeof uri !== "string" || typeof expires !== "number") return undefined;
	const additional_data = as_record(table["additional_data"]);
	const landing_page = typeof table["landing_page"] === "string" ? table["landing_page"] : undefined;
	return {
		...table,
		...(additional_data === undefined ? {} : { additional_data }),
		...(landing_page === undefined ? {} : { landing_page }),
		allow_registration: table["allow_registration"] === true,
		reusable: table["reusable"] === true,
		type,
		jid,
		token,
		uri,
		expires,
		created_at: typeof created_at === "number" ? created_at : 0,
	};
}

/** Which kind of page an invitation needs. */
function page_kind({ type, additional_data, allow_registration }: Invite): string {
	if (type === "register") return additional_data?.["allow_reset"] === undefined ? "account" : "password-reset";
	return allow_registration ? "account-and-contact" : "contact-only";
}

/** Gives invitations a page elsewhere, where the configuration names one. Options: invites_page, invites_page_supports. */
function load_landing_page(module: ModuleApi): void {
	const template = module.get_option_string("invites_page");
	const supported = module.get_option_set("invites_page_supports", ["account", "contact", "account-and-contact"]);
	if (template === undefined) return;
	module.hook("invite-created", add_landing_url, -1);

	function add_landing_url(invite: Invite): void {
		if (invite.landing_page !== undefined || !supported.has(page_kind(invite))) return;
		const { token, uri, jid, type } = invite;
		invite.landing_page = render(template ?? "", { host: module.host, invite: { token, uri, jid, type } }, urlencode, {
			urlescape: urlencode,
			noscheme: (url) => url.replace(/^[^:]+:/, ""),
		});
	}
}

/**
 * Invitations: to make an account here, to set a new password, to become somebody's contact. They are kept until they are used, in the
 * store `invite_token`. Option: invite_expiry.
 */
export const definition: ModuleDefinition = {
	name: "invites",
	load(module) {
		const default_ttl = module.get_option_period("invite_expiry", "1 week");
		const tokens = module.open_store("invite_token", "map");
		const all_tokens = module.open_store("invite_token");

		function create_invite(
			type: Invite["type"],
			jid: string,
			given: {
				allow_registration: boolean;
				additional_data?: StoreTable | undefined;
				ttl?: number | undefined;
				reusable?: boolean;
			},
		): Result<Invite, InviteError> {
			const { allow_registration, additional_data, ttl, reusable } = given;
			const token = new_token();
			const created_at = now();
			const invite: Invite = {
				type,
				jid,
				token,
				allow_registration,
				...(additional_data === undefined ? {} : { additional_data }),
				uri: get_uri(type, jid, token, allow_registration),
				created_at,
				expires: created_at + Math.min(ttl ?? default_ttl, 2 ** 40),
				...(reusable ? { reusable } : {}),
			};
			module.fire_event("invite-created", invite);
			const stored = allow_registration ? tokens.set(undefined, token, invite) : ok(undefined);
			const noted = stored.ok && type === "roster" ? tokens.set(node(jid), token, invite.expires) : stored;
			if (noted.ok) return ok(invite);
			module.log("warn", "Failed to store invite: %s", noted.error.text);
			return failed("internal-server-error");
		}

		function read(token: string): Result<Invite | undefined, InviteError> {
			const stored = tokens.get(undefined, token);
			if (stored.ok) return ok(read_invite(stored.value));
			module.log("error", "Could not read an invite: %s", stored.error.text);
			return failed("internal-server-error");
		}

		function use(username: string | undefined, token: string): boolean {
			// Also the invitation to become a contact, since both are contacts of each other by now
			const known = username === undefined ? undefined : tokens.get(username, token);
			const forgotten = known?.ok && known.value !== undefined ? tokens.set(username, token, undefined) : ok(undefined);
			return tokens.set(undefined, token, undefined).ok && forgotten.ok;
		}

		const invites: InvitesExports = {
			create_account: (username, additional_data, ttl) =>
				create_invite("register", username === undefined ? module.host : `${username}@${module.host}`, {
					allow_registration: true,
					additional_data,
					ttl,
				}),
			create_account_reset: (username, ttl = 86_400) => invites.create_account(username, { allow_reset: username }, ttl),
			create_contact: (username, allow_registration = false, additional_data, ttl) =>
				create_invite("roster", `${username}@${module.host}`, { allow_registration, additional_data, ttl }),
			create_group: (groups, additional_data, ttl) =>
				create_invite("register", module.host, {
					allow_registration: true,
					additional_data: { groups, ...additional_data },
					ttl,
					reusable: ttl !== undefined,
				}),
			*pending_account_invites() {
				const stored = all_tokens.get(undefined);
				if (!stored.ok) module.log("error", "Could not read the invites: %s", stored.error.text);
				for (const [token, value] of Object.entries((stored.ok && stored.value) || {})) {
					const invite = read_invite(value);
					if (invite !== undefined && invite.expires > now()) yield [token, invite];
				}
			},
			get_account_invite_info(token) {
				if (token === undefined || token === "") return failed("no-token");
				const found = read(token);
				if (!found.ok) return found;
				if (found.value === undefined) return failed("token-invalid");
				return now() > found.value.expires ? failed("token-expired") : ok(found.value);
			},
			delete_account_invite(token) {
				if (token === undefined || token === "") return failed("no-token");
				return tokens.set(undefined, token, undefined).ok ? ok(true) : failed("internal-server-error");
			},
			get(token, for_contact_of) {
				if (token === undefined || token === "") return failed("no-token");
				const found = read(token);
				if (!found.ok) return found;
				const info = found.value;
				const expires = for_contact_of === undefined ? ok(info?.expires) : tokens.get(for_contact_of, token);
				if (!expires.ok || typeof expires.value !== "number") return failed("token-invalid");
				if (now() > expires.value) return failed("token-expired");
				const inviter = for_contact_of === undefined && info?.type === "roster" ? node(info.jid) : undefined;
				const username = for_contact_of ?? inviter ?? (info?.type === "register" ? node(info.jid) : undefined);
				const type = info?.type ?? "roster";
				const reusable = info?.reusable === true;
				return ok({
					token,
					username,
					inviter,
					type,
					uri: info?.uri ?? get_uri("roster", `${username}@${module.host}`, token, false),
					additional_data: info?.additional_data,
					reusable,
					use: () => reusable || use(type === "roster" ? username : undefined, token),
				});
			},
			use(token) {
				const found = invites.get(token);
				return found.ok && found.value.use();
			},
		};
		load_landing_page(module);
		add_invite_commands(module, invites);
		return invites;
	},
};
