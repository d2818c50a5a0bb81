// Counterpart: ejabberd's mod_muc_admin (occupants, affiliations, invitations)

import type { ModuleApi } from "../../host/core/types.ts";
import { type ApiCommand, api_command, refuse_call, results } from "../../host/util/api/command.ts";
import { choice, domain, jid, node as node_parameter, optional, text, unlogged } from "../../host/util/api/parameters.ts";
import { one_list } from "../../host/util/api/together.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { bare, node, prep, resource, split } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import type { Room } from "../types.ts";
import { type ApiRooms, find_room, refused_by_room, room_of, room_parameters } from "./service.ts";

const affiliations = ["owner", "admin", "member", "none", "outcast"] as const;
/** Most people who are invited by one call. */
const most_invited = 100;

/** The people that a text names: JIDs with `:` between them, as ejabberd has it. */
function read_people(given: string): Result<string[], string> {
	const people: string[] = [];
	for (const one of given.split(":")) {
		const address = prep(one.trim());
		if (address === undefined || node(address) === undefined) return failed(`${JSON.stringify(one)} is no JID of a user`);
		people.push(address);
	}
	return people.length > most_invited ? failed(`expected at most ${most_invited} JIDs`) : ok(people);
}

function show_affiliations(room: Room): Record<string, string>[] {
	return [...room.each_affiliation()]
		.map(([address, affiliation, data]) => {
			const { node: username = "", host = "" } = split(address);
			return { username, domain: host, affiliation, reason: typeof data?.["reason"] === "string" ? data["reason"] : "" };
		})
		.sort((a, b) => (`${a.username}@${a.domain}` < `${b.username}@${b.domain}` ? -1 : 1));
}

export function people_commands(module: ModuleApi, rooms: ApiRooms): ApiCommand[] {
	return [
		api_command({
			name: "get_room_occupants",
			desc: "Who is in a room: real JID, nick and role of each session",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: results.table({ jid: { type: "string" }, nick: { type: "string" }, role: { type: "string" } }),
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const shown = [...room.value.each_occupant()].flatMap(([, occupant]) =>
					[...occupant.sessions.keys()].map((address) => ({
						jid: address,
						nick: resource(occupant.nick) ?? "",
						role: occupant.role ?? "none",
					})),
				);
				return ok(shown.sort((a, b) => (a.jid < b.jid ? -1 : 1)));
			},
		}),
		api_command({
			name: "get_room_occupants_number",
			desc: "How many nicks are in a room",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: results.number("occupants"),
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				return room.ok ? ok({ occupants: room.value._occupants.size }) : room;
			},
		}),
		api_command({
			name: "get_user_rooms",
			desc: "The rooms in which somebody is now, by JID",
			scope: "rooms:read",
			rights: "host",
			parameters: { user: node_parameter("Name before the @"), host: domain("The host of the account, here or elsewhere") },
			spans: true,
			together: one_list,
			result: results.texts("JIDs of rooms"),
			run: (_caller, { user, host }) => {
				const account = `${user}@${host}`;
				const is_in = (room: Room): boolean => [...room._occupants.values()].some(({ bare_jid }) => bare_jid === account);
				return ok(
					[...rooms.live_rooms()]
						.filter(is_in)
						.map((room) => room.jid)
						.sort(),
				);
			},
		}),
		api_command({
			name: "kick_room_occupant",
			desc: "Removes somebody from a room, who may come again",
			scope: "rooms:write",
			rights: "host",
			parameters: {
				...room_parameters,
				nick: text("The nick in the room", { filled: true }),
				reason: optional(text("Shown to everybody in the room")),
			},
			host: "service",
			result: results.done,
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const nick = resourceprep(args.nick);
				if (nick === undefined) return refuse_call("bad-request", `${JSON.stringify(args.nick)} cannot be a nick`);
				const kicked = room.value.set_role(true, `${room.value.jid}/${nick}`, undefined, args.reason);
				if (kicked.ok) return ok(0);
				if (kicked.error.condition !== "item-not-found") return refused_by_room(kicked.error);
				return refuse_call("not-found", `nobody is in ${room.value.jid} by the nick ${JSON.stringify(nick)}`);
			},
		}),
		api_command({
			name: "get_room_affiliations",
			desc: "Who is owner, admin, member of a room, or banned from it",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: results.table({
				username: { type: "string", description: "Empty where a whole domain is meant" },
				domain: { type: "string" },
				affiliation: { type: "string" },
				reason: { type: "string" },
			}),
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				return room.ok ? ok(show_affiliations(room.value)) : room;
			},
		}),
		api_command({
			name: "get_room_affiliation",
			desc: "What somebody is in a room",
			scope: "rooms:read",
			rights: "host",
			parameters: { ...room_parameters, jid: jid("JID of the account") },
			host: "service",
			result: results.record({ affiliation: { type: "string", enum: affiliations } }),
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				return room.ok ? ok({ affiliation: room.value.get_affiliation(args.jid) ?? "none" }) : room;
			},
		}),
		api_command({
			name: "set_room_affiliation",
			desc: "Makes somebody owner, admin or member of a room, bans them (outcast), or takes that back (none)",
			scope: "rooms:write",
			rights: "host",
			parameters: {
				...room_parameters,
				jid: jid("JID of the account, or a whole domain"),
				affiliation: choice("What they are from now on", affiliations),
				reason: optional(text("Kept with it, and shown to everybody in the room")),
			},
			host: "service",
			result: results.done,
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const account = bare(args.jid) ?? args.jid;
				// As clients' requests do, the reason is kept; undefined leaves what is kept
				const kept = room.value.get_affiliation_data(account);
				const data = args.reason === undefined || args.affiliation === "none" ? undefined : { ...kept, reason: args.reason };
				const changed = room.value.set_affiliation(true, account, args.affiliation, args.reason, data);
				return changed.ok ? ok(0) : refused_by_room(changed.error);
			},
		}),
		api_command({
			name: "send_direct_invitation",
			desc: "Invites people into a room (XEP-0249)",
			scope: "rooms:write",
			rights: "host",
			parameters: {
				...room_parameters,
				password: unlogged(optional(text("The room's password; its own by default"))),
				reason: optional(text("Why they should come")),
				users: text("JIDs with : between them", { max: 100_000, filled: true }),
			},
			host: "service",
			result: results.done,
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const people = read_people(args.users);
				if (!people.ok) return refuse_call("bad-request", `users: ${people.error}`);
				const password = args.password || room.value.get_password();
				for (const to of people.value) {
					const invitation = st.message({ from: room.value.jid, to, type: "normal" });
					invitation.tag("x", { xmlns: "jabber:x:conference", jid: room.value.jid, password, reason: args.reason });
					module.send(invitation.reset());
				}
				return ok(0);
			},
		}),
	];
}
