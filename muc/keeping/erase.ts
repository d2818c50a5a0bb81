// No counterpart: Prosody cannot erase a person from rooms.

import type {
	ArchiveStore,
	Erasure,
	ErasureOptions,
	ModuleApi,
	Question,
	RoomKeeping,
	StoreTable,
} from "../../host/core/types.ts";
import { fields_of, list_of, number_of, text_of } from "../../host/util/cluster/read.ts";
import { now } from "../../host/util/datetime.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { bare, join, node, prep } from "../../host/util/jid.ts";
import { as_table } from "../kinds.ts";
import type { Rooms } from "../rooms.ts";
import { create_room_erasure, type RoomErasure } from "./erase_room.ts";
import type { FindRoom } from "./find.ts";
import { between_turns, is_stored, not_stored } from "./slices.ts";

/** The options of an erasure as they are stored. */
function to_table({ nicks = [], keep_bans = false }: ErasureOptions): StoreTable {
	return { since: now(), nicks: [...nicks], keep_bans };
}

function from_table(table: StoreTable): ErasureOptions {
	const { nicks, keep_bans } = table;
	return {
		nicks: Array.isArray(nicks) ? nicks.filter((nick) => typeof nick === "string") : [],
		keep_bans: keep_bans === true,
	};
}

/** A person who is to be erased from one room. */
interface AskedErasure {
	readonly room_jid: string;
	readonly jid: string;
	readonly options: ErasureOptions;
}

/** Asks the node that serves a room to erase somebody from it. */
function erasure_question(service: string): Question<AskedErasure, Result<RoomErasure, string>> {
	return {
		name: `muc-erase ${service}`,
		read_asked(given) {
			const fields = fields_of(given);
			const [room_jid, jid, options] = [text_of(fields?.["room_jid"]), text_of(fields?.["jid"]), fields_of(fields?.["options"])];
			if (room_jid === undefined || jid === undefined || options === undefined) return undefined;
			return {
				room_jid,
				jid,
				options: { nicks: list_of(options["nicks"], text_of) ?? [], keep_bans: options["keep_bans"] === true },
			};
		},
		read_answer(given) {
			const fields = fields_of(given);
			const error = text_of(fields?.["error"]);
			if (error !== undefined) return failed(error);
			const value = fields_of(fields?.["value"]);
			const [messages, presences] = [number_of(value?.["messages"]), number_of(value?.["presences"])];
			const [affiliations, occupants] = [number_of(value?.["affiliations"]), number_of(value?.["occupants"])];
			if (messages === undefined || presences === undefined || affiliations === undefined || occupants === undefined)
				return undefined;
			return ok({ messages, presences, affiliations, occupants });
		},
	};
}

/**
 * Erases people from all rooms of the service. What was begun is noted in the store `muc_erasures` until it is done everywhere, so
 * that it goes on after a crash when the server starts again. `stop` ends what runs, which then goes on at the next start.
 */
export function create_erasure(
	module: ModuleApi,
	store: ArchiveStore,
	rooms: Rooms,
	find: FindRoom,
): Pick<RoomKeeping, "erase_person"> & { stop(): void } {
	const pending = module.open_store("muc_erasures", "map");
	const all_pending = module.open_store("muc_erasures");
	const erase_here = create_room_erasure(module, store, find);
	const { nodes } = module.server;
	const question = erasure_question(module.host);
	const stop_answering = nodes.answer(question, ({ room_jid, jid, options }) => erase_here(room_jid, jid, options));
	const running = new Map<string, Promise<Result<Erasure, string>>>();
	let is_loaded = true;

	/** Where the room is, so that it goes out of memory there, too. */
	async function erase_from_room(room_jid: string, jid: string, options: ErasureOptions): Promise<Result<RoomErasure, string>> {
		const told = await nodes.ask_owner(room_jid, question, { room_jid, jid, options });
		return told.ok ? told.value.answer : told;
	}

	/** All rooms, and the archives of rooms that are gone. */
	function places(): Result<Set<string>, string> {
		const archived = store.users();
		if (!archived.ok) return failed(archived.error.text);
		const jids = new Set(rooms.all_jids());
		for (const user of archived.value) {
			const jid = join(user, module.host);
			if (jid !== undefined) jids.add(jid);
		}
		return ok(jids);
	}

	async function note(jid: string, options: ErasureOptions | undefined): Promise<string | undefined> {
		const written = pending.set(undefined, jid, options && to_table(options));
		const stored = await is_stored(module);
		return written.ok && stored ? undefined : `the erasure cannot be noted: ${written.ok ? not_stored : written.error.text}`;
	}

	async function erase(jid: string, options: ErasureOptions): Promise<Result<Erasure, string>> {
		const begun = await note(jid, options);
		if (begun !== undefined) return failed(begun);
		const found = places();
		if (!found.ok) return found;
		const erasure: Erasure = { rooms: 0, messages: 0, presences: 0, affiliations: 0, occupants: 0, problems: new Map() };
		for (const room_jid of found.value) {
			await between_turns();
			if (!is_loaded) return failed("the rooms are no longer served; it goes on when they are");
			const done: Result<RoomErasure, string> = await erase_from_room(room_jid, jid, options);
			if (!done.ok) {
				erasure.problems.set(room_jid, done.error);
				continue;
			}
			const { messages, presences, affiliations, occupants } = done.value;
			if (messages + presences + affiliations + occupants > 0) erasure.rooms++;
			erasure.messages += messages;
			erasure.presences += presences;
			erasure.affiliations += affiliations;
			erasure.occupants += occupants;
		}
		for (const [room_jid, problem] of erasure.problems) {
			module.log("error", "Could not erase everything of a person from %s: %s", room_jid, problem);
		}
		const ended = erasure.problems.size > 0 ? undefined : await note(jid, undefined);
		if (ended !== undefined) return failed(ended);
		module.log("info", "Erased a person from %d rooms: %d messages", erasure.rooms, erasure.messages);
		return ok(erasure);
	}

	function erase_once(jid: string, options: ErasureOptions): Promise<Result<Erasure, string>> {
		const known = running.get(jid);
		if (known !== undefined) return known;
		const begun = erase(jid, options).finally(() => void running.delete(jid));
		running.set(jid, begun);
		return begun;
	}

	module.ready = () => {
		const left = all_pending.get(undefined);
		if (!left.ok) module.log("error", "Could not read which erasures are not done yet: %s", left.error.text);
		for (const [jid, table] of Object.entries((left.ok && left.value) || {})) {
			module.log("info", "An erasure that was not done goes on");
			void erase_once(jid, from_table(as_table(table) ?? {}));
		}
	};
	return {
		async erase_person(given, options = {}) {
			const jid = prep(given);
			// A domain is nobody
			if (jid === undefined || bare(jid) !== jid || node(jid) === undefined)
				return failed(`expected a JID such as romeo@example.com, got ${given}`);
			return erase_once(jid, options);
		},
		stop() {
			is_loaded = false;
			stop_answering();
		},
	};
}
