// Counterpart: plugins/mod_register_limits.lua

import { BlockList, isIP } from "node:net";
import type { ModuleApi, ModuleDefinition } from "../core/types.ts";
import { Cache } from "../util/cache.ts";
import { stanza_error } from "../util/error.ts";
import { Throttle } from "../util/throttle.ts";

/** Addresses and networks out of an option; other values are logged. */
function ip_list(module: ModuleApi, option: string, default_value: string[]): BlockList {
	const list = new BlockList();
	for (const value of module.get_option_set(option, default_value)) {
		const [address = "", bits] = typeof value === "string" ? value.split("/", 2) : [];
		const family = isIP(address);
		const size = family === 4 ? 32 : 128;
		const prefix = bits === undefined ? size : /^\d+$/.test(bits) ? Number(bits) : Number.NaN;
		if (family === 0 || !(prefix <= size)) {
			module.log("error", "Config option '%s' holds %s: expected an IP address or a network such as 10.0.0.0/8", option, value);
			continue;
		}
		list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
	}
	return list;
}

function is_in(list: BlockList, ip: string): boolean {
	return list.check(ip, isIP(ip) === 6 ? "ipv6" : "ipv4");
}

/** What other nodes of a cluster are told of an account that somebody makes. */
const registration_told = "register-limits-counted";

/** Decides by address who may make accounts in-band, and how many in which time. */
export const definition: ModuleDefinition = {
	name: "register_limits",
	load(module) {
		const has_pause = module.get_option("min_seconds_between_registrations") !== undefined;
		const pause = module.get_option_period("min_seconds_between_registrations", 0);
		const allowlist_only = module.get_option_boolean(
			"allowlist_registration_only",
			module.get_option_boolean("whitelist_registration_only", false),
		);
		const renamed = (name: string, old_name: string): string =>
			module.get_option(name) === undefined && module.get_option(old_name) !== undefined ? old_name : name;
		const allowlisted = ip_list(module, renamed("registration_allowlist", "registration_whitelist"), ["127.0.0.1", "::1"]);
		const blocklisted = ip_list(module, renamed("registration_blocklist", "registration_blacklist"), []);
		const throttle_max = module.get_option_number("registration_throttle_max", has_pause ? 1 : undefined, 0);
		const throttle_period = module.get_option_period("registration_throttle_period", pause);
		const cache_size = module.get_option_integer("registration_throttle_cache_size", 100, 1);
		const blocklist_overflow = module.get_option_boolean(
			"blocklist_on_registration_throttle_overload",
			module.get_option_boolean("blacklist_on_registration_throttle_overload", false),
		);

		const throttles = new Cache<string, Throttle>(cache_size, (ip, throttle) => {
			if (!blocklist_overflow || throttle.peek()) return;
			module.log("info", "Adding ip %s to registration blocklist", ip);
			blocklisted.addAddress(ip, isIP(ip) === 6 ? "ipv6" : "ipv4");
		});

		/** Counts one that was made at another node of a cluster, so that nobody has as many at each of them. */
		module.hook("cluster-told", ({ name, fields: { ip } }) => {
			if (name === registration_told && ip !== undefined && throttle_max !== undefined) within_limit(ip, throttle_max);
		});

		function within_limit(ip: string, max: number): boolean {
			// Without a period, the limit is for ever.
			const throttle = throttles.get(ip) ?? new Throttle(max, throttle_period > 0 ? throttle_period : Number.POSITIVE_INFINITY);
			throttles.set(ip, throttle);
			return throttle.poll(1);
		}

		module.hook("user-registering", (event) => {
			const ip = event.ip ?? event.session?.ip;
			if (ip === undefined || isIP(ip) === 0) {
				module.log("warn", "IP not known; can't apply blocklist/allowlist");
				return;
			}
			if (is_in(blocklisted, ip)) {
				event.error = stanza_error("auth", "forbidden", "Your IP address is blocklisted");
			} else if (is_in(allowlisted, ip)) {
				return;
			} else if (allowlist_only) {
				event.error = stanza_error("auth", "forbidden", "Your IP address is not allowlisted");
			} else if (throttle_max !== undefined && !within_limit(ip, throttle_max)) {
				event.error = stanza_error("wait", "policy-violation", "Too many registrations from this IP address recently");
			} else {
				if (throttle_max !== undefined) module.server.cluster?.tell(module.host, registration_told, { ip });
				return;
			}
			event.allowed = false;
			module.log("debug", "Registration from %s disallowed: %s", ip, event.error.text);
		});
	},
};
