// No counterpart: a Prosody is one process.

import { availableParallelism } from "node:os";
import { worker_count, worker_timeout } from "../../core/cluster/workers.ts";
import type { Config } from "../../core/configmanager.ts";
import { find_short_sighted } from "./cluster.ts";
import type { Finding } from "./findings.ts";
import type { CheckedModule } from "./modules.ts";

const about = { area: "option", option: "workers" } as const;
/** Modules whose clients find the first process only. */
const modules_for_one: ReadonlySet<string> = new Set(["bosh", "websocket", "net_multiplex"]);

/** What several processes need (option `workers`), and what is different from one. */
export function check_workers(config: Config, modules: readonly CheckedModule[]): Finding[] {
	if (config.get("*", "workers") === undefined) return [];
	const count = worker_count(config, undefined);
	if (!count.ok) return [{ severity: "error", ...about, message: count.error }];
	if (count.value === 1) return [];
	const findings: Finding[] = find_short_sighted(modules, "process");
	const timeout = worker_timeout(config);
	if (!timeout.ok) findings.push({ severity: "error", area: "option", option: "worker_timeout", message: timeout.error });
	const cores = availableParallelism();
	if (count.value > cores) {
		const message = `workers is ${count.value}, and this machine has ${cores} cores: the processes share them, and no more is done`;
		findings.push({ severity: "warning", ...about, message, expected: `at most ${cores}` });
	}
	const names = modules.filter(({ name, runs }) => runs !== "no" && modules_for_one.has(name)).map(({ name }) => `mod_${name}`);
	if (names.length > 0) {
		const message = `${[...new Set(names)].join(", ")}: the ports of HTTP and net_multiplex are served by the first process, and not by all`;
		findings.push({ severity: "info", area: "module", message });
	}
	return findings;
}
