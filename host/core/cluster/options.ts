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

const one_of = { cluster: "node", workers: "process" };
const several = { cluster: "nodes", workers: "processes" };
const expected_storage = {
	cluster: 'expected storage = "sql" with sql = { driver = "PostgreSQL" } or "MySQL"',
	workers:
		'expected storage = "sql", where "enjamb migrate --from internal:FOLDER --to sql:FOLDER/prosody.sqlite" takes what Prosody\'s files have',
};

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

/** The drivers that a host's stores are kept by, as the options have it. */
function drivers_of(config: Pick<Config, "get">, host: string): Set<string> {
	const [storage, otherwise = "internal"] = [config.get(host, "storage"), config.get(host, "default_storage")];
	const table = storage instanceof Map ? Object.fromEntries(storage) : table_of(storage);
	const wanted = table === undefined ? [storage ?? otherwise] : [...Object.values(table), otherwise];
	return new Set(wanted.filter((driver) => typeof driver === "string").map((driver) => (driver === "sql2" ? "sql" : driver)));
}

function has_rooms_in_lua(config: Pick<Config, "get">, host: string): boolean {
	const preferred = config.get(host, "prefer_lua_modules");
	return config.get(host, "component_module") === "muc" && Array.isArray(preferred) && preferred.includes("muc");
}

/**
 * Why the hosts of a configuration cannot be a cluster's: what one node stores, another one has to find, and nobody may store anything
 * who was taken for dead.
 * @param wanted what the nodes are: several machines, or several processes of one
 */
export function cluster_problem(
	config: Pick<Config, "get" | "hosts">,
	wanted: "cluster" | "workers" = "cluster",
): string | undefined {
	for (const host of config.hosts()) {
		if (config.get(host, "component_uplink") !== undefined) {
			return `option ${wanted}: ${host} has component_uplink: only one ${one_of[wanted]} could be the component of that server`;
		}
		if (has_rooms_in_lua(config, host)) {
			return `option ${wanted}: ${host} has rooms by mod_muc in Lua (prefer_lua_modules), which know one ${one_of[wanted]} only`;
		}
		for (const driver of drivers_of(config, host)) {
			if (driver === "none") continue;
			const sql = table_of(config.get(host, "sql"));
			const { driver: server = "SQLite3", database } = sql ?? {};
			if (driver === "sql" && typeof server === "string") {
				if (network_drivers.has(server)) continue;
				if (wanted === "workers" && server === "SQLite3" && database !== ":memory:") continue;
			}
			const what = driver !== "sql" ? driver : wanted === "workers" ? "memory" : String(server);
			return `option ${wanted}: ${host} stores in ${what}, which ${several[wanted]} cannot share: ${expected_storage[wanted]}`;
		}
	}
	return undefined;
}
