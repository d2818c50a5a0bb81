// Counterpart: plugins/mod_saslauth.lua (channel binding: RFC 5929, RFC 9266, XEP-0440)

import { ClientSession } from "../core/c2s_session.ts";
import type { C2sSession, ModuleApi, SaslHandler } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";

/** What clients' logins can be bound to their connections by. */
export interface ChannelBindings {
	/** Tells a new exchange what its connection can be bound by. */
	add(session: C2sSession, handler: SaslHandler): void;
	/** The types that a connection can be bound by. */
	names(session: C2sSession): string[];
	/** Tells a client the same. */
	announce(session: C2sSession, features: Stanza): void;
}

const plus_mechanisms = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"];

/** The fixed hash that an option gives, or undefined where it says to take that of the certificate. */
function fixed_hash(module: ModuleApi, option: string): Buffer | undefined {
	if (option === "auto") return undefined;
	if (/^(?:[0-9a-f]{2})+$/i.test(option)) return Buffer.from(option, "hex");
	module.log("error", 'tls_server_end_point_hash is "%s": expected "auto", or a hash of the certificate in hexadecimal', option);
	return undefined;
}

/**
 * Binds logins to TLS connections. Option: tls_server_end_point_hash.
 * @param disabled mechanisms that are not offered; where none is left that binds, a client is right that there is none
 */
export function load_channel_binding(module: ModuleApi, disabled: ReadonlySet<string>): ChannelBindings {
	const end_point = module.get_option_string("tls_server_end_point_hash");
	const hash = end_point === undefined ? undefined : fixed_hash(module, end_point);
	const offers_end_point = hash !== undefined || end_point === "auto";
	const is_wanted = plus_mechanisms.some((name) => !disabled.has(name));

	function bindings(session: C2sSession): Map<string, () => Buffer | undefined> {
		const found = new Map<string, () => Buffer | undefined>();
		if (!is_wanted || !(session instanceof ClientSession)) return found;
		const { conn } = session;
		for (const type of ["tls-exporter", "tls-unique"] as const) {
			if (conn?.channel_binding?.(type) !== undefined) found.set(type, () => conn.channel_binding?.(type));
		}
		if (!offers_end_point || found.size === 0) return found;
		found.set("tls-server-end-point", () => hash ?? conn?.channel_binding?.("tls-server-end-point"));
		return found;
	}

	const names = (session: C2sSession): string[] =>
		session.sasl_handler?.add_cb_handler === undefined ? [] : [...bindings(session).keys()];

	return {
		names,
		add(session, handler) {
			if (handler.add_cb_handler === undefined) return;
			for (const [name, data] of bindings(session)) handler.add_cb_handler(name, data);
		},
		announce(session, features) {
			const types = names(session);
			if (types.length === 0) return;
			features.tag("sasl-channel-binding", { xmlns: ns.sasl_channel_binding });
			for (const type of types) features.tag("channel-binding", { type }).up();
			features.up();
		},
	};
}
