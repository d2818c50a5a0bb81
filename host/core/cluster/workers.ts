// No counterpart: a Prosody is one process.

import { failed, ok, type Result } from "../../util/error.ts";
import type { Config } from "../config/config.ts";
import { as_period } from "../config/option_types.ts";
import { cluster_problem } from "./options.ts";

/** More than machines have cores. */
const most_workers = 256;

/** In seconds. Something that takes long must not end a worker. */
const usual_timeout = 10;
const [shortest_timeout, longest_timeout] = [1, 3600];

const expected = `expected a number from 1 to ${most_workers}`;

/** A whole number in the text of a command line, or in an option. */
function whole_number(given: unknown): number | undefined {
	const number = typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;
	return typeof number === "number" && Number.isInteger(number) ? number : undefined;
}

/**
 * How many processes a server has: what the command line says, or else the option `workers`. The error says why the configuration
 * cannot be served by several.
 */
export function worker_count(config: Pick<Config, "get" | "hosts">, given: string | undefined): Result<number, string> {
	const option = config.get("*", "workers");
	const [name, value] = given === undefined ? ["option workers", option ?? 1] : ["--workers", given];
	const count = whole_number(value);
	if (count === undefined || count < 1 || count > most_workers) {
		return failed(`${name} is ${JSON.stringify(value)}: ${expected}`);
	}
	const problem = count === 1 ? undefined : workers_problem(config);
	return problem === undefined ? ok(count) : failed(problem);
}

/** How long a worker may be silent before it is killed, in seconds (option `worker_timeout`). */
export function worker_timeout(config: Pick<Config, "get">): Result<number, string> {
	const option = config.get("*", "worker_timeout");
	const { value = usual_timeout, problem } = as_period(option, 0);
	if (problem === undefined && value >= shortest_timeout && value <= longest_timeout) return ok(value);
	return failed(`option worker_timeout is ${JSON.stringify(option)}: expected ${shortest_timeout} to ${longest_timeout} seconds`);
}

/** Why several processes cannot serve a configuration together. */
export function workers_problem(config: Pick<Config, "get" | "hosts">): string | undefined {
	if (config.get("*", "cluster") !== undefined) {
		return "workers: with the option cluster, each node is one process: start several nodes on this machine instead";
	}
	const careful = ["*", ...config.hosts()].find((host) => config.get(host, "sqlite_tune") === "safe");
	if (careful !== undefined) return `workers: sqlite_tune = "safe" lets one process read only while no other one writes`;
	return cluster_problem(config, "workers");
}
