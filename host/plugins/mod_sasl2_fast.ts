// Counterpart: prosody-modules mod_sasl2_fast

import type { C2sSession, ModuleDefinition } from "../core/types.ts";
import * as datetime from "../util/datetime.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import { token_mechanisms } from "../util/sasl/ht.ts";
import { new_sasl, type SaslHandler } from "../util/sasl.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type {} from "./mod_sasl2.ts";
import { FastTokens, type TokenUse } from "./sasl2/fast_tokens.ts";
import { load_sasl_offer } from "./saslauth_offer.lib.ts";

const day = 86_400;

/** What other modules may ask and do. */
export interface FastExports {
	/** Whether a client can log in with a token. */
	is_client_fast(username: string, client_id: string, last_password_change?: number): boolean;
	/** Takes a client's tokens back; false where that cannot be stored. */
	revoke_fast_tokens(username: string, client_id: string): boolean;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		sasl2_fast: FastExports;
	}
}

/** What a login with a token, or for one, needs to remember. */
interface FastLogin {
	/** The mechanism that a token is wanted for. */
	wanted: string | undefined;
	rotation_needed: boolean;
	client_id: string | undefined;
}

/** How often a client says that it has used its token: undefined where it does not, null where that is no number. */
function read_count(text: string | undefined): number | undefined | null {
	if (text === undefined) return undefined;
	return /^[0-9]{1,15}$/.test(text) && Number(text) > 0 ? Number(text) : null;
}

/** Gives clients tokens, which they log in with in one step (XEP-0484). */
export const definition: ModuleDefinition = {
	name: "sasl2_fast",
	load(module) {
		module.depends("sasl2");
		const { log } = module;
		const offer = load_sasl_offer(module);
		const sends_secrets_openly = module.get_option_boolean("allow_unencrypted_plain_auth", false);
		const tokens = new FastTokens(module, {
			// Tokens expire after 21 days, and are replaced daily
			ttl: module.get_option_number("sasl2_fast_token_ttl", 21 * day),
			min_ttl: module.get_option_number("sasl2_fast_token_min_ttl", day),
		});
		const logins = new WeakMap<object, FastLogin>();
		/** Streams that tokens were offered on. */
		const offered = new WeakSet<object>();

		function begin(session: C2sSession, login: FastLogin, use: TokenUse | undefined): SaslHandler {
			const handler = new_sasl(
				module.host,
				{
					ht_sha_256(_sasl, proof) {
						if (use === undefined) return { ok: false, condition: "not-authorized" };
						const { answer, rotation_needed } = tokens.test(proof, use);
						login.rotation_needed = rotation_needed;
						return answer;
					},
				},
				token_mechanisms,
			);
			offer.bindings.add(session, handler);
			return handler;
		}

		/** Mechanisms that tokens can be shown with on a stream. */
		function mechanisms_for(session: C2sSession): string[] {
			const login = { wanted: undefined, rotation_needed: false, client_id: undefined };
			return offer.usable(session, begin(session, login, undefined));
		}

		module.hook("advertise-sasl-features", ({ origin, features, stream }) => {
			const claimed = origin.claimed_username ?? jid.prepped_split(stream?.["from"] ?? "")?.node;
			// Whoever reads along could use a token, too
			if (claimed === undefined || !(origin.secure || sends_secrets_openly)) return;
			const names = mechanisms_for(origin);
			if (names.length === 0) return;
			offered.add(origin);
			const fast = st.stanza("fast", { xmlns: ns.fast });
			for (const name of names) fast.text_tag("mechanism", name);
			features.add_child(fast);
		});

		function malformed(session: C2sSession, error_text: string): true {
			module.fire_event("sasl2/c2s/failure", { session, origin: session, message: "malformed-request", error_text });
			return true;
		}

		/** Has a login use a token. */
		function use_token(session: C2sSession, login: FastLogin, { attr }: Stanza): true | undefined {
			const count = read_count(attr["count"]);
			const { client_id } = login;
			if (!offered.has(session) || client_id === undefined) {
				session.log("warn", "Client asked to auth via FAST, but SASL handler or client id missing");
				return malformed(session, "FAST is not available on this stream");
			}
			if (count === null) return malformed(session, "The attribute count of <fast/> has to be a positive number");
			session.log("debug", "Client is authenticating using FAST");
			const invalidate = attr["invalidate"] === "1" || attr["invalidate"] === "true";
			session.sasl_handler = begin(session, login, { client_id, invalidate, count });
			return undefined;
		}

		module.hook(
			`stanza/${ns.sasl2}:authenticate`,
			({ origin: session, stanza: auth }) => {
				if (session.type !== "c2s_unauthed") return undefined;
				const client_id = auth.get_child("user-agent")?.attr["id"];
				const wanted = auth.get_child("request-token", ns.fast)?.attr["mechanism"];
				const login: FastLogin = { wanted, rotation_needed: false, client_id };
				logins.set(session, login);
				const fast = auth.get_child("fast", ns.fast);
				return fast === undefined ? undefined : use_token(session, login, fast);
			},
			100,
		);

		/**
		 * The mechanism that the client is to get a token for; undefined for none. What was offered and shown is known of the session
		 * that logged in; the connection is that of the one that goes on.
		 */
		function token_for(origin: C2sSession, session: C2sSession, { wanted, rotation_needed }: FastLogin): string | undefined {
			const { sasl_handler: handler } = origin;
			if (wanted === undefined) return rotation_needed ? handler?.selected : undefined;
			// A guest comes back as somebody else
			if (handler?.selected === "ANONYMOUS") return undefined;
			if (offered.has(origin) && mechanisms_for(session).includes(wanted)) return wanted;
			session.log("debug", "Client wants a token for %s, which was not offered", wanted);
			return undefined;
		}

		module.hook(
			"sasl2/c2s/success",
			({ origin, session, success }) => {
				const login = logins.get(origin);
				logins.delete(origin);
				const mechanism = login && token_for(origin, session, login);
				const { username } = session;
				if (login === undefined || mechanism === undefined || username === undefined || success === undefined) return;
				if (login.client_id === undefined) {
					log("warn", "FAST token requested, but missing client id");
					return;
				}
				const token = tokens.make(username, login.client_id, mechanism);
				if (token === undefined) return;
				session.log("debug", "Provided new FAST token to client");
				const expiry = datetime.datetime(Math.floor(token.expires_at));
				success.tag("token", { xmlns: ns.fast, expiry, token: token.secret }).up();
			},
			75,
		);

		module.hook("sasl2/c2s/failure", ({ origin }) => void logins.delete(origin), 1);

		for (const event of ["user-password-changed", "user-deleted"] as const) {
			module.hook_global(event, ({ username, host }) => {
				if (host === module.host) tokens.forget(username);
			});
		}

		return {
			is_client_fast: (username, client_id, changed) => tokens.has(username, client_id, changed),
			revoke_fast_tokens: (username, client_id) => tokens.revoke(username, client_id),
		} satisfies FastExports;
	},
};
