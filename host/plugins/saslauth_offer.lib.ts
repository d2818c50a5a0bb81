// Counterpart: plugins/mod_saslauth.lua, prosody-modules mod_sasl2 (which mechanisms are offered, and taken)

import type { C2sSession, ModuleApi, SaslHandler } from "../core/types.ts";
import type { Stanza } from "../util/stanza.ts";
import { type ChannelBindings, load_channel_binding } from "./saslauth_channel_binding.lib.ts";

/** What clients may log in with on one host. */
export interface SaslOffer {
	readonly bindings: ChannelBindings;
	/** Whether a stream may be used for a login at all: it is encrypted, or need not be. */
	allows(session: C2sSession): boolean;
	/** A new exchange for a stream. */
	begin(session: C2sSession): SaslHandler;
	/** The mechanisms of an exchange that are offered on its stream, the strongest first. */
	usable(session: C2sSession, handler: SaslHandler): string[];
	/** Starts a mechanism; answers with the condition of the failure where that cannot be. */
	select(session: C2sSession, handler: SaslHandler, mechanism: string): string | undefined;
	/** Adds `<mechanism/>` elements; false where there are none, which the log says. */
	announce(session: C2sSession, handler: SaslHandler, mechanisms: Stanza): boolean;
}

function strings(values: Iterable<unknown>): Set<string> {
	const texts = new Set<string>();
	for (const value of values) if (typeof value === "string") texts.add(value);
	return texts;
}

/** Mechanisms that are not offered. Whoever does not want Prosody's that bind does not want another one either. */
function read_disabled(module: ModuleApi): Set<string> {
	const disabled = strings(module.get_option_set("disable_sasl_mechanisms", ["DIGEST-MD5"]));
	if (disabled.has("SCRAM-SHA-1-PLUS") && disabled.has("SCRAM-SHA-256-PLUS")) disabled.add("SCRAM-SHA-512-PLUS");
	return disabled;
}

/**
 * Reads what may be offered. Options: c2s_require_encryption, require_encryption, allow_unencrypted_plain_auth,
 * insecure_sasl_mechanisms, disable_sasl_mechanisms, tls_server_end_point_hash.
 */
export function load_sasl_offer(module: ModuleApi): SaslOffer {
	const { log, server } = module;
	const require_encryption = module.get_option_boolean("require_encryption", true);
	const secure_auth_only = module.get_option_boolean("c2s_require_encryption", require_encryption);
	const allow_unencrypted_plain_auth = module.get_option_boolean("allow_unencrypted_plain_auth", false);
	const insecure_mechanisms = strings(
		module.get_option_set("insecure_sasl_mechanisms", allow_unencrypted_plain_auth ? [] : ["PLAIN", "LOGIN"]),
	);
	const disabled_mechanisms = read_disabled(module);
	const bindings = load_channel_binding(module, disabled_mechanisms);

	const is_insecure = (session: C2sSession, name: string): boolean => !session.secure && insecure_mechanisms.has(name);
	const allows = (session: C2sSession): boolean => session.secure || !secure_auth_only;
	const usable = (session: C2sSession, handler: SaslHandler): string[] =>
		handler.mechanisms().filter((name) => !disabled_mechanisms.has(name) && !is_insecure(session, name));

	/** Says why nothing can be offered. */
	function complain(session: C2sSession, available: readonly string[]): void {
		const provider = module.get_option_string("authentication", "internal_hashed");
		if (available.length === 0) {
			log("warn", "There are no SASL mechanisms: check that mod_auth_%s is there and could be loaded", provider);
			return;
		}
		const insecure = available.filter((name) => is_insecure(session, name));
		const disabled = available.filter((name) => disabled_mechanisms.has(name));
		const reasons = [
			...(insecure.length > 0 ? [`forbidden on insecure connections (${insecure.join(", ")})`] : []),
			...(disabled.length > 0 ? [`disabled (${disabled.join(", ")})`] : []),
		];
		log("warn", "All SASL mechanisms of mod_auth_%s are %s", provider, reasons.join(" or "));
	}

	return {
		bindings,
		allows,
		begin(session) {
			const handler = server.usermanager.get_sasl_handler(module.host, session);
			bindings.add(session, handler);
			return handler;
		},
		usable,
		select(session, handler, mechanism) {
			if (!allows(session) || is_insecure(session, mechanism)) return "encryption-required";
			return disabled_mechanisms.has(mechanism) || !handler.select(mechanism) ? "invalid-mechanism" : undefined;
		},
		announce(session, handler, mechanisms) {
			const names = usable(session, handler);
			if (names.length === 0) complain(session, handler.mechanisms());
			else session.log("debug", "Offering usable mechanisms: %s", names.join(", "));
			for (const name of names) mechanisms.text_tag("mechanism", name);
			return names.length > 0;
		},
	};
}
