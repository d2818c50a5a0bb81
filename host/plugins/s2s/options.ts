// Counterpart: plugins/mod_s2s.lua (options)

import type { StreamLimits } from "../../core/streams.ts";
import type { ModuleApi } from "../../core/types.ts";

/** What a configuration says about streams with other servers. */
export interface ServerStreamOptions {
	readonly limits: StreamLimits;
	readonly keepalives: boolean;
	/** Whether streams must be encrypted. */
	readonly require_encryption: boolean;
	/** How many stanzas may wait for a stream to another server. */
	readonly queue_size: number;
	/** Whether another server must show a certificate that is good for its domain. */
	must_be_secure(domain: string): boolean;
}

/** Options: s2s_timeout, s2s_close_timeout, s2s_stanza_size_limit, s2s_require_encryption, s2s_secure_auth and others. */
export function read_options(module: ModuleApi): ServerStreamOptions {
	const secure_auth = module.get_option_boolean("s2s_secure_auth", false);
	const secure_domains = new Set(module.get_option_set("s2s_secure_domains", []));
	const insecure_domains = new Set(module.get_option_set("s2s_insecure_domains", []));
	return {
		limits: {
			unauthed_timeout: module.get_option_period("s2s_timeout", 90),
			close_timeout: module.get_option_period("s2s_close_timeout", 5),
			unauthed: {
				stanza_size_limit: module.get_option_integer("s2s_stanza_size_limit", 1024 * 512, 10000),
				element_limit: 25000,
				depth_limit: 100,
				attribute_limit: 100,
			},
		},
		keepalives: module.get_option_boolean("s2s_tcp_keepalives", module.get_option_boolean("tcp_keepalives", true)),
		require_encryption: module.get_option_boolean("s2s_require_encryption", true),
		queue_size: module.get_option_integer("s2s_send_queue_size", 1024 * 32, 1),
		must_be_secure: (domain) => (secure_auth ? !insecure_domains.has(domain) : secure_domains.has(domain)),
	};
}
