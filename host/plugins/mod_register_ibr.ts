// Counterpart: plugins/mod_register_ibr.lua

import type { C2sSession, ModuleApi, ModuleDefinition, Password, StoreTable, ValidInvite } from "../core/types.ts";
import { type Field, type Form, new_form } from "../util/dataforms.ts";
import { nodeprep } from "../util/encodings.ts";
import { type ErrorType, failed, ok, type Result, type StanzaError } from "../util/error.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { go_on, Waiting } from "../util/waiting.ts";

/** Somebody wants an account; handlers may refuse, or change how it is made. */
export interface UserRegistering {
	username: string;
	password: string;
	readonly host: string;
	/** Further fields of the form, which are stored with the account. */
	readonly additional: StoreTable;
	readonly ip: string | undefined;
	readonly session: C2sSession | undefined;
	role: string;
	/** False refuses, with `error` as the answer. */
	allowed: boolean;
	error?: StanzaError;
	/** COMPAT: how modules for Prosody 0.12 give the error. */
	reason?: string;
	error_type?: ErrorType;
	error_condition?: string;
	/** The name of an existing account that gets the password instead. */
	allow_reset?: string;
	/** The invitation, where it does not belong to a session. */
	validated_invite?: ValidInvite | undefined;
}

declare module "../core/types.ts" {
	interface EventMap {
		"user-registering": UserRegistering;
		"user-password-reset": UserRegistering;
	}
}

const register_feature = "http://jabber.org/features/iq-register";

/** Why there is no account; the condition may be any text, since modules may set it. */
interface Refusal {
	readonly type: ErrorType;
	readonly condition: string;
	readonly text?: string;
}

/** The fields of XEP-0077 §14.1 that an administrator may ask for. */
const further_fields: Readonly<Record<string, string>> = {
	nick: "Nickname",
	name: "Full Name",
	first: "Given Name",
	last: "Family Name",
	email: "Email",
	address: "Street",
	city: "City",
	state: "State",
	zip: "Postal code",
	phone: "Telephone number",
	url: "Webpage",
	date: "Birth date",
};

/** Fields out of `additional_registration_fields`: names, with `+` behind those that are required. */
function read_fields(module: ModuleApi): Field[] {
	const fields: Field[] = [];
	for (const wanted of module.get_option_array("additional_registration_fields", [])) {
		const name = typeof wanted === "string" ? wanted.replace(/\+$/, "") : "";
		const label = Object.hasOwn(further_fields, name) ? further_fields[name] : undefined;
		if (label === undefined) {
			const known = Object.keys(further_fields).join(", ");
			module.log("error", "Config option 'additional_registration_fields' holds %s: expected %s", JSON.stringify(wanted), known);
		} else {
			fields.push({ name, type: "text-single", label, required: wanted !== name });
		}
	}
	return fields;
}

/** The submitted values by field, from a form or from the older plain elements; an error lists missing ones. */
function parse_response(form: Form, query: Stanza): Result<Map<string, string>, string> {
	const filled = query.get_child("x", ns.data);
	const errors = new Map<string, string>();
	const values = new Map<string, string>();
	const submitted = filled ? form.data(filled) : undefined;
	for (const [name, error] of Object.entries(submitted?.errors ?? {})) errors.set(name, error);
	for (const { name, type, required } of form.fields) {
		if (name === undefined || type === "hidden") continue;
		const value = submitted ? submitted.data[name] : query.get_child_text(name);
		if (typeof value === "string" && value !== "") values.set(name, value);
		else if (required && !errors.has(name)) errors.set(name, "Required value missing");
	}
	if (errors.size === 0) return ok(values);
	const lines = [...errors].map(([name, error]) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}: ${error}`);
	return failed(lines.join("\n"));
}

/** Lets people make accounts for themselves before they log in (XEP-0077 §3.1). */
export const definition: ModuleDefinition = {
	name: "register_ibr",
	load(module) {
		const { host, log, server } = module;
		const { usermanager } = server;
		const require_encryption = module.get_option_boolean(
			"c2s_require_encryption",
			module.get_option_boolean("require_encryption", true),
		);
		const default_role = module.get_option_string("register_ibr_default_role", "prosody:registered");
		const account_details = module.open_store("account_details");
		module.depends("register_limits");

		const title = module.get_option_string("registration_title", "Creating a new account");
		const instructions = module.get_option_string(
			"registration_instructions",
			"Choose a username and password for use with this service.",
		);
		const fields = read_fields(module);
		const form = new_form({
			title,
			instructions,
			fields: [
				{ name: "FORM_TYPE", type: "hidden", value: ns.register },
				{ name: "username", type: "text-single", label: "Username", required: true },
				{ name: "password", type: "text-private", label: "Password", required: true },
				...fields,
			],
		});

		function registration_query(): Stanza {
			const query = st.stanza("query", { xmlns: ns.register }).text_tag("instructions", instructions);
			for (const name of ["username", "password", ...fields.map((field) => field.name ?? "")]) query.tag(name).up();
			return query.add_child(form.form());
		}

		module.hook("stream-features", ({ origin: session, features }) => {
			if (session.type !== "c2s_unauthed" || (require_encryption && !session.secure)) return;
			features.add_child(st.stanza("register", { xmlns: register_feature }));
		});

		/** Makes the account or refuses it; returns the error for the client. Who is asked whether it may be made can take their time. */
		function register(session: C2sSession, stanza: Stanza, query: Stanza): Refusal | undefined | Waiting<Refusal | undefined> {
			const response = parse_response(form, query);
			if (!response.ok) return { type: "modify", condition: "not-acceptable", text: response.error };
			const { username: given_username = "", password = "", ...additional } = Object.fromEntries(response.value);
			const username = nodeprep(given_username, true);
			if (username === undefined || username === "") {
				return { type: "modify", condition: "not-acceptable", text: "The requested username is invalid." };
			}
			if (account_details.name_problem?.(username) !== undefined) {
				return { type: "modify", condition: "not-acceptable", text: "The requested username is too long to be stored." };
			}

			const { ip } = session;
			const user: UserRegistering = { username, password, host, additional, ip, session, role: default_role, allowed: true };
			/** The turn in which the stanza came is over where something was waited for: this one has to know whom to tell if it fails. */
			const go_on_after = (...waited: readonly unknown[]): void => {
				if (waited.some((one) => one instanceof Waiting)) module.server.turn.record({ origin: session, stanza });
			};
			const asked = module.fire_waiting("user-registering", user);
			return go_on(asked, () => {
				if (!user.allowed) {
					go_on_after(asked);
					return refusal(user);
				}
				const hashing = usermanager.hash_password(username, host, password, ip);
				return go_on(hashing, (hashed) => {
					go_on_after(asked, hashing);
					return hashed.ok
						? make_account(user, session, hashed.value)
						: { type: "wait", condition: "resource-constraint", text: hashed.error };
				});
			});
		}

		/** Why a wish is not granted. */
		function refusal({
			error,
			reason,
			error_type: type = "modify",
			error_condition: condition = "not-acceptable",
		}: UserRegistering): Refusal {
			const text = error?.text ?? reason;
			log("debug", "Registration disallowed by module: %s", text ?? "no reason given");
			if (error) return error;
			return text === undefined ? { type, condition } : { type, condition, text };
		}

		/** What becomes of a wish that everybody has been asked about. */
		function make_account(user: UserRegistering, session: C2sSession, password: Password): Refusal | undefined {
			const { username, additional } = user;
			if (usermanager.user_exists(username, host)) {
				if (user.allow_reset !== username) {
					return { type: "cancel", condition: "conflict", text: "The requested username already exists." };
				}
				const reset = usermanager.create_user(username, host, password);
				if (!reset.ok) return { type: "cancel", condition: "internal-server-error", text: reset.error };
				module.fire_event("user-password-reset", user);
				return undefined;
			}

			const created = usermanager.create_user_with_role(username, host, password, user.role);
			if (!created.ok) return { type: "cancel", condition: "feature-not-implemented", text: created.error };
			const noted = account_details.set(username, { ...additional, registered: Math.floor(Date.now() / 1000) });
			if (!noted.ok) {
				usermanager.delete_user(username, host);
				return { type: "wait", condition: "internal-server-error", text: "Failed to write data to disk." };
			}
			module.fire_event("user-registered", { username, host, source: "mod_register", session });
			return undefined;
		}

		module.hook(`stanza/iq/${ns.register}:query`, ({ origin: session, stanza }) => {
			const query = stanza.first_tag;
			if (!query) return undefined;
			if (session.type !== "c2s_unauthed") {
				session.send(st.error_reply(stanza, "cancel", "service-unavailable"));
			} else if (require_encryption && !session.secure) {
				session.send(st.error_reply(stanza, "modify", "policy-violation", "Encryption is required"));
			} else if (stanza.attr["type"] === "get") {
				session.send(st.reply(stanza).add_child(registration_query()));
			} else if (query.first_tag?.name === "remove") {
				session.send(st.error_reply(stanza, "auth", "registration-required"));
			} else {
				return go_on(register(session, stanza, query), (error) => {
					session.send(error ? st.error_reply(stanza, error.type, error.condition, error.text) : st.reply(stanza));
					return true;
				});
			}
			return true;
		});
	},
};
