// No counterpart: a Prosody is one machine.

import { readFileSync } from "node:fs";
import { Nats, without_secrets } from "../../core/cluster/nats.ts";
import { type NatsTrust, read_nats_files } from "../../core/cluster/nats_files.ts";
import { cluster_options, cluster_problem } from "../../core/cluster/options.ts";
import type { Config } from "../../core/configmanager.ts";
import type { Finding } from "./findings.ts";
import type { CheckedModule } from "./modules.ts";

/** How long NATS is waited for, in milliseconds. */
const patience = 3000;
/** What of Prosody a module in Lua sees only as far as its own node has it. */
const of_this_node =
	/\b(?:full_sessions|bare_sessions|hosts\[[^\]]*\]\.(?:sessions|s2sout)|incoming_s2s|live_rooms|each_room|get_room_from_jid)\b|\/\*\/(?:c2s|s2s)\/sessions/;
/** Modules with files of their own, and modules that count. */
const with_files: ReadonlySet<string> = new Set(["http_file_share", "http_upload"]);
const with_counts: ReadonlySet<string> = new Set(["limits"]);
/** The bucket that is looked for, and made where it is missing, to see whether there is JetStream. */
const probe = "nodes";

const about = { area: "option", option: "cluster" } as const;

/** What a node needs beside its own configuration, and what is different from one server. */
export async function check_cluster(config: Config, modules: readonly CheckedModule[]): Promise<Finding[]> {
	const options = cluster_options(config);
	if (!options.ok) return [{ severity: "error", ...about, message: options.error }];
	const wanted = options.value;
	if (wanted === undefined) return [];
	const problem = cluster_problem(config);
	const findings: Finding[] = problem === undefined ? [] : [{ severity: "error", ...about, message: problem }];
	findings.push(...find_short_sighted(modules, "node"), ...find_own_files(modules), ...find_own_counts(modules, "node"));
	const trust = read_nats_files(wanted.files);
	if (!trust.ok) return [...findings, { severity: "error", ...about, message: `option cluster: ${trust.error}` }];
	const unreachable = await try_nats(wanted.nats, wanted.name, trust.value);
	return unreachable === undefined ? findings : [...findings, unreachable];
}

/** Modules in Lua that see what one of several nodes or processes has. */
export function find_short_sighted(modules: readonly CheckedModule[], one: "node" | "process"): Finding[] {
	const in_lua = modules.filter(({ found, runs, file }) => found === "lua" && runs !== "no" && reads_this_node(file));
	if (in_lua.length === 0) return [];
	const names = [...new Set(in_lua.map(({ name }) => `mod_${name}`))].join(", ");
	const whole = { node: "cluster", process: "server" }[one];
	const message = `${names}: see the sessions and rooms of this ${one} only, and not those of the whole ${whole}`;
	return [{ severity: "warning", area: "module", message }];
}

function loaded(modules: readonly CheckedModule[], names: ReadonlySet<string>): string {
	const found = modules.filter(({ name, runs }) => runs !== "no" && names.has(name)).map(({ name }) => `mod_${name}`);
	return [...new Set(found)].join(", ");
}

/** Modules that keep files beside what is stored, where other nodes do not see them. */
function find_own_files(modules: readonly CheckedModule[]): Finding[] {
	const names = loaded(modules, with_files);
	if (names === "") return [];
	const message = `${names}: uploaded files are in the data_path of the node that took them, and the other nodes answer that there are none`;
	return [{ severity: "warning", area: "module", message, expected: "a data_path that all nodes share (such as over NFS)" }];
}

/** Modules that count what one of several nodes or processes sees. */
export function find_own_counts(modules: readonly CheckedModule[], one: "node" | "process"): Finding[] {
	const names = loaded(modules, with_counts);
	if (names === "") return [];
	const message = `${names}: each ${one} counts for itself, so that somebody with connections to several is allowed as much at each`;
	return [{ severity: "info", area: "module", message }];
}

function reads_this_node(file: string | undefined): boolean {
	try {
		return file !== undefined && of_this_node.test(readFileSync(file, "utf8"));
	} catch {
		return false;
	}
}

async function try_nats(servers: readonly string[], name: string, trust: NatsTrust): Promise<Finding | undefined> {
	const where = servers.map(without_secrets).join(", ");
	let nats: Nats;
	let why_not = `NATS cannot be reached at ${where}`;
	try {
		nats = await Nats.connect(
			{
				servers,
				trust,
				name: `${name} check`,
				patience,
				warn: (text) => {
					why_not = text;
				},
			},
			AbortSignal.timeout(patience),
		);
	} catch {
		const message = `${why_not}: the server waits for it when it starts`;
		return { severity: "warning", ...about, message };
	}
	try {
		await nats.bucket(`${name}_${probe}`);
		return undefined;
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		const message = `NATS at ${where} has no JetStream, or does not let this server use it (${why})`;
		return { severity: "error", ...about, message, expected: "nats-server with jetstream enabled (-js)" };
	} finally {
		await nats.close();
	}
}
