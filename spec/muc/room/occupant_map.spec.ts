import { describe, expect, it } from "vitest";
import { OccupantMap } from "../../../muc/room/occupant_map.ts";

const occupant = (...jids: string[]) => ({ sessions: new Map(jids.map((jid) => [jid, true])) });

describe("a room's occupants", () => {
	it("are the same audience until one of them changes", () => {
		const map = new OccupantMap<ReturnType<typeof occupant>>();
		map.set("hall@rooms/a", occupant("a@h/1", "a@h/2")).set("hall@rooms/b", occupant("b@h/1"));
		const first = map.audience;
		expect([...first]).toEqual(["a@h/1", "a@h/2", "b@h/1"]);
		expect(map.audience).toBe(first);
		map.set("hall@rooms/b", occupant("b@h/1", "b@h/2"));
		const second = map.audience;
		expect([...second]).toEqual(["a@h/1", "a@h/2", "b@h/1", "b@h/2"]);
		expect(second.of).toBe(first.of);
		map.delete("hall@rooms/a");
		expect([...map.audience]).toEqual(["b@h/1", "b@h/2"]);
		map.clear();
		expect([...map.audience]).toEqual([]);
		expect([...first]).toEqual(["a@h/1", "a@h/2", "b@h/1"]);
	});

	it("are looked at each time where others may change them without a word", () => {
		const map = new OccupantMap<ReturnType<typeof occupant>>();
		const ada = occupant("a@h/1");
		map.set("hall@rooms/a", ada);
		expect([...map.audience]).toEqual(["a@h/1"]);
		map.show();
		ada.sessions.set("a@h/2", true);
		expect([...map.audience]).toEqual(["a@h/1", "a@h/2"]);
	});
});
