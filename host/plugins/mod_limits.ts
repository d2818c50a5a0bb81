// Counterpart: plugins/mod_limits.lua

import type { ModuleDefinition, RateLimitSettings, StreamSession } from "../core/types.ts";
import { type Limit, read_limits, release_named } from "./limits.lib.ts";

/** The kind of a session, authenticated or not: `c2s` for `c2s_unauthed`. */
function kind_of(session: StreamSession): string {
	return session.type.replace(/_.*$/s, "");
}

function settings_of({ bytes_per_second, burst_seconds }: Limit, resolution: number): RateLimitSettings {
	return { rate: bytes_per_second, burst: bytes_per_second * burst_seconds, resolution };
}

/**
 * Limits how fast sessions may send, by their kind; what comes too fast is read later. Options: `limits`, `limits_resolution`,
 * `unlimited_jids`.
 */
export const definition: ModuleDefinition = {
	name: "limits",
	global: true,
	load(module) {
		const { limits, problems } = read_limits(module.get_option("limits"));
		for (const problem of problems) module.log("error", "%s", problem);
		const resolution = module.get_option_period("limits_resolution", 1);
		module.hook("stream-session-created", ({ session }) => {
			const limit = limits.get(kind_of(session));
			if (limit !== undefined) session.setlimit?.(settings_of(limit, resolution));
		});
		module.add_host = release_named;
	},
};
