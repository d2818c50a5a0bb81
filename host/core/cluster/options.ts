// No counterpart: a Prosody is one machine.

import { is_node_name } from "../../util/cluster/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { Config, ConfigValue } from "../config/config.ts";
import { as_period } from "../config/option_types.ts";

/** What the option `cluster` says. */
export interface ClusterOptions {
	/** Addresses of NATS. */
	readonly nats: readonly string[];
	/** Paths of files for connections to NATS. */
	readonly files: { readonly ca: string | undefined; readonly credentials: string | undefined };
	/** This node's name. */
	readonly node: string;
	/** Nodes with the same name of the cluster belong together. */
	readonly name: string;
	/** How long the others wait for a sign of life, in milliseconds. */
	readonly lease: number | undefined;
}

const usual_name = "enjamb";
const known = new Set(["nats", "nats_ca", "nats_credentials", "node", "name", "lease"]);
/** In seconds. */
const [shortest_lease, longest_lease] = [0.5, 60];
/** Databases that refuse what a node wants to store that was taken for dead. */
const network_drivers = new Set(["PostgreSQL", "MySQL"]);

function table_of(value: ConfigValue | undefined): Readonly<Record<string, unknown>> | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? Object.fromEntries(Object.entries(value))
		: undefined;
}

function addresses(value: unknown): string[] | undefined {
	const list: unknown[] = Array.isArray(value) ? value : [value];
	const texts = list.filter((one) => typeof one === "string" && /^(?:nats|tls):\/\/\S+$/.test(one));
	return texts.length > 0 && texts.length === list.length ? texts.map(String) : undefined;
}

function is_path(value: unknown): value is string | undefined {
	return value === undefined || (typeof value === "string" && value !== "");
}

/** Reads the option; undefined where there is none. An error says what is wrong with it, and what was expected. */
export function cluster_options(config: Pick<Config, "get">): Result<ClusterOptions | undefined, string> {
	const value = config.get("*", "cluster");
	if (value === undefined) return ok(undefined);
	const table = table_of(value);
	if (table === undefined) return failed('option cluster: expected a table such as { nats = "nats://localhost"; node = "a" }');
	const stranger = Object.keys(table).find((key) => !known.has(key));
	if (stranger !== undefined) return failed(`option cluster: ${stranger} is not known: expected ${[...known].join(", ")}`);
	const nats = addresses(table["nats"]);
	if (nats === undefined)
		return failed('option cluster: nats: expected an address such as "nats://localhost:4222", or a list of them');
	const { node, name = usual_name, nats_ca: ca, nats_credentials: credentials } = table;
	if (!is_path(ca) || (ca !== undefined && !nats.every((address) => address.startsWith("tls://")))) {
		return failed(
			'option cluster: nats_ca: expected the path of a file with certificates, and addresses that begin with "tls://"',
		);
	}
	if (!is_path(credentials) || (credentials !== undefined && nats.some((address) => address.includes("@")))) {
		return failed("option cluster: nats_credentials: expected the path of a file, and no user or password in the addresses");
	}
	if (typeof node !== "string" || !is_node_name(node)) {
		return failed("option cluster: node: expected a name of this node, of up to 40 letters, digits, _ and -");
	}
	if (typeof name !== "string" || !is_node_name(name)) {
		return failed("option cluster: name: expected a name of up to 40 letters, digits, _ and -");
	}
	const given = table["lease"];
	const lease = as_period(typeof given === "number" || typeof given === "string" ? given : undefined, 0).value;
	if (given !== undefined && (lease === undefined || lease < shortest_lease || lease > longest_lease)) {
		return failed(`option cluster: lease: expected ${shortest_lease} to ${longest_lease} seconds`);
	}
	return ok({ nats, files: { ca, credentials }, node, name, lease: lease === undefined ? undefined : lease * 1000 });
}

/** The driver that a host's store is kept by, as the option storage has it. */
function drivers_of(storage: ConfigValue | undefined): Set<string> {
	if (typeof storage === "string") return new Set([storage]);
	const found = new Set<string>();
	for (const driver of Object.values(table_of(storage) ?? {})) if (typeof driver === "string") found.add(driver);
	return found;
}

/**
 * Why the hosts of a configuration cannot be a cluster's: what one node stores, another one has to find, and nobody may store anything
 * who was taken for dead.
 */
export function cluster_problem(config: Pick<Config, "get" | "hosts">): string | undefined {
	for (const host of config.hosts()) {
		if (config.get(host, "component_uplink") !== undefined) {
			return `option cluster: ${host} has component_uplink: only one node could be the component of that server`;
		}
		const drivers = drivers_of(config.get(host, "storage") ?? "internal");
		for (const driver of drivers) {
			if (driver === "none") continue;
			const sql = table_of(config.get(host, "sql"));
			const server = driver === "sql" && typeof sql?.["driver"] === "string" ? sql["driver"] : undefined;
			if (server !== undefined && network_drivers.has(server)) continue;
			const what = driver === "sql" ? `${server ?? "SQLite3"}` : driver;
			return `option cluster: ${host} stores in ${what}, which other nodes cannot share: expected storage = "sql" with sql = { driver = "PostgreSQL" } or "MySQL"`;
		}
	}
	return undefined;
}
