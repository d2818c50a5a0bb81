// Counterpart: core/storagemanager.lua, util/startup.lua (whether data can be kept)

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type Config, global_section } from "../../core/configmanager.ts";
import { address_text, type ServerAddress } from "../../core/network_sql/messages.ts";
import { current_driver, default_driver } from "../../core/storagemanager.ts";
import { network_expected, read_address } from "../../plugins/storage_sql/network.ts";
import { internal_source } from "../migrate/internal_source.ts";
import { network_source } from "../migrate/network_source.ts";
import { sqlite_source } from "../migrate/sqlite_source.ts";
import { type Source, type Unit, type Unreadable, unit_text } from "../migrate/types.ts";
import { check_server, is_error, type ServerFinding } from "./databases.ts";
import type { Finding } from "./findings.ts";

/** Where a driver keeps what it stores; undefined where it keeps nothing in files. */
export type StoragePlace =
	| { readonly driver: "internal"; readonly folder: string }
	| { readonly driver: "sql"; readonly file: string }
	| { readonly driver: "sql"; readonly address: ServerAddress };

/** The drivers that a configuration uses. */
interface UsedDriver {
	readonly driver: string;
	readonly host: string;
	readonly option: string;
}

/** The drivers that a section names, or gets without naming any. */
function drivers_of(config: Config, host: string): UsedDriver[] {
	const found: UsedDriver[] = [];
	const storage = config.get(host, "storage");
	const own = (option: string): string => (config.raw(host)?.has(option) ? host : global_section);
	const add = (driver: unknown, option: string): void => {
		if (typeof driver === "string") found.push({ driver: current_driver(driver), host: own(option), option });
	};
	if (typeof storage !== "object") add(storage, "storage");
	else for (const driver of storage instanceof Map ? storage.values() : Object.values(storage)) add(driver, "storage");
	if (typeof storage !== "string") add(config.get(host, "default_storage") ?? default_driver, "default_storage");
	return found;
}

/** Why a path, or the nearest folder above it that there is, cannot be used for data; undefined where it can. */
export function access_problem(path: string): string | undefined {
	try {
		const found = statSync(path, { throwIfNoEntry: false });
		if (found === undefined && dirname(path) !== path) return access_problem(dirname(path));
		const is_folder = statSync(path).isDirectory();
		accessSync(path, constants.R_OK | constants.W_OK | (is_folder ? constants.X_OK : 0));
		return undefined;
	} catch (error) {
		return error instanceof Error && "code" in error ? String(error.code) : String(error);
	}
}

/** The file or the database over the network that the option `sql` of a section means. Source: mod_storage_sql. */
function sql_place(
	config: Config,
	host: string,
	data_folder: string,
): { file: string } | { address: ServerAddress } | { problem: string } {
	const option = config.get(host, "sql");
	const expected = 'expected { driver = "SQLite3", database = "prosody.sqlite" }';
	if (option === undefined) return { file: join(data_folder, "prosody.sqlite") };
	if (typeof option !== "object" || Array.isArray(option) || option instanceof Map) return { problem: `option sql: ${expected}` };
	const { driver, database = "prosody.sqlite" } = option;
	if (driver === "PostgreSQL" || driver === "MySQL") {
		const address = read_address(driver, { ...option });
		if (address.ok) return { address: address.value };
		return { problem: `option sql: ${address.error}: expected ${network_expected(driver)}` };
	}
	if (driver !== "SQLite3") return { problem: `option sql: the driver ${JSON.stringify(driver)} is not there: ${expected}` };
	if (typeof database !== "string" || database === "") return { problem: `option sql: database is no file name: ${expected}` };
	return { file: isAbsolute(database) || database === ":memory:" ? database : resolve(data_folder, database) };
}

/** Every place where a configuration keeps data, each once. */
export function storage_places(config: Config, data_folder: string): StoragePlace[] {
	const places = new Map<string, StoragePlace>();
	for (const host of config.hosts()) {
		for (const { driver } of drivers_of(config, host)) {
			if (driver === "internal") places.set("internal", { driver, folder: data_folder });
			if (driver !== "sql") continue;
			const found = sql_place(config, host, data_folder);
			if ("address" in found) places.set(JSON.stringify(found.address), { driver, address: found.address });
			if ("file" in found && found.file !== ":memory:") places.set(found.file, { driver, file: found.file });
		}
	}
	return [...places.values()];
}

/** Looks whether data can be kept where the configuration says: folders and files that this user can read and write. */
export function check_storage(config: Config, data_folder: string): Finding[] {
	const findings = new Map<string, Finding>();
	const servers = new Map<string, readonly ServerFinding[]>();
	const add = (finding: Finding): void => void findings.set(finding.message, findings.get(finding.message) ?? finding);
	for (const host of config.hosts()) {
		for (const used of drivers_of(config, host)) {
			const place = {
				area: "storage",
				host: used.host,
				option: used.option,
				...config.location(used.host, used.option),
			} as const;
			if (used.driver === "memory" || used.driver === "none") {
				add({
					...place,
					severity: "info",
					message: `storage "${used.driver}" of ${host}: nothing is kept when the server stops`,
				});
			}
			if (used.driver !== "sql") continue;
			const found = sql_place(config, host, data_folder);
			if ("problem" in found) {
				add({ ...place, severity: "error", message: found.problem });
				continue;
			}
			if ("address" in found) {
				const key = JSON.stringify(found.address);
				const looked_at = servers.get(key) ?? check_server(found.address, config.get(host, "sql_manage_tables") !== false);
				servers.set(key, looked_at);
				for (const finding of looked_at) add({ ...place, ...finding });
				continue;
			}
			if (found.file === ":memory:") continue;
			const wanted = existsSync(found.file) ? found.file : dirname(found.file);
			// The server makes the folder of its data, and no other.
			const problem = existsSync(wanted) || wanted === data_folder ? access_problem(wanted) : "ENOENT";
			if (problem === undefined) continue;
			const expected = "expected a file that belongs to this user, in a folder that it may write to";
			add({
				...place,
				severity: "error",
				message: `the database ${found.file} cannot be used (${wanted}: ${problem})`,
				expected,
			});
		}
	}
	const keeps_data = storage_places(config, data_folder).length > 0;
	if (keeps_data) {
		const exists = existsSync(data_folder);
		const problem = exists && !statSync(data_folder).isDirectory() ? "it is a file" : access_problem(data_folder);
		if (problem !== undefined) {
			add({
				area: "storage",
				severity: "error",
				host: global_section,
				option: "data_path",
				...config.location(global_section, "data_path"),
				message: `cannot keep data in the folder ${data_folder} (${problem})`,
				expected: "expected a folder that this user may read and write",
			});
		} else if (!exists) {
			add({ area: "storage", severity: "info", message: `there is no folder ${data_folder} yet; the server makes it` });
		}
	}
	return [...findings.values()];
}

/** How many unreadable tables are named one by one. */
const named_at_most = 10;

function message_of(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** What of a table cannot be read, be it for what is in it, or since its file cannot be opened. */
function unreadable_of(source: Source, unit: Unit, path: string): readonly Pick<Unreadable, "place" | "reason">[] {
	try {
		return source.read_table(unit).unreadable;
	} catch (error) {
		return [{ place: path, reason: message_of(error) }];
	}
}

/**
 * Reads all tables that are there already (archives can be long, and are read item by item anyway), and names what cannot be read: a
 * room or account that would be refused until somebody looks at it. Nothing is changed.
 */
export function check_stored(config: Config, data_folder: string): Finding[] {
	const findings: Finding[] = [];
	const broken = (file: string, message: string): void => {
		findings.push({ area: "storage", severity: "error", file, message, expected: "nothing of it is ever overwritten" });
	};
	for (const place of storage_places(config, data_folder)) {
		const path = place.driver === "internal" ? place.folder : "file" in place ? place.file : address_text(place.address);
		// Whether a database elsewhere can be read at all is looked at in check_storage
		if ("address" in place ? check_server(place.address, true).some(is_error) : !existsSync(path)) continue;
		try {
			const source =
				place.driver === "internal"
					? internal_source(path)
					: "file" in place
						? sqlite_source(path)
						: network_source(place.address);
			let count = 0;
			for (const unit of source.units().filter(({ kind }) => kind === "keyval")) {
				for (const { place: where, reason } of unreadable_of(source, unit, path)) {
					count++;
					if (count <= named_at_most) broken(where, `${unit_text(unit)} cannot be read: ${reason}`);
				}
			}
			if (count > named_at_most) broken(path, `${count} tables cannot be read, of which ${named_at_most} are named here`);
			source.close();
		} catch (error) {
			broken(path, `what is stored cannot be read: ${message_of(error)}`);
		}
	}
	return findings;
}
