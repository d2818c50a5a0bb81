// Counterpart: plugins/mod_admin_shell.lua (def_env.muc)

import type { ModuleApi } from "../../core/types.ts";
import type { Result } from "../../util/error.ts";
import { failed, ok } from "../../util/error.ts";
import { format_table } from "../../util/human/table.ts";
import * as jid from "../../util/jid.ts";
import {
	command,
	done,
	type Outcome,
	optional_text,
	refused,
	result,
	type Section,
	type Shell,
	type ShellObject,
	type ShellValue,
	text_of,
} from "./command.ts";
import { call_method } from "./methods.ts";
import { muc_keeping_commands } from "./muc_keeping.ts";

/** What is needed of a room here. */
interface Room {
	readonly jid: string;
	each_occupant(): Iterable<readonly [string, Occupant]>;
	each_affiliation(): Iterable<readonly [string, string, { readonly reserved_nickname?: unknown } | undefined]>;
}

interface Occupant {
	readonly bare_jid: string;
	readonly nick: string;
	readonly role: string | undefined;
}

/** What is needed of the module that serves rooms. */
interface RoomService {
	each_room(): Iterable<Room>;
	get_room_from_jid(address: string): Room | undefined;
	create_room(address: string, config?: ShellValue): Result<Room, string>;
}

const role_ranks: Readonly<Record<string, number>> = { none: 0, visitor: 1, participant: 2, moderator: 3 };
const affiliation_ranks: Readonly<Record<string, number>> = { outcast: -1, none: 0, member: 1, admin: 2, owner: 3 };

/** What mod_muc offers others, where it is that in TypeScript. */
function is_room_service(exported: unknown): exported is RoomService {
	if (typeof exported !== "object" || exported === null) return false;
	return ["each_room", "get_room_from_jid", "create_room"].every((name) => typeof Reflect.get(exported, name) === "function");
}

/** A room that more can be asked of: `muc:room("tea@rooms.example.com"):get_name()`. */
function room_object(room: Room): ShellObject {
	return { show: () => `MUC room <${room.jid}>`, call: (name, args) => call_method(room, name, args) };
}

function show_occupants(shell: Shell, room: Room, filter: string | undefined): Outcome {
	const all = [...room.each_occupant()].map(([, occupant]) => occupant);
	const nick_of = ({ nick }: Occupant): string => jid.resource(nick) ?? "";
	const listed = all.filter((occupant) => filter === undefined || occupant.role === filter || nick_of(occupant).includes(filter));
	const rank = ({ role }: Occupant): number => role_ranks[role ?? "none"] ?? 0;
	listed.sort((a, b) => rank(b) - rank(a) || (a.bare_jid < b.bare_jid ? -1 : a.bare_jid > b.bare_jid ? 1 : 0));
	if (listed.length > 0) {
		const table = format_table<Occupant>(
			[
				{ title: "Role", width: 12, value: ({ role }) => role },
				{ title: "JID", width: "75%", value: ({ bare_jid }) => bare_jid },
				{ title: "Nickname", width: "25%", value: nick_of },
			],
			shell.width,
		);
		shell.print(table.titles());
		for (const occupant of listed) shell.print(table.row(occupant));
	}
	return count(listed.length, all.length, "occupant");
}

/** What was listed, out of how many. */
function count(listed: number, total: number, word: string): Outcome {
	const things = `${word}${total === 1 ? "" : "s"} listed`;
	return done(listed === total && listed > 0 ? `${total} ${things}` : `${listed} out of ${total} ${things}`);
}

function show_affiliations(shell: Shell, room: Room, filter: string | undefined): Outcome {
	const all = [...room.each_affiliation()].map(([address, affiliation, data]) => ({
		address,
		affiliation,
		nick: typeof data?.reserved_nickname === "string" ? data.reserved_nickname : undefined,
	}));
	const listed = all.filter(
		({ address, affiliation }) => filter === undefined || affiliation === filter || address.includes(filter),
	);
	const rank = (affiliation: string): number => affiliation_ranks[affiliation] ?? 0;
	listed.sort((a, b) => rank(b.affiliation) - rank(a.affiliation) || (a.address < b.address ? -1 : 1));
	if (listed.length > 0) {
		const table = format_table<(typeof all)[number]>(
			[
				{ title: "Affiliation", width: 12, value: ({ affiliation }) => affiliation },
				{ title: "JID", width: "75%", value: ({ address }) => address },
				{ title: "Nickname", width: "25%", value: ({ nick }) => nick },
			],
			shell.width,
		);
		shell.print(table.titles());
		for (const entry of listed) shell.print(table.row(entry));
	}
	return count(listed.length, all.length, "affiliation");
}

export function muc_section(module: ModuleApi): Section {
	const { server } = module;

	function service_of(host: string | undefined): Result<RoomService, string> {
		const session = host === undefined ? undefined : server.hosts.get(host);
		if (session === undefined) return failed(`No such host: ${host ?? "none given"}`);
		const exported = session.modules.get("muc")?.exports;
		if (exported === undefined) return failed(`Host '${host}' is not a MUC service`);
		return is_room_service(exported)
			? ok(exported)
			: failed(`the rooms of ${host} are those of a module in Lua, which the console does not see`);
	}

	/** Finds a room, and has something done with it. */
	function with_room(given: ShellValue, act: (room: Room) => Outcome): Outcome {
		const address = text_of(given, "the room's JID");
		const service = service_of(jid.prepped_split(address).host);
		if (!service.ok) return refused(service.error);
		const room = service.value.get_room_from_jid(address);
		return room === undefined ? refused(`No such room: ${address}`) : act(room);
	}

	return {
		name: "muc",
		desc: "Commands to create, list and manage chat rooms",
		commands: [
			command(
				"create(roomjid, { config })",
				"Create the specified MUC room with the given config",
				(_shell, [given, config]) => {
					const address = text_of(given, "the room's JID");
					const service = service_of(jid.prepped_split(address).host);
					if (!service.ok) return refused(service.error);
					const is_table = typeof config === "object" && !(config instanceof Map);
					if (config !== undefined && !is_table) return refused("Config must be a table");
					if (service.value.get_room_from_jid(address) !== undefined) return refused("Room exists already");
					const settings = Array.isArray(config) && config.length === 0 ? undefined : config;
					const created = service.value.create_room(address, settings);
					return created.ok ? result(`MUC room (${created.value.jid})`) : refused(created.error);
				},
				{ nodes: "owner" },
			),
			command(
				"room(roomjid)",
				"Reference the specified MUC room to access MUC API methods",
				(_shell, [room]) => with_room(room, (found) => ({ kind: "object", object: room_object(found) })),
				{ nodes: "owner" },
			),
			command("list(host)", "List rooms on the specified MUC component", (shell, [host]) => {
				const service = service_of(optional_text(host, "the host"));
				if (!service.ok) return refused("Please supply the address of a local MUC component");
				let rooms = 0;
				for (const room of service.value.each_room()) {
					shell.print(room.jid);
					rooms++;
				}
				return done(`${rooms} rooms`);
			}),
			command(
				"occupants(roomjid, filter)",
				"List room occupants, optionally filtered on substring or role",
				(shell, [room, filter]) => with_room(room, (found) => show_occupants(shell, found, optional_text(filter, "the filter"))),
				{ nodes: "owner" },
			),
			command(
				"affiliations(roomjid, filter)",
				"List affiliated members of the room, optionally filtered on substring or affiliation",
				(shell, [room, filter]) =>
					with_room(room, (found) => show_affiliations(shell, found, optional_text(filter, "the filter"))),
				{ nodes: "owner" },
			),
			...muc_keeping_commands(module),
		],
	};
}
