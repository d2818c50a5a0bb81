// No counterpart: Prosody's console has no commands for the archives of rooms.

import { open } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { ExportFormat, ModuleApi, RoomKeeping } from "../../core/types.ts";
import { date } from "../../util/datetime.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { parse_duration } from "../../util/human/io.ts";
import * as jid from "../../util/jid.ts";
import {
	type Command,
	command,
	done,
	type Outcome,
	optional_text,
	refused,
	type Shell,
	type ShellValue,
	text_of,
} from "./command.ts";

const formats: readonly ExportFormat[] = ["html", "text", "jsonl"];
const day = 86_400;

function is_format(name: string): name is ExportFormat {
	return formats.some((format) => format === name);
}

/** A period such as `2 weeks`, or a number of seconds; Infinity for `never`, undefined for `default`. */
function read_period(text: string): Result<number | undefined, string> {
	if (text === "default") return ok(undefined);
	if (text === "never") return ok(Number.POSITIVE_INFINITY);
	// Stricter than elsewhere, since a slip of the finger must not delete anything
	const is_period = /^\d+ *(s|sec(ond)?s?|min(ute)?s?|h(our)?s?|d(ay)?s?|w(eek)?s?|mon(th)?s?|y(ear)?s?)$/i.test(text);
	const seconds = /^\d+$/.test(text) ? Number(text) : is_period ? parse_duration(text) : undefined;
	return seconds === undefined
		? failed(`Expected a period such as '2 weeks', 'never', or 'default', got '${text}'`)
		: ok(seconds);
}

function period_text(seconds: number): string {
	if (seconds === Number.POSITIVE_INFINITY) return "for ever";
	const days = Math.round((seconds / day) * 10) / 10;
	return `for ${days} day${days === 1 ? "" : "s"}`;
}

/** What could not be done, a line each. */
function print_problems(shell: Shell, problems: ReadonlyMap<string, string>): void {
	for (const [room, problem] of problems) shell.print(`${room}: ${problem}`);
}

function plural(number: number, word: string): string {
	return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** Writes an archive into a new file. */
async function write_file(path: string, pieces: AsyncIterable<string>): Promise<Outcome> {
	if (!isAbsolute(path)) return refused(`Expected an absolute path, got ${path}`);
	try {
		const file = await open(path, "wx", 0o640);
		try {
			for await (const piece of pieces) await file.writeFile(piece);
		} finally {
			await file.close();
		}
		return done(`Written to ${path}`);
	} catch (error) {
		return refused(`The archive cannot be written: ${error instanceof Error ? error.message : error}`);
	}
}

async function print_archive(shell: Shell, pieces: AsyncIterable<string>): Promise<Outcome> {
	try {
		for await (const piece of pieces) {
			if (!shell.is_connected()) break;
			// Lines belong together here; the last one is ended by what the console adds
			if (piece !== "") shell.print(piece.replace(/\n$/, ""));
		}
		return done("That is all");
	} catch (error) {
		return refused(`The archive cannot be read: ${error instanceof Error ? error.message : error}`);
	}
}

/** Archive length, purge, erasure, export and unused rooms. */
export function muc_keeping_commands({ server }: ModuleApi): Command[] {
	function keeping_of(host: string | undefined): Result<RoomKeeping, string> {
		if (host === undefined || !server.hosts.has(host)) return failed(`No such host: ${host ?? "none given"}`);
		const [keeping] = server.modulemanager.get_items(host, "room-keeping");
		return keeping === undefined ? failed(`Host '${host}' has no rooms of this server's own`) : ok(keeping);
	}

	/** Has something done with the room of an argument. */
	function with_room(
		given: ShellValue,
		act: (keeping: RoomKeeping, room_jid: string) => Outcome | Promise<Outcome>,
	): Outcome | Promise<Outcome> {
		const typed = text_of(given, "the room's JID");
		const room_jid = jid.prep(typed);
		const keeping = keeping_of(jid.host(room_jid));
		if (room_jid === undefined) return refused(`Not a JID: ${typed}`);
		return keeping.ok ? act(keeping.value, room_jid) : refused(keeping.error);
	}

	function with_days(
		given_host: ShellValue,
		given_days: ShellValue,
		act: (keeping: RoomKeeping, days: number) => Promise<Outcome>,
	): Outcome | Promise<Outcome> {
		const keeping = keeping_of(text_of(given_host, "the host"));
		return keeping.ok ? act(keeping.value, Number(text_of(given_days, "the days"))) : refused(keeping.error);
	}

	/** All services with rooms, or that of a host. */
	function services(host: string | undefined): Result<[host: string, keeping: RoomKeeping][], string> {
		if (host === undefined) {
			return ok(
				[...server.hosts.keys()].flatMap((name) => {
					const [keeping] = server.modulemanager.get_items(name, "room-keeping");
					return keeping === undefined ? [] : [[name, keeping]];
				}),
			);
		}
		const keeping = keeping_of(host);
		return keeping.ok ? ok([[host, keeping.value]]) : keeping;
	}

	async function erase(
		shell: Shell,
		person: string,
		host: string | undefined,
		nick: string | undefined,
		keep_bans: boolean,
	): Promise<Outcome> {
		const found = services(host);
		if (!found.ok) return refused(found.error);
		if (nick !== undefined && host === undefined) return refused("A nick belongs to a person in the rooms of one host: name it");
		let failures = 0;
		for (const [name, keeping] of found.value) {
			const erased = await keeping.erase_person(person, { keep_bans, ...(nick === undefined ? {} : { nicks: [nick] }) });
			if (!erased.ok) {
				failures++;
				shell.print(`${name}: ${erased.error}`);
				continue;
			}
			const { rooms, messages, presences, affiliations, occupants, problems } = erased.value;
			failures += problems.size;
			print_problems(shell, problems);
			const parts = [
				plural(messages, "message"),
				plural(presences, "join and leave"),
				plural(affiliations, "affiliation"),
				plural(occupants, "occupant"),
			];
			shell.print(`${name}: ${parts.join(", ")} in ${plural(rooms, "room")}`);
		}
		return failures > 0 ? refused("Not everything could be erased; say it again, or restart the server") : done("Erased");
	}

	return [
		command(
			"retention(roomjid, period)",
			"Show or set how long a room's messages are archived",
			(_shell, [given, period]) =>
				with_room(given, (keeping, room_jid) => {
					const wanted = period === undefined ? undefined : read_period(text_of(period, "the period"));
					if (wanted?.ok === false) return refused(wanted.error);
					const set = wanted === undefined ? ok(undefined) : keeping.set_archive_length(room_jid, wanted.value);
					const length = set.ok ? keeping.archive_length(room_jid) : set;
					if (!length.ok) return refused(length.error);
					const { seconds, is_own } = length.value;
					return done(`Messages are archived ${period_text(seconds)}${is_own ? "" : ", as on the whole service"}`);
				}),
			{ nodes: "owner" },
		),
		command(
			"purge(roomjid, age)",
			"Delete a room's archive, or what is older than that",
			(_shell, [given, age]) =>
				with_room(given, async (keeping, room_jid) => {
					const period = age === undefined ? ok(0) : read_period(text_of(age, "the age"));
					if (!period.ok) return refused(period.error);
					if (period.value === undefined) return refused("Expected a period such as '2 weeks'");
					const purged = await keeping.purge_archive(room_jid, Math.floor(Date.now() / 1000) - period.value);
					return purged.ok ? done(`${plural(purged.value, "message")} deleted`) : refused(purged.error);
				}),
			{ nodes: "owner" },
		),
		command(
			"erase(jid, host, nick)",
			"Erase a person from all rooms and their archives; also what was said under a nick that nobody else had",
			(shell, [person, host, nick], flags) =>
				erase(
					shell,
					text_of(person, "a JID"),
					optional_text(host, "the host"),
					optional_text(nick, "the nick"),
					flags?.["keep_bans"] === true,
				),
			{ flags: { kv_params: { keep_bans: true }, strict: true, stop_on_positional: false } },
		),
		command("export(roomjid, format, file)", "Write a room's archive as html, text or jsonl", (shell, [given, format, file]) =>
			with_room(given, (keeping, room_jid) => {
				const wanted = optional_text(format, "the format") ?? "text";
				if (!is_format(wanted)) return refused(`Expected one of ${formats.join(", ")}, got ${wanted}`);
				const path = optional_text(file, "the file");
				const pieces = keeping.export_archive(room_jid, wanted);
				if (!pieces.ok) return refused(pieces.error);
				return path === undefined ? print_archive(shell, pieces.value) : write_file(path, pieces.value);
			}),
		),
		command("unused(host, days)", "List rooms that nobody has used for so many days", (shell, [host, days]) =>
			with_days(host, days, async (keeping, number) => {
				const unused = await keeping.unused_rooms(number);
				if (!unused.ok) return refused(unused.error);
				for (const { jid: room_jid, last_used } of unused.value) shell.print(`${room_jid}\t${date(last_used)}`);
				return done(plural(unused.value.length, "room"));
			}),
		),
		command("destroy_unused(host, days)", "Destroy rooms that nobody has used for so many days", (shell, [host, days]) =>
			with_days(host, days, async (keeping, number) => {
				const ended = await keeping.destroy_unused_rooms(number);
				if (!ended.ok) return refused(ended.error);
				for (const room_jid of ended.value.destroyed) shell.print(room_jid);
				print_problems(shell, ended.value.problems);
				const words = `${plural(ended.value.destroyed.length, "room")} destroyed`;
				return ended.value.problems.size > 0 ? refused(words) : done(words);
			}),
		),
	];
}
