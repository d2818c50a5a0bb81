// Counterpart: util/sslconfig.lua and the profiles of core/certmanager.lua

import type { SecureContextOptions, SecureVersion } from "node:tls";
import type { ConfigValue } from "./config/config.ts";

/** An `ssl` table: settings by LuaSec's names. */
export type TlsSettings = ReadonlyMap<string, ConfigValue>;

const versions: readonly [name: string, version: SecureVersion][] = [
	["tlsv1", "TLSv1"],
	["tlsv1_1", "TLSv1.1"],
	["tlsv1_2", "TLSv1.2"],
	["tlsv1_3", "TLSv1.3"],
];

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
const mozilla_curves = ["X25519", "prime256v1", "secp384r1"];

/** Settings of `tls_profile`: Mozilla's recommendations (Server Side TLS 5.7), and what Prosody did before it had profiles. */
const profiles: ReadonlyMap<string, Readonly<Record<string, ConfigValue>>> = new Map<string, Record<string, ConfigValue>>([
	["modern", { protocol: "tlsv1_3", ciphersuites: suites_1_3, curveslist: mozilla_curves }],
	[
		"intermediate",
		{ protocol: "tlsv1_2+", ciphersuites: suites_1_3, ciphers: suites_intermediate, dhparam: "auto", curveslist: mozilla_curves },
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

/** Settings that mean nothing here: they concern the certificates of peers, which are not asked for, or OpenSSL's old defaults. */
const without_effect = new Set(["capath", "depth", "verify", "verifyext", "mode", "dane"]);
const understood = new Set([
	"cafile",
	"protocol",
	"ciphers",
	"ciphersuites",
	"curve",
	"curveslist",
	"dhparam",
	"options",
	"certificate",
	"key",
	"password",
]);

function texts(value: ConfigValue | undefined): string[] {
	return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** The settings of a profile; undefined where there is no such. */
export function profile_settings(name: string): TlsSettings | undefined {
	const profile = profiles.get(name);
	return profile === undefined ? undefined : new Map(Object.entries(profile));
}

/** Reads an `ssl` option; empty where it is no table. */
export function read_settings(option: ConfigValue | undefined): TlsSettings {
	if (typeof option !== "object" || Array.isArray(option)) return new Map();
	const entries = option instanceof Map ? [...option] : Object.entries(option);
	return new Map(entries.flatMap(([key, value]) => (typeof key === "string" ? [[key, value] as const] : [])));
}

/** Options of the secure sockets layer by name: a list of them, or a table of which are on and off. */
function add_options(options: Map<string, boolean>, value: ConfigValue): void {
	for (const name of texts(value)) options.set(name, true);
	for (const [name, on] of read_settings(value)) options.set(name, on === true);
}

/** Joins settings; what comes later counts more, options add up. */
export function merge_settings(layers: readonly TlsSettings[]): { settings: TlsSettings; options: ReadonlyMap<string, boolean> } {
	const settings = new Map<string, ConfigValue>();
	const options = new Map<string, boolean>();
	for (const layer of layers) {
		for (const [key, value] of layer) {
			if (key === "options") add_options(options, value);
			else settings.set(key, value);
		}
	}
	return { settings, options };
}

/** Names of settings that this server does not know at all. */
export function unknown_settings(layers: readonly TlsSettings[]): string[] {
	const names = new Set(layers.flatMap((layer) => [...layer.keys()]));
	return [...names].filter((name) => !understood.has(name) && !without_effect.has(name));
}

/**
 * What Node's TLS makes of settings; key and certificate are not looked at.
 * @returns a message where a setting has no meaning
 */
export function context_options({ settings, options }: ReturnType<typeof merge_settings>): {
	options: SecureContextOptions;
	problem?: string;
} {
	const result: SecureContextOptions = { honorCipherOrder: options.get("cipher_server_preference") === true };
	const protocol = settings.get("protocol") ?? "tlsv1+";
	const lowest = versions.findIndex(
		([name]) => protocol === name || protocol === `${name}+` || (protocol === "sslv23" && name === "tlsv1"),
	);
	const lowest_version = versions[lowest];
	if (lowest_version === undefined) {
		return {
			options: result,
			problem: `protocol is ${JSON.stringify(protocol)}: expected one of tlsv1_2, tlsv1_3, or with a + for later ones too`,
		};
	}
	const allowed = versions
		.slice(lowest, protocol === lowest_version[0] ? lowest + 1 : undefined)
		.filter(([name]) => options.get(`no_${name}`) !== true);
	const [first, last] = [allowed[0], allowed.at(-1)];
	if (first === undefined || last === undefined)
		return { options: result, problem: "protocol and options leave no version of TLS" };
	result.minVersion = first[1];
	result.maxVersion = last[1];
	const suites = [...texts(settings.get("ciphersuites")), ...texts(settings.get("ciphers"))];
	if (suites.length > 0) result.ciphers = suites.join(":");
	const curves = [...texts(settings.get("curveslist"))];
	const curve = settings.get("curve");
	if (curves.length > 0 || typeof curve === "string") result.ecdhCurve = curves.length > 0 ? curves.join(":") : String(curve);
	const password = settings.get("password");
	if (typeof password === "string") result.passphrase = password;
	return { options: result };
}
