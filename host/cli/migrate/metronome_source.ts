// Counterpart: Metronome's plugins/muc/mod_muc.lua, mod_muc_vcard.lua, mod_stanza_log.lua and util/datamanager.lua, whose files these are

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StoreMap, StoreTable, StoreValue } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { path_decode } from "../../util/file_names.ts";
import { prep } from "../../util/jid.ts";
import * as json from "../../util/json.ts";
import { entries, is_table, type LuaValue } from "../../util/luatable.ts";
import { read_data } from "../../util/serialization.ts";
import * as st from "../../util/stanza.ts";
import { canonical_xml } from "./canonical_xml.ts";
import { LeftList } from "./internal_source.ts";
import { is_affiliation, room_table } from "./rooms.ts";
import type { ArchiveEntry, ArchiveRecord, ReadTable, Source, Unit } from "./types.ts";

/** Settings that both have under the same name. */
const same_settings: ReadonlySet<string> = new Set([
	"changesubject",
	"description",
	"hidden",
	"history_length",
	"language",
	"members_only",
	"moderated",
	"name",
	"password",
	"persistent",
	"subject",
	"subject_from",
	"whois",
]);

/** How many messages one day of a room may have, so that a number can say where reading goes on. */
const day_size = 1_000_000;

interface FileUnit extends Unit {
	/** The file, or for an archive one for each day. */
	readonly paths: readonly string[];
}

/** A name as part of a path there: `+` may stand for a blank. */
function decode(part: string): string {
	return path_decode(part.replaceAll("+", " "));
}

/** Names in a folder, in order; none where there is no such folder. */
function names(folder: string): string[] {
	return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder).sort() : [];
}

/** A file of data, which may be Lua or JSON there. */
function read_file(path: string): Result<ReadonlyMap<unknown, LuaValue>, string> {
	const bytes = readFileSync(path);
	const data = /^\s*[[{]/.test(bytes.toString("latin1", 0, 100)) ? json.decode(bytes.toString("utf8")) : read_data(bytes);
	if (!data.ok) return data;
	if (data.value === undefined || !is_table(data.value)) return failed("it holds no table");
	return ok(new Map(entries(data.value)));
}

function inner(value: LuaValue | undefined): ReadonlyMap<unknown, LuaValue> {
	return value !== undefined && is_table(value) ? new Map(entries(value)) : new Map();
}

function text(value: LuaValue | undefined): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}

/** A room as it is stored there: `jid`, `_data` and `_affiliations`, of which Prosody 0.10 and before had the same. */
function read_room(stored: ReadonlyMap<unknown, LuaValue>, left: LeftList): Result<StoreMap, string> {
	const jid = prep(text(stored.get("jid")) ?? "");
	if (jid === undefined || !stored.has("_data")) return failed("it holds no room");
	const data: { [key: string]: StoreValue | undefined } = {};
	for (const [key, value] of inner(stored.get("_data"))) {
		if (typeof key !== "string" || key === "logging") continue;
		if (same_settings.has(key)) data[key] = value;
		else left.add(`setting ${key}`, "Prosody has no such setting");
	}
	// Rooms are only kept in a log there where their owners say so; here they are unless owners say otherwise.
	data["archiving"] = inner(stored.get("_data")).get("logging") === true;
	const affiliations = new Map<string, string>();
	for (const [person, affiliation] of inner(stored.get("_affiliations"))) {
		const person_jid = typeof person === "string" ? prep(person) : undefined;
		if (person_jid !== undefined && typeof affiliation === "string" && is_affiliation(affiliation)) {
			affiliations.set(person_jid, affiliation);
		} else if (affiliation !== "none") left.add("affiliation", "not of a JID, or not one of Prosody's");
	}
	for (const key of ["_occupants", "_jid_nick"]) {
		if (stored.has(key)) left.add(`${key} of a room`, "who was there has to enter again");
	}
	return ok(room_table({ jid, data, affiliations, affiliation_data: new Map<string, StoreTable>() }));
}

/** An entry of a room's log as an item of an archive. */
function log_record(entry: ReadonlyMap<unknown, LuaValue>, room: string, fallback_key: string): Result<ArchiveRecord, string> {
	const when = entry.get("timestamp");
	if (typeof when !== "number" || !Number.isFinite(when)) return failed("it has no time");
	try {
		const stanza = st.message({
			from: text(entry.get("resource")) ?? room,
			type: text(entry.get("type")) ?? "groupchat",
			id: text(entry.get("id")),
		});
		for (const name of ["subject", "body"]) {
			const content = entry.get(name);
			if (typeof content === "string") stanza.text_tag(name, content);
		}
		const origin = text(entry.get("oid"));
		if (origin !== undefined) stanza.tag("origin-id", { xmlns: "urn:xmpp:sid:0", id: origin }).up();
		for (const tag of inner(entry.get("tags")).values()) {
			const element = st.deserialize(tag);
			if (element !== undefined) stanza.add_child(element);
		}
		stanza.reset();
		const key = text(entry.get("uid")) ?? fallback_key;
		const with_whom = `message<${stanza.attr["type"]}`;
		return ok({ key, when: Math.floor(when), with: with_whom, stanza, xml: canonical_xml(stanza) });
	} catch (error) {
		if (error instanceof TypeError) return failed("it holds text that XML cannot carry");
		throw error;
	}
}

/** The units of one host, and what else is in its folder. */
function survey_host(folder: string, host: string, left: LeftList): FileUnit[] {
	const units: FileUnit[] = [];
	const logs = new Map<string, string[]>();
	const take = (store: string, as: string): void => {
		for (const name of names(join(folder, store)).filter((file) => file.endsWith(".dat"))) {
			const path = join(folder, store, name);
			const user = decode(name.slice(0, -".dat".length));
			units.push({ host, store: as, user, kind: "keyval", size: statSync(path).size, paths: [path] });
		}
	};
	take("config", "config");
	take("room_icons", "vcard_muc");
	if (statSync(join(folder, "persistent.dat"), { throwIfNoEntry: false })) {
		const paths = [join(folder, "persistent.dat")];
		units.push({ host, store: "persistent", user: undefined, kind: "keyval", size: 1, paths });
	}
	for (const day of names(join(folder, "stanza_log"))) {
		for (const name of names(join(folder, "stanza_log", day)).filter((file) => file.endsWith(".dat"))) {
			const user = decode(name.slice(0, -".dat".length));
			logs.set(user, [...(logs.get(user) ?? []), join(folder, "stanza_log", day, name)]);
		}
	}
	for (const [user, paths] of logs) {
		const size = paths.reduce((sum, path) => sum + statSync(path).size, 0);
		units.push({ host, store: "muc_log", user, kind: "archive", size, paths });
	}
	const taken = ["config", "room_icons", "persistent.dat", "stanza_log", "stanza_log_metada", "stanza_log_metada.dat"];
	for (const name of names(folder)) if (!taken.includes(name)) left.add(`${host}/${name}`, "only rooms and their logs are taken");
	return units;
}

/** Whether a host's folder is that of a room service. */
function has_rooms(folder: string): boolean {
	return names(folder).includes("persistent.dat") && names(folder).includes("config");
}

/** Metronome's data folder as a source; only rooms are taken. Throws where the folder cannot be read. */
export function metronome_source(folder: string): Source {
	const left = new LeftList();
	const units: FileUnit[] = [];
	for (const name of readdirSync(folder).sort()) {
		const path = join(folder, name);
		if (!statSync(path).isDirectory()) continue;
		if (has_rooms(path)) units.push(...survey_host(path, decode(name), left));
		else left.add(`${decode(name)}/`, "only room services are taken");
	}
	const known = new Map<Unit, FileUnit>(units.map((unit) => [unit, unit]));
	const paths_of = (unit: Unit): readonly string[] => known.get(unit)?.paths ?? [];

	function convert(store: string, stored: ReadonlyMap<unknown, LuaValue>): Result<StoreMap, string> {
		if (store === "config") return read_room(stored, left);
		const table = store === "vcard_muc" ? inner(stored.get("photo")) : stored;
		if (store === "vcard_muc" && st.deserialize(stored.get("photo")) === undefined) return failed("it holds no vCard");
		const kept: StoreMap = new Map();
		for (const [key, value] of table) {
			if (store === "persistent" && value !== true) continue;
			if (typeof key === "string" || typeof key === "number") kept.set(key, value);
		}
		return ok(kept);
	}

	return {
		name: `metronome:${folder}`,
		units: () => units,
		read_table(unit): ReadTable {
			const [path = ""] = paths_of(unit);
			const stored = read_file(path);
			const table = stored.ok ? convert(unit.store, stored.value) : stored;
			if (table.ok) return { table: table.value.size === 0 ? undefined : table.value, unreadable: [] };
			return { table: undefined, unreadable: [{ place: path, reason: table.error, raw: readFileSync(path) }] };
		},
		*read_archive(unit, from): Generator<ArchiveEntry> {
			const room = `${unit.user}@${unit.host}`;
			for (const [day, path] of paths_of(unit).entries()) {
				const size = statSync(path).size;
				const end = (day + 1) * day_size;
				if (end <= from) continue;
				const stored = read_file(path);
				if (!stored.ok) {
					yield { next: end, size, unreadable: { place: path, reason: stored.error, raw: readFileSync(path) } };
					continue;
				}
				const log = [...stored.value.values()];
				for (const [at, entry] of log.entries()) {
					const next = day * day_size + at + 1;
					if (next <= from) continue;
					const share = size / log.length;
					const record = log_record(inner(entry), room, `${path.split("/").at(-2)}-${at + 1}`);
					if (record.ok) {
						yield { next, size: share, record: record.value };
						continue;
					}
					const raw = Buffer.from(`${JSON.stringify([...inner(entry)])}\n`);
					yield { next, size: share, unreadable: { place: `${path}, entry ${at + 1}`, reason: record.error, raw } };
				}
			}
		},
		fingerprint: (unit) =>
			paths_of(unit)
				.map((path) => statSync(path))
				.map(({ size, mtimeMs: mtime_ms }) => `${size} ${mtime_ms}`)
				.join(" "),
		left_behind: () => left.list(),
		close: () => {},
	};
}
