// No counterpart: what `enjamb check --modules` prints.

import { type Loads, load_hosts } from "./outcome.ts";
import { disagreement, fails_for_want, hosts_behind, is_loaded, type LoadedModule } from "./verdict.ts";

const place_names = { "host.test": "host", "rooms.test": "rooms", "component.test": "component" } as const;

/** One line of an error, with its file and line. */
function first_line(problem: string): string {
	return problem.split("\n", 1)[0] ?? "";
}

/** Places with the same outcome are named together. */
function outcome(loads: Loads): string[] {
	const by_problem = new Map<string, string[]>();
	for (const host of load_hosts) {
		const problem = loads[host] === undefined ? "" : first_line(loads[host]);
		by_problem.set(problem, [...(by_problem.get(problem) ?? []), place_names[host]]);
	}
	return [...by_problem].map(([problem, names]) => `${names.join(", ")}: ${problem === "" ? "loaded" : problem}`);
}

/** The result of one module in a few lines; the first one is the summary. */
export function module_as_text(module: LoadedModule): string {
	const { name, file, here, reference, said, missing } = module;
	const behind = hosts_behind(module);
	const loaded = is_loaded(here);
	const mark = behind.length > 0 ? "BEHIND" : loaded ? "loads" : fails_for_want(module) ? "LACKS" : "fails";
	const lines = [`${mark}\tmod_${name}\t${file}`];
	if (!(loaded && load_hosts.every((host) => here[host] === undefined))) {
		for (const line of outcome(here)) lines.push(`\there\t${line}`);
		for (const line of reference === undefined ? [] : outcome(reference)) lines.push(`\treference\t${line}`);
	}
	const differs = disagreement(module);
	if (differs !== undefined) lines.push(`\tcheck\t${differs}`);
	if (said !== "yes" && missing.length > 0) lines.push(`\tcheck\tmissing: ${missing.join(", ")}`);
	return `${lines.join("\n")}\n`;
}

function share(part: number, whole: number): string {
	return whole === 0 ? "" : ` (${((part / whole) * 100).toFixed(1)} %)`;
}

/** How many modules there are of each kind, and which ones do not load. */
export function summary_as_text(modules: readonly LoadedModule[]): string {
	const here = modules.filter((module) => is_loaded(module.here)).length;
	const lines = [`${modules.length} modules: ${here} load here`];
	const compared = modules.filter(({ reference }) => reference !== undefined);
	if (compared.length > 0) {
		const there = compared.filter(({ reference }) => reference !== undefined && is_loaded(reference));
		const both = there.filter((module) => is_loaded(module.here)).length;
		lines.push(`${there.length} load in the reference, ${both} of them here${share(both, there.length)}`);
		const behind = modules.filter((module) => hosts_behind(module).length > 0).map(({ name }) => name);
		if (behind.length > 0) lines.push(`loaded in the reference and not here, on some host: ${behind.join(", ")}`);
	}
	const lacking = modules.filter(fails_for_want).map(({ name }) => name);
	if (lacking.length > 0 && compared.length === 0) lines.push(`not loaded for want of something: ${lacking.join(", ")}`);
	const wrong = modules.filter((module) => disagreement(module) !== undefined).map(({ name }) => name);
	const words = wrong.length === 0 ? "" : `, and not of ${wrong.join(", ")}`;
	lines.push(`check is right about ${modules.length - wrong.length} of ${modules.length}${words}`);
	return lines.map((line) => `${line}\n`).join("");
}
