import { afterEach, describe, expect, it, vi } from "vitest";
import { SqliteDatabase } from "../../host/core/sqlite.ts";
import type { Room } from "../../muc/types.ts";
import { live, room_of, type Service, start_service } from "./service.ts";

let service: Service | undefined;
afterEach(async () => {
	await service?.stop();
	service = undefined;
});

const person = (index: number): string => `person${index}@example.org`;

/** A persistent room with so many members, which is stored. */
async function room_with(members: number, storage: "sql" | "internal" | "memory"): Promise<{ here: Service; room: Room }> {
	const here = await start_service({}, { storage });
	service = here;
	const created = here.muc.create_room(room_of("room"));
	if (!created.ok) throw new Error(created.error);
	created.value.set_persistent(true);
	for (let index = 0; index < members; index++) created.value.set_affiliation(true, person(index), "member");
	here.test.server.turn.end();
	return { here, room: live(here.muc, "room") };
}

function stored(here: Service): unknown {
	const config = here.module.open_store("config").get("room");
	return config.ok ? config.value : config.error;
}

describe.each(["sql", "internal", "memory"] as const)("a room that changes, in %s", (storage) => {
	it("is stored at the end of the turn as it is then", async () => {
		const { here, room } = await room_with(3, storage);
		const before = stored(here);
		expect(before).toMatchObject({ [person(0)]: "member", _jid: room_of("room"), _data: { persistent: true } });
		room.set_affiliation(true, person(0), "outcast", "why not");
		room.set_affiliation(true, person(1), "none");
		room.set_affiliation(true, person(5), "admin");
		room.set_name("Tea");
		room.save();
		expect(stored(here)).toEqual(before);
		here.test.server.turn.end();
		const after = stored(here);
		expect(after).toEqual({ ...room.freeze().frozen });
		expect(after).toMatchObject({ [person(0)]: "outcast", [person(2)]: "member", [person(5)]: "admin", _data: { name: "Tea" } });
		expect(after).not.toHaveProperty([person(1)]);
	});

	it("is found as it is by who reads it in the same turn", async () => {
		const { here, room } = await room_with(1, storage);
		room.set_affiliation(true, person(7), "owner");
		here.muc.forget_room(room);
		const again = live(here.muc, "room");
		expect(again).not.toBe(room);
		expect(again.get_affiliation(person(7))).toBe("owner");
	});

	it("is taken out where it is not persistent any more, and comes back where it is", async () => {
		const { here, room } = await room_with(2, storage);
		room.set_persistent(false);
		room.save(true);
		here.test.server.turn.end();
		expect(stored(here)).toBeUndefined();
		room.set_persistent(true);
		room.save(true);
		here.test.server.turn.end();
		expect(stored(here)).toEqual({ ...room.freeze().frozen });
		expect([...here.muc.all_rooms()].map(({ jid }) => jid)).toContain(room_of("room"));
	});

	it("is not stored where it was deleted after that", async () => {
		const { here, room } = await room_with(2, storage);
		room.save(true);
		here.muc.delete_room(room);
		here.test.server.turn.end();
		expect(stored(here)).toBeUndefined();
	});

	it("is stored as a whole after a turn that failed", async () => {
		const { here, room } = await room_with(2, storage);
		room.set_affiliation(true, person(8), "member");
		here.test.server.turn.join({
			commit() {
				throw new Error("no space left");
			},
			rollback() {},
		});
		here.test.server.turn.end();
		expect(room.get_affiliation(person(8))).toBe(storage === "memory" ? "member" : undefined);
		room.set_affiliation(true, person(9), "member");
		here.test.server.turn.end();
		expect(stored(here)).toEqual({ ...room.freeze().frozen });
	});
});

describe("what is written of a room in SQLite", () => {
	it("is what has changed, once a turn, however large the room is and however much changes", async () => {
		const counts: number[] = [];
		for (const members of [10, 300]) {
			const { here, room } = await room_with(members, "sql");
			const run = vi.spyOn(SqliteDatabase.prototype, "run");
			const all = vi.spyOn(SqliteDatabase.prototype, "all");
			for (let times = 0; times < 5; times++) {
				room.set_affiliation(true, person(1), "admin");
				room.set_affiliation(true, person(1), "member");
			}
			here.test.server.turn.end();
			counts.push(run.mock.calls.filter(([sql]) => sql.startsWith("INSERT") || sql.startsWith("DELETE")).length);
			// No table of that size is read for it
			for (const { type, value } of all.mock.results) expect(type === "return" && value.length).toBeLessThan(10);
			run.mockRestore();
			all.mockRestore();
			await here.stop();
			service = undefined;
		}
		expect(counts[0]).toBe(counts[1]);
		expect(counts[0]).toBeLessThan(8);
	});
});
