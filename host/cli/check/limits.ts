// No counterpart: whether what mod_limits is told can be meant.

import type { Config } from "../../core/configmanager.ts";
import { read_limits } from "../../plugins/limits.lib.ts";
import type { Finding } from "./findings.ts";

/**
 * Looks at the option `limits` as mod_limits does when it is loaded.
 * @param loaded names of the modules that will be
 */
export function check_limits(config: Config, loaded: ReadonlySet<string>): Finding[] {
	const option = config.get("*", "limits");
	const about = { severity: "warning", area: "option", option: "limits", ...config.location("*", "limits") } as const;
	if (loaded.has("limits")) return read_limits(option).problems.map((message) => ({ ...about, message }));
	if (option === undefined) return [];
	return [{ ...about, message: "limits has no effect", expected: 'modules_enabled = { "limits" }, which reads it' }];
}
