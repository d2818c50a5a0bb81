// Counterpart: ejabberd's mod_muc_admin (rooms_unused_list, rooms_unused_destroy), with archives and erasure

import type { ExportFormat, ModuleApi, RoomKeeping } from "../../core/types.ts";
import { type ApiAnswer, type ApiCommand, api_command, refuse_call, results } from "../../util/api/command.ts";
import { also_named, choice, domain, flag, integer, node, optional, text, texts } from "../../util/api/parameters.ts";
import { parse } from "../../util/datetime.ts";
import { ok, type Result } from "../../util/error.ts";

const formats: readonly ExportFormat[] = ["html", "text", "jsonl"];
/** The most characters of an archive that one call gives. */
const longest_export = 16 * 1024 * 1024;
const day = 86_400;

const service = domain("The service that has the rooms, such as conference.example.org");
const room = { room: also_named("name", node("The room's name, as before the @ of its JID")), service };

function jid_of(args: { readonly room: string; readonly service: string }): string {
	return `${args.room}@${args.service}`;
}

const days = integer("For how many days nobody used them", { min: 0, max: 100_000 });

function answer<Value>(done: Result<Value, string>, show: (value: Value) => unknown): ApiAnswer {
	if (done.ok) return ok(show(done.value));
	return refuse_call(done.error.startsWith("No such room") ? "not-found" : "bad-request", done.error);
}

/** What could not be done, by room. */
const problems_schema = {
	type: "object",
	additionalProperties: { type: "string" },
	description: "What could not be done, by room",
};

/** Collects an archive that is written piece by piece. */
async function collect(pieces: AsyncIterable<string>): Promise<ApiAnswer> {
	let written = "";
	try {
		for await (const piece of pieces) {
			written += piece;
			if (written.length > longest_export) {
				return refuse_call(
					"bad-request",
					"the archive is too long for one answer: export it by times, or at the console into a file",
				);
			}
		}
	} catch (error) {
		return refuse_call("failed", `the archive cannot be read: ${error instanceof Error ? error.message : error}`);
	}
	return ok(written);
}

export function keeping_commands({ server }: ModuleApi): ApiCommand[] {
	/** Has something done with what a service keeps of its rooms. */
	function with_service(
		{ service: host }: { readonly service: string },
		act: (keeping: RoomKeeping) => ApiAnswer | Promise<ApiAnswer>,
	): ApiAnswer | Promise<ApiAnswer> {
		const [keeping] = server.modulemanager.get_items(host, "room-keeping");
		return keeping === undefined ? refuse_call("not-found", `${host} has no rooms of this server's own`) : act(keeping);
	}
	return [
		api_command({
			name: "rooms_unused_list",
			desc: "Persistent rooms in which nobody was, and in which nothing was said, for so many days",
			scope: "rooms:read",
			rights: "host",
			parameters: { service, days },
			host: "service",
			result: results.texts("JIDs"),
			run: (_caller, args) =>
				with_service(args, async (keeping) =>
					answer(await keeping.unused_rooms(args.days), (unused) => unused.map(({ jid }) => jid).sort()),
				),
		}),
		api_command({
			name: "rooms_unused_destroy",
			desc: "Destroys them; gives those that were destroyed",
			scope: "rooms:write",
			rights: "host",
			parameters: { service, days },
			host: "service",
			result: results.texts("JIDs"),
			run: (_caller, args) =>
				with_service(args, async (keeping) =>
					answer(await keeping.destroy_unused_rooms(args.days), ({ destroyed }) => destroyed.sort()),
				),
		}),
		api_command({
			name: "get_room_retention",
			desc: "For how many days a room's messages are archived",
			scope: "rooms:read",
			rights: "host",
			parameters: room,
			host: "service",
			result: results.record({
				days: { type: "number", description: "-1 for ever" },
				own: { type: "boolean", description: "Whether it is the room's own, and not the service's" },
			}),
			owner: jid_of,
			run: (_caller, args) =>
				with_service(args, (keeping) =>
					answer(keeping.archive_length(jid_of(args)), ({ seconds, is_own }) => ({
						days: Number.isFinite(seconds) ? seconds / day : -1,
						own: is_own,
					})),
				),
		}),
		api_command({
			name: "set_room_retention",
			desc: "Sets for how many days a room's messages are archived; without a number, as long as the service says",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room, days: optional(integer("-1 for ever", { min: -1, max: 100_000 })) },
			host: "service",
			result: results.done,
			owner: jid_of,
			run: (_caller, args) => {
				if (args.days === 0) return refuse_call("bad-request", "days: expected at least 1, or -1 for ever");
				const seconds = args.days === -1 ? Number.POSITIVE_INFINITY : args.days === undefined ? undefined : args.days * day;
				return with_service(args, (keeping) => answer(keeping.set_archive_length(jid_of(args), seconds), () => 0));
			},
		}),
		api_command({
			name: "purge_room_archive",
			desc: "Deletes what was said in a room, or what was said before a time; gives how many messages that were",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room, before: optional(text("A time such as 2026-01-31T12:00:00Z")) },
			host: "service",
			result: results.number("messages"),
			owner: jid_of,
			run: (_caller, args) => {
				const before = args.before === undefined ? undefined : parse(args.before);
				if (args.before !== undefined && before === undefined) {
					return refuse_call("bad-request", "before: expected a time such as 2026-01-31T12:00:00Z");
				}
				return with_service(args, async (keeping) =>
					answer(await keeping.purge_archive(jid_of(args), before), (messages) => ({ messages })),
				);
			},
		}),
		api_command({
			name: "erase_from_rooms",
			desc: "Erases a person from all rooms of a service and their archives",
			scope: "rooms:write",
			rights: "host",
			parameters: {
				service,
				user: node("Name before the @ of the person's JID"),
				host: domain("The host of the person's JID"),
				nicks: optional(texts("Nicks that nobody else has used, for messages that do not say who said them", 100)),
				keep_bans: optional(flag("Rooms from which the person is banned go on knowing the address")),
			},
			host: "service",
			result: results.record({
				rooms: { type: "integer" },
				messages: { type: "integer", description: "That are tombstones now" },
				presences: { type: "integer" },
				affiliations: { type: "integer" },
				occupants: { type: "integer" },
				problems: problems_schema,
			}),
			run: (_caller, args) =>
				with_service(args, async (keeping) => {
					const options = { nicks: args.nicks ?? [], keep_bans: args.keep_bans ?? false };
					const erased = await keeping.erase_person(`${args.user}@${args.host}`, options);
					return answer(erased, ({ problems, ...numbers }) => ({ ...numbers, problems: Object.fromEntries(problems) }));
				}),
		}),
		api_command({
			name: "export_room",
			desc: "A room's archive as HTML, as text, or as JSON, an object on each line",
			scope: "rooms:read",
			rights: "host",
			parameters: {
				...room,
				format: choice("How it is written", formats),
				start: optional(text("Not before this time, such as 2026-01-31T12:00:00Z")),
				end: optional(text("Not after this time")),
			},
			host: "service",
			result: { type: "string" },
			run: (_caller, args) => {
				const [start, end] = [parse(args.start), parse(args.end)];
				if ((args.start !== undefined && start === undefined) || (args.end !== undefined && end === undefined)) {
					return refuse_call("bad-request", "start, end: expected a time such as 2026-01-31T12:00:00Z");
				}
				const part = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
				return with_service(args, (keeping) => {
					const pieces = keeping.export_archive(jid_of(args), args.format, part);
					return pieces.ok ? collect(pieces.value) : answer(pieces, () => undefined);
				});
			},
		}),
	];
}
