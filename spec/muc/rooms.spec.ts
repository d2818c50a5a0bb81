import { afterEach, describe, expect, it } from "vitest";
import { live, room_of, type Service, start_service } from "./service.ts";

let here: Service;
afterEach(() => here.stop());

/** Makes rooms that are stored, in one turn. */
function persistent(...names: string[]): void {
	for (const name of names) {
		const created = here.muc.create_room(room_of(name));
		if (!created.ok) throw new Error(created.error);
		created.value.set_persistent(true);
		created.value.save(true);
	}
	here.test.server.turn.end();
}

/** Names of the rooms in memory. */
const in_memory = (): string[] => [...here.muc.live_rooms()].map(({ jid }) => jid.split("@")[0] ?? "").sort();

describe("rooms", () => {
	it("come into being once, under names that are addresses, as long as there is a place for them", async () => {
		here = await start_service({ muc_max_rooms: 2 });
		const made = (jid: string): string => {
			const created = here.muc.create_room(jid);
			return created.ok ? "made" : created.error;
		};
		expect(made(`${room_of("a")}/nick`)).toBe("invalid-jid");
		expect(made(room_of("a b"))).toBe("invalid-jid");
		expect([made(room_of("a")), made(room_of("a")), made(room_of("b")), made(room_of("c"))]).toEqual([
			"made",
			"room-exists",
			"made",
			"resource-constraint",
		]);
		expect(in_memory()).toEqual(["a", "b"]);
	});

	it("leave memory in the order in which they were last needed, and are found again as they were", async () => {
		here = await start_service({ muc_room_cache_size: 2 });
		persistent("a", "b");
		live(here.muc, "a").set_name("The first");
		live(here.muc, "a").save();
		persistent("c");
		expect(in_memory()).toEqual(["a", "c"]);
		live(here.muc, "b");
		live(here.muc, "c");
		live(here.muc, "b");
		expect(in_memory()).toEqual(["b", "c"]);
		expect(live(here.muc, "a").get_name()).toBe("The first");
		expect([...here.muc.all_rooms()].map(({ jid }) => jid).sort()).toEqual([room_of("a"), room_of("b"), room_of("c")]);
	});

	it("are those of before after a turn that failed", async () => {
		here = await start_service({ muc_room_cache_size: 2 });
		persistent("a", "b");
		const { turn } = here.test.server;
		turn.join({
			commit() {
				throw new Error("no space left");
			},
			rollback() {},
		});
		for (const name of ["c", "d"]) here.muc.create_room(room_of(name));
		turn.end();
		// The new ones are gone, and those are back that had made room for them
		expect(in_memory()).toEqual(["a", "b"]);
		persistent("c");
		expect(in_memory()).toHaveLength(2);
		expect([...here.muc.all_rooms()].map(({ jid }) => jid).sort()).toEqual([room_of("a"), room_of("b"), room_of("c")]);
	});

	it("are not restored where a module says no, and not under another's name", async () => {
		here = await start_service();
		persistent("a", "b");
		for (const name of ["a", "b"]) here.muc.forget_room(live(here.muc, name));
		here.test.server.turn.end();
		const refuse = (): false => false;
		here.module.hook("muc-room-pre-restore", refuse);
		expect(here.muc.get_room_from_jid(room_of("a"))).toBe(false);
		here.module.unhook("muc-room-pre-restore", refuse);
		const config = here.module.open_store("config");
		const stored = config.get("b");
		if (!stored.ok) throw new Error(stored.error.text);
		config.set("a", stored.value);
		const broken = live(here.muc, "a");
		expect(broken.broken).toBe(true);
		expect(broken.save(true)).toBe(false);
		here.test.server.turn.end();
		expect(config.get("a")).toEqual(stored);
	});
});
