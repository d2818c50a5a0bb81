// No counterpart: what a server does that was given no configuration file
import { Config } from "./config.ts";

/**
 * A configuration to try things with: one virtual host and one room service, reachable from this machine only, where any password
 * opens any account. Data are kept in the given folder.
 */
export function default_config(data_path: string): Config {
	return Config.from({
		"*": {
			data_path,
			interfaces: ["127.0.0.1", "::1"],
			c2s_ports: [5222],
			storage: "sql",
			authentication: "insecure",
			// mod_auth_insecure refuses to load without this sentence.
			insecure_open_authentication: "Yes please, I know what I'm doing!",
			c2s_require_encryption: false,
			allow_unencrypted_plain_auth: true,
			modules_enabled: [
				"disco",
				"roster",
				"saslauth",
				"tls",
				"blocklist",
				"bookmarks",
				"carbons",
				"csi_simple",
				"lastactivity",
				"mam",
				"pep",
				"ping",
				"private",
				"sasl2",
				"sasl2_bind2",
				"sasl2_fast",
				"sasl2_sm",
				"sasl_ssdp",
				"smacks",
				"time",
				"uptime",
				"vcard4",
				"vcard_legacy",
				"version",
			],
			// Without a certificate and a public name no other server could reach it.
			modules_disabled: ["s2s"],
		},
		localhost: {},
		"conference.localhost": { component_module: "muc", modules_enabled: ["muc_mam"] },
	});
}
