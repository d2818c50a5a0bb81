// No counterpart: what one and the same configuration means to Prosody 0.12, to 13 and to us, where that differs.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../core/configmanager.ts";
import { default_driver } from "../../core/storagemanager.ts";
import { path_encode } from "../../util/file_names.ts";
import type { Finding, Readings, Severity } from "./findings.ts";
import { lua_tokens } from "./lua_scan.ts";

/** A rule about one option of room services. */
interface RoomRule {
	readonly option: string;
	readonly severity: Severity;
	/** Whether it concerns a section where the option has this value (undefined where it is not set). */
	applies(value: unknown): boolean;
	readonly message: string;
	readonly expected: string;
	readonly readings: Readings;
}

/** Source: plugins/muc/mod_muc.lua and its libraries in both versions, and 13's release notes. */
const room_rules: readonly RoomRule[] = [
	{
		option: "component_admins_as_room_owners",
		severity: "warning",
		applies: (value) => value === undefined,
		message: "admins are no longer owners of every room",
		expected: "component_admins_as_room_owners = true keeps that; the admins' commands of the room service do without",
		readings: { prosody_0_12: "true", prosody_13: "false", enjamb: "false" },
	},
	{
		option: "muc_room_allow_persistent",
		severity: "warning",
		applies: (value) => value === undefined || value === true,
		message: "who is not registered on this server can no longer make rooms persistent",
		expected: "muc_room_allow_persistent = false leaves it to admins alone, in all versions",
		readings: { prosody_0_12: "all owners", prosody_13: "registered owners", enjamb: "registered owners" },
	},
	{
		option: "muc_room_allow_public",
		severity: "warning",
		applies: (value) => value === undefined || value === true,
		message: "who is not registered on this server can no longer make rooms public",
		expected: "muc_room_allow_public = false leaves it to admins alone, in all versions",
		readings: { prosody_0_12: "all owners", prosody_13: "registered owners", enjamb: "registered owners" },
	},
	{
		option: "restrict_room_creation",
		severity: "info",
		applies: (value) => value === undefined,
		message: "anybody may create rooms, though the release notes of 13 say that by default only local users may",
		expected: 'restrict_room_creation = "local" is what they say',
		readings: { prosody_0_12: "anybody", prosody_13: "anybody", enjamb: "anybody" },
	},
	{
		option: "restrict_room_creation",
		severity: "warning",
		applies: (value) => value === "admin",
		message: 'restrict_room_creation = "admin" means something else in Prosody 13',
		expected: "restrict_room_creation = true leaves it to admins in all versions",
		readings: { prosody_0_12: "admins", prosody_13: "all registered users", enjamb: "admins" },
	},
	{
		option: "muc_room_default_presence_broadcast",
		severity: "warning",
		applies: (value) => typeof value === "string" || Array.isArray(value),
		message: "presences of new rooms are broadcast again, which Prosody 13 keeps back when it is told roles in this form",
		expected: "expected a table such as { visitor = true, participant = true, moderator = true }",
		readings: { prosody_0_12: "nobody is shown", prosody_13: "nobody is shown", enjamb: "the roles named are shown" },
	},
	{
		option: "muc_room_default_allow_pm",
		severity: "info",
		applies: (value) => value !== undefined,
		message: "who may send private messages in new rooms is an option of 13 only",
		expected: "Prosody 0.12 lets everybody",
		readings: { prosody_0_12: "not read", prosody_13: "read", enjamb: "read" },
	},
];

function check_rooms(config: Config): Finding[] {
	const findings: Finding[] = [];
	for (const host of config.hosts().filter((name) => config.component_module(name) === "muc")) {
		for (const { option, severity, applies, message, expected, readings } of room_rules) {
			const value = config.get(host, option);
			if (!applies(value)) continue;
			const section = config.raw(host)?.has(option) || value === undefined ? host : "*";
			const place = config.location(section, value === undefined ? "component_module" : option);
			findings.push({ severity, area: "behaviour", message, expected, readings, host, option, ...place });
		}
	}
	return findings;
}

/** Where packages and an installation from source have Prosody keep its data. */
const usual_data_folders: readonly string[] = ["/var/lib/prosody", "/usr/local/var/lib/prosody"];

/** A folder in which a Prosody keeps data of these hosts, if it is not ours. */
function data_elsewhere(config: Config, data_folder: string): string | undefined {
	return usual_data_folders
		.filter((folder) => folder !== data_folder)
		.find((folder) => [...config.hosts().map(path_encode), "prosody.sqlite"].some((name) => existsSync(join(folder, name))));
}

/** Rules about the server as a whole. */
function check_server(config: Config, data_folder: string): Finding[] {
	const findings: Finding[] = [];
	const add = (option: string, finding: Omit<Finding, "area" | "option" | "host">): void => {
		findings.push({ area: "behaviour", option, host: "*", ...config.location("*", option), ...finding });
	};
	const chooses_storage = ["*", ...config.hosts()].every((host) => {
		const storage = config.get(host, "storage");
		return typeof storage === "string" || config.get(host, "default_storage") !== undefined;
	});
	if (!chooses_storage && default_driver !== "internal") {
		add("default_storage", {
			severity: "warning",
			message: "no storage is named, and what is stored where then differs",
			expected: 'storage = "internal" is what Prosody does without being told',
			readings: { prosody_0_12: "internal", prosody_13: "internal", enjamb: default_driver },
		});
	}
	const elsewhere = config.get("*", "data_path") === undefined ? data_elsewhere(config, data_folder) : undefined;
	if (elsewhere !== undefined) {
		add("data_path", {
			severity: "warning",
			message: `no data_path is set, and there are data of these hosts in ${elsewhere}`,
			expected: `data_path = "${elsewhere}" uses them`,
			readings: { prosody_0_12: elsewhere, prosody_13: elsewhere, enjamb: data_folder },
		});
	}
	if (config.get("*", "daemonize") === true) {
		add("daemonize", {
			severity: "info",
			message: "the server always stays in the foreground",
			expected: "let systemd, or whatever else starts it, see to the rest",
			readings: { prosody_0_12: "detaches", prosody_13: "detaches", enjamb: "stays" },
		});
	}
	return findings;
}

/** Words that only 13's configuration files have. Source: core/configmanager.lua, parser.load. */
const words_of_13: ReadonlySet<string> = new Set(["FileContents", "FileLine", "FileLines", "Credential", "Lua"]);
const libraries_of_lua: ReadonlySet<string> = new Set(["os", "io", "string", "table", "math", "debug", "package"]);

function check_file(file: string): Finding[] {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch {
		return [];
	}
	const findings: Finding[] = [];
	const tokens = lua_tokens(text);
	const seen = new Set<string>();
	const add = (key: string, line: number, message: string, readings: Readings): void => {
		if (seen.has(key)) return;
		seen.add(key);
		findings.push({ severity: "info", area: "behaviour", file, line, message, readings });
	};
	tokens.forEach(({ kind, text: word, line }, at) => {
		if (kind !== "name" || tokens[at - 1]?.text === "." || tokens[at - 1]?.text === ":") return;
		const next = tokens[at + 1];
		if (words_of_13.has(word) && next?.text !== "=") {
			add(word, line, `Prosody 0.12 does not know ${word}, so that it cannot go back to this file`, {
				prosody_0_12: "an error",
				prosody_13: "read",
				enjamb: "read",
			});
		}
		if (libraries_of_lua.has(word) && next?.text === ".") {
			add(word, line, `Lua's own ${word} is to be called Lua.${word} from 13 on`, {
				prosody_0_12: "read",
				prosody_13: "read, with a warning",
				enjamb: "read, where it only looks",
			});
		}
		if (next?.text === "=" && tokens[at + 2]?.text === word && tokens[at + 3]?.text === "+") {
			add(`${word}+`, line, `adding to the earlier value of ${word} is new in 13`, {
				prosody_0_12: "an error",
				prosody_13: "read",
				enjamb: "read",
			});
		}
	});
	return findings;
}

/**
 * Says where the servers behave differently with a configuration.
 * @param files the files it came from
 * @param data_folder the folder where Enjamb would keep its data
 */
export function check_behaviours(config: Config, files: readonly string[], data_folder: string): Finding[] {
	return [...files.flatMap(check_file), ...check_server(config, data_folder), ...check_rooms(config)];
}
