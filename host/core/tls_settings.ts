// Counterpart: util/sslconfig.lua and the profiles of core/certmanager.lua

import { constants } from "node:crypto";
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

/** Settings of LuaSec that mean nothing here. */
const without_effect = new Set(["mode", "dane"]);
const understood = new Set([
	"alpn",
	"cafile",
	"capath",
	"depth",
	"verify",
	"verifyext",
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

/** Values of `verifyext` that are understood. */
const verify_extras = new Set(["lsec_continue", "lsec_ignore_purpose", "crl_check", "crl_check_chain"]);
/** Options that have no effect since OpenSSL 1.1, which always behaves like this. */
const always_so = new Set(["single_dh_use", "single_ecdh_use", "cipher_server_preference"]);
/** Versions of TLS are chosen by the lowest and the highest. */
const is_version = /^no_(?:sslv[23]|tlsv1(?:_[123])?)$/;

/** The bits of an option of OpenSSL, by LuaSec's name; undefined where Node's OpenSSL does not have it. */
function option_bits(name: string): number | undefined {
	if (always_so.has(name) || is_version.test(name)) return 0;
	const bits: unknown = Reflect.get(constants, `SSL_OP_${name.toUpperCase()}`);
	return typeof bits === "number" ? bits : undefined;
}

/** A text, or those in a list. */
export function texts(value: ConfigValue | undefined): string[] {
	return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** Reads an `ssl` option; empty where it is no table. */
export function read_settings(option: ConfigValue | undefined): TlsSettings {
	if (typeof option !== "object" || Array.isArray(option)) return new Map();
	const entries = option instanceof Map ? [...option] : Object.entries(option);
	return new Map(entries.flatMap(([key, value]) => (typeof key === "string" ? [[key, value] as const] : [])));
}

/** Options of the secure sockets layer by name: a list of them, or a table of which are on and off. */
function add_options(options: Map<string, boolean>, value: ConfigValue | undefined): void {
	for (const name of texts(value)) options.set(name, true);
	for (const [name, on] of read_settings(value)) options.set(name, on === true);
}

/** Settings put together, and the ones that add up. */
export interface MergedSettings {
	readonly settings: TlsSettings;
	readonly options: ReadonlyMap<string, boolean>;
	readonly verifyext: ReadonlyMap<string, boolean>;
}

/** Joins settings; what comes later counts more, options add up. */
export function merge_settings(layers: readonly TlsSettings[]): MergedSettings {
	const settings = new Map<string, ConfigValue>();
	const options = new Map<string, boolean>();
	const verifyext = new Map<string, boolean>();
	for (const layer of layers) {
		for (const [key, value] of layer) {
			if (key === "options") add_options(options, value);
			else if (key === "verifyext") add_options(verifyext, value);
			else settings.set(key, value);
		}
	}
	return { settings, options, verifyext };
}

/** Warnings about settings that do nothing. */
export function useless_settings(layers: readonly TlsSettings[]): string[] {
	const names = new Set(layers.flatMap((layer) => [...layer.keys()]));
	const unknown = [...names].filter((name) => !understood.has(name));
	const { options, verifyext } = merge_settings(layers);
	return [
		...unknown.map(
			(name) => `'${name}' in ssl ${without_effect.has(name) ? "has no effect here" : "is not known, and has no effect"}`,
		),
		...[...options]
			.filter(([name, on]) => on && option_bits(name) === undefined)
			.map(([name]) => `option '${name}' in ssl has no effect here`),
		...[...verifyext]
			.filter(([name, on]) => on && !verify_extras.has(name))
			.map(([name]) => `'${name}' in verifyext has no effect here`),
	];
}

/**
 * What Node's TLS makes of settings; key and certificate are not looked at.
 * @returns a message where a setting has no meaning
 */
export function context_options({ settings, options }: MergedSettings): { options: SecureContextOptions; problem?: string } {
	const result: SecureContextOptions = {
		honorCipherOrder: options.get("cipher_server_preference") === true,
		secureOptions: [...options].reduce((bits, [name, on]) => (on ? bits | (option_bits(name) ?? 0) : bits), 0),
	};
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

/** Protocols that may be spoken over TLS (RFC 7301), in the order of preference; undefined for any. */
export function alpn_protocols({ settings }: MergedSettings): string[] | undefined {
	const protocols = texts(settings.get("alpn"));
	return protocols.length === 0 ? undefined : protocols;
}
