// No counterpart: a Prosody is one process.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { worker_count, worker_timeout } from "../../core/cluster/workers.ts";
import type { Config } from "../../core/configmanager.ts";
import { find_own_counts, find_short_sighted } from "./cluster.ts";
import type { Finding } from "./findings.ts";
import type { CheckedModule } from "./modules.ts";

const about = { area: "option", option: "workers" } as const;
/** How a module that is not built in says that it answers requests. */
const serves = /provides\s*\(\s*["']http["']|net\.http\.server/;

function serves_http(file: string | undefined): boolean {
	try {
		return file !== undefined && serves.test(readFileSync(file, "utf8"));
	} catch {
		return false;
	}
}

/** What several processes need (option `workers`), and what is different from one. */
export function check_workers(config: Config, modules: readonly CheckedModule[]): Finding[] {
	if (config.get("*", "workers") === undefined) return [];
	const count = worker_count(config, undefined);
	if (!count.ok) return [{ severity: "error", ...about, message: count.error }];
	if (count.value === 1) return [];
	const findings: Finding[] = [...find_short_sighted(modules, "process"), ...find_own_counts(modules, "process")];
	const timeout = worker_timeout(config);
	if (!timeout.ok) findings.push({ severity: "error", area: "option", option: "worker_timeout", message: timeout.error });
	const cores = availableParallelism();
	if (count.value > cores) {
		const message = `workers is ${count.value}, and this machine has ${cores} cores: the processes share them, and no more is done`;
		findings.push({ severity: "warning", ...about, message, expected: `at most ${cores}` });
	}
	const names = modules.filter(({ found, runs, file }) => found !== "built in" && runs !== "no" && serves_http(file));
	if (names.length > 0) {
		const list = [...new Set(names.map(({ name }) => `mod_${name}`))].join(", ");
		const message = `${list}: all requests of HTTP are answered by one of the processes, which has in memory what belongs to them`;
		findings.push({ severity: "info", area: "module", message });
	}
	return findings;
}
