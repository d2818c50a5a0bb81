// Counterpart: tools/migration/migrator.cfg.lua: where data are.

import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { load_config } from "../../composition.ts";
import { address_text, type ServerAddress } from "../../core/network_sql/messages.ts";
import { read_address } from "../../plugins/storage_sql/network.ts";
import { data_folder } from "../../startup.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { type StoragePlace, storage_places } from "../check/storage.ts";
import { ejabberd_source } from "./ejabberd_source.ts";
import { internal_source } from "./internal_source.ts";
import { internal_target } from "./internal_target.ts";
import { metronome_source } from "./metronome_source.ts";
import { network_source } from "./network_source.ts";
import { network_target } from "./network_target.ts";
import { sqlite_source } from "./sqlite_source.ts";
import { sqlite_target } from "./sqlite_target.ts";
import type { Source, Target } from "./types.ts";

/** What a place of data in files can be. */
const file_kinds = ["internal", "sql", "ejabberd", "metronome"] as const;
type FileKind = (typeof file_kinds)[number];

/** A storage by its kind and path; a database over the network (`server`) has an address, and a path for what is written beside it. */
export type Location =
	| { readonly kind: FileKind; readonly path: string; readonly address?: undefined }
	| { readonly kind: "server"; readonly path: string; readonly address: ServerAddress };

const forms =
	"internal:FOLDER, sql:FILE, config:FILE, postgresql://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, or, to come from, ejabberd:FILE and metronome:FOLDER";

/** What data can only come from. */
export const only_sources: ReadonlySet<Location["kind"]> = new Set(["ejabberd", "metronome"]);

const openers: { readonly [Name in FileKind]: (path: string) => Source } = {
	internal: internal_source,
	sql: sqlite_source,
	ejabberd: ejabberd_source,
	metronome: metronome_source,
};

function is_kind(text: string): text is FileKind {
	return file_kinds.some((kind) => kind === text);
}

/** A database over the network; journals and what is kept aside lie in a folder of this machine. */
function server_location(address: ServerAddress, folder: string): Location {
	const server = (address.host ?? "local").replace(/[^\w.-]+/g, "_");
	return { kind: "server", path: resolve(folder, `${address.database}@${server}`), address };
}

function location_of_place(place: StoragePlace, folder: string): Location {
	if (place.driver === "internal") return { kind: "internal", path: place.folder };
	return "file" in place ? { kind: "sql", path: place.file } : server_location(place.address, folder);
}

/** Where a configuration keeps its data; an error where it does so in several places. */
async function location_of_config(path: string, folder: string): Promise<Result<Location, string>> {
	const loaded = await load_config(path, { missing_credentials: "warn" });
	if (!loaded.ok) {
		const { file, line, message } = loaded.error;
		return failed(`${file}${line === undefined ? "" : `:${line}`}: ${message}`);
	}
	const { config } = loaded.value;
	const places = storage_places(config, data_folder(config, dirname(resolve(path))));
	const locations = places.map((place) => location_of_place(place, folder));
	const [only, ...others] = locations;
	if (only === undefined) return failed(`${path}: it keeps no data in files`);
	if (others.length === 0) return ok(only);
	const named = locations.map(location_text).join(" and ");
	return failed(`${path}: it keeps data in several places, ${named}: name the one that is meant`);
}

const drivers = { "postgresql:": "PostgreSQL", "mysql:": "MySQL" } as const;

/** Reads `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`; `?host=/run/postgresql` names a Unix socket. */
function location_of_url(text: string, folder: string): Result<Location, string> {
	let url: URL;
	try {
		url = new URL(text);
	} catch {
		return failed(`cannot tell what ${text} is: expected ${forms}`);
	}
	const driver = url.protocol === "postgresql:" || url.protocol === "mysql:" ? drivers[url.protocol] : undefined;
	if (driver === undefined) return failed(`cannot tell what ${text} is: expected ${forms}`);
	const given: Record<string, string> = {
		database: decodeURIComponent(url.pathname.slice(1)),
		host: url.searchParams.get("host") ?? decodeURIComponent(url.hostname),
		username: decodeURIComponent(url.username),
		password: decodeURIComponent(url.password),
	};
	const address = read_address(driver, { ...given, ...(url.port === "" ? {} : { port: url.port }) });
	return address.ok
		? ok(server_location(address.value, folder))
		: failed(`${url.protocol}//${url.host}${url.pathname}: ${address.error}`);
}

/**
 * Reads a location as the command line has it.
 * @param folder where the journal of a migration to a database over the network lies; the current one where none is given
 */
export async function parse_location(text: string, folder = process.cwd()): Promise<Result<Location, string>> {
	if (/^[a-z]+:\/\//.test(text)) return location_of_url(text, folder);
	const [, kind = "", path = ""] = /^([a-z0-9]+):(.+)$/s.exec(text) ?? [];
	if (kind === "config") return location_of_config(path, folder);
	if (!is_kind(kind) || path === "") return failed(`cannot tell what ${text} is: expected ${forms}`);
	return ok({ kind, path: resolve(path) });
}

/** What messages about a location name. */
export function location_name({ address, path }: Location): string {
	return address === undefined ? path : address_text(address);
}

/** A location as the command line has it. */
export function location_text(location: Location): string {
	return location.kind === "server" ? location_name(location) : `${location.kind}:${location.path}`;
}

function open_files(kind: FileKind, path: string): Result<Source, string> {
	if (!existsSync(path)) return failed(`there is no ${path}`);
	const is_folder = statSync(path).isDirectory();
	const wants_folder = kind === "internal" || kind === "metronome";
	if (wants_folder && !is_folder) return failed(`${path} is a file: expected a folder of data`);
	if (!wants_folder && is_folder) return failed(`${path} is a folder: expected a file`);
	return ok(openers[kind](path));
}

/** Opens a location to be read. */
export function open_source(location: Location): Result<Source, string> {
	try {
		return location.kind === "server" ? ok(network_source(location.address)) : open_files(location.kind, location.path);
	} catch (error) {
		const text = error instanceof Error ? error.message : String(error);
		const name = location_name(location);
		return failed(text.includes(name) ? text : `${name}: ${text}`);
	}
}

/** Opens a location to be written. */
export function open_target({ kind, path, address }: Location): Result<Target, string> {
	if (address !== undefined) return network_target(address);
	return kind === "internal" ? ok(internal_target(path)) : sqlite_target(path);
}
