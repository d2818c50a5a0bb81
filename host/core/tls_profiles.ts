// Counterpart: the profiles of core/certmanager.lua, and what it does without one

import type { ConfigValue } from "./config/config.ts";

const suites_1_3 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const suites_intermediate = [
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-RSA-CHACHA20-POLY1305",
	"DHE-RSA-AES128-GCM-SHA256",
	"DHE-RSA-AES256-GCM-SHA384",
	"DHE-RSA-CHACHA20-POLY1305",
];
const suites_old = [
	"ECDHE-ECDSA-AES128-SHA256",
	"ECDHE-RSA-AES128-SHA256",
	"ECDHE-ECDSA-AES128-SHA",
	"ECDHE-RSA-AES128-SHA",
	"ECDHE-ECDSA-AES256-SHA384",
	"ECDHE-RSA-AES256-SHA384",
	"ECDHE-ECDSA-AES256-SHA",
	"ECDHE-RSA-AES256-SHA",
	"DHE-RSA-AES128-SHA256",
	"DHE-RSA-AES256-SHA256",
	"AES128-GCM-SHA256",
	"AES256-GCM-SHA384",
	"AES128-SHA256",
	"AES256-SHA256",
	"AES128-SHA",
	"AES256-SHA",
	"DES-CBC3-SHA",
];
const client_preference = { cipher_server_preference: false };
const mozilla_curves = ["X25519", "prime256v1", "secp384r1"];

/** Settings of `tls_profile`: Mozilla's recommendations (Server Side TLS 5.7), and what Prosody did before it had profiles. */
const profiles: ReadonlyMap<string, Readonly<Record<string, ConfigValue>>> = new Map<string, Record<string, ConfigValue>>([
	["modern", { protocol: "tlsv1_3", ciphersuites: suites_1_3, curveslist: mozilla_curves, options: client_preference }],
	[
		"intermediate",
		{
			protocol: "tlsv1_2+",
			ciphersuites: suites_1_3,
			ciphers: suites_intermediate,
			dhparam: "auto",
			curveslist: mozilla_curves,
			options: client_preference,
		},
	],
	[
		"old",
		{
			protocol: "tlsv1+",
			ciphersuites: suites_1_3,
			// OpenSSL 3 refuses TLS 1.0 and 1.1 above this level.
			ciphers: [...suites_intermediate, ...suites_old, "@SECLEVEL=0"],
			curveslist: mozilla_curves,
			options: ["cipher_server_preference"],
		},
	],
	[
		"legacy",
		{
			protocol: "tlsv1+",
			ciphers: ["HIGH+kEECDH", "HIGH+kEDH", "HIGH", "!PSK", "!SRP", "!3DES", "!aNULL"],
			curveslist: ["X25519", "P-384", "P-256", "P-521"],
			options: ["cipher_server_preference"],
		},
	],
]);

/** Names of the profiles, for messages. */
export const profile_names: readonly string[] = [...profiles.keys()];

/** The settings of a profile; undefined where there is no such. */
export function profile_settings(name: string): ReadonlyMap<string, ConfigValue> | undefined {
	const profile = profiles.get(name);
	return profile === undefined ? undefined : new Map(Object.entries(profile));
}

/** What holds unless a profile or the configuration says otherwise. */
export const core_defaults: ReadonlyMap<string, ConfigValue> = new Map<string, ConfigValue>([
	["depth", 9],
	["verify", "none"],
	["options", { cipher_server_preference: true, no_ticket: true, no_compression: true, no_renegotiation: true }],
]);
