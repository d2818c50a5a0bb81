// Counterpart: ejabberd's mod_muc_admin (rooms in lists); in a cluster, each is as the node shows it that serves it.

import type { ArchiveStore, ModuleApi, Question } from "../../host/core/types.ts";
import type { ApiAnswer } from "../../host/util/api/command.ts";
import { fields_of, list_of, missing_text, text_of } from "../../host/util/cluster/read.ts";
import { failed, ok } from "../../host/util/error.ts";
import { archive_of, groupchat } from "../mam/archive.ts";
import type { Room } from "../types.ts";
import type { ApiRooms } from "./service.ts";

/** A room in a list. */
export interface ShownRoom extends Readonly<Record<string, unknown>> {
	readonly jid: string;
}

/** What nodes say of those of some rooms that they serve: what is stored does not have all of it. */
function rooms_question(service: string): Question<readonly string[], ShownRoom[]> {
	return {
		name: `muc-rooms ${service}`,
		read_asked: (given) => list_of(given, text_of),
		read_answer: (given) =>
			list_of(given, (one) => {
				const fields = fields_of(one);
				const jid = text_of(fields?.["jid"]);
				return jid === undefined ? undefined : { ...fields, jid };
			}),
	};
}

/** When something was said last, in seconds since 1970; a room that is not in memory remembers nothing, but its archive may. */
async function last_message(store: ArchiveStore, room: Room): Promise<number> {
	const remembered = room._history?.at(-1)?.timestamp;
	if (remembered !== undefined || store.name === "null") return remembered ?? 0;
	const found = await store.find_later(archive_of(room), { with: groupchat, reverse: true, limit: 1 });
	return found.ok ? Math.floor(found.value.items[0]?.when ?? 0) : 0;
}

async function show_room(store: ArchiveStore, room: Room): Promise<ShownRoom> {
	return {
		jid: room.jid,
		name: room.get_name() ?? "",
		description: room.get_description() ?? "",
		subject: room.get_subject()[1] ?? "",
		occupants: room._occupants.size,
		public: room.get_public(),
		persistent: room.get_persistent() ?? false,
		members_only: room.get_members_only() ?? false,
		moderated: room.get_moderated() ?? false,
		password_protected: room.get_password() !== undefined,
		last_message: await last_message(store, room),
	};
}

/** Shows rooms. */
export interface ShownRooms {
	show(room: Room): Promise<ShownRoom>;
	/** What is shown of rooms, of those that other nodes serve as these have them. */
	as_served(shown: readonly ShownRoom[]): Promise<ApiAnswer>;
	/** Ends the answers to other nodes. */
	stop(): void;
}

export function create_shown_rooms(module: ModuleApi, rooms: ApiRooms, store: ArchiveStore): ShownRooms {
	const { nodes } = module.server;
	const question = rooms_question(module.host);
	const show = (room: Room): Promise<ShownRoom> => show_room(store, room);
	const stop = nodes.answer(question, async (jids) => {
		const live = new Map([...rooms.live_rooms()].map((room) => [room.jid, room]));
		return Promise.all(jids.flatMap((jid) => live.get(jid) ?? []).map(show));
	});
	return {
		show,
		async as_served(shown) {
			const jids = shown.map(({ jid }) => jid);
			const { answers, missing } = await nodes.ask_others(question, jids);
			const served = new Map(answers.flatMap(({ answer }) => answer.map((room) => [room.jid, room])));
			const all = shown.map((room) => served.get(room.jid) ?? room);
			const text = missing_text(missing);
			return text === undefined ? ok(all) : failed({ kind: "unavailable", text, partial: all });
		},
		stop,
	};
}
