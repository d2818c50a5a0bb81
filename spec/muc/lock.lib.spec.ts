import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rig } from "./rig.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

function create(rig: Rig): void {
	const jid = "owner@example.org/desk";
	rig.room.handle_first_presence(rig.session(jid), rig.presence(jid, "owner"));
}

describe("a new room", () => {
	it("is closed to others until it is configured", () => {
		const rig = new Rig();
		const events: string[] = [];
		for (const name of ["muc-room-locked", "muc-room-unlocked"] as const) rig.module.hook(name, () => void events.push(name));
		create(rig);
		expect(rig.room._data.locked).toBe(1_700_000_000 + 300);
		expect(rig.join("a@example.org/x", "a")).toBe("cancel/item-not-found");
		rig.submit({ "muc#roomconfig_roomname": "Open" });
		expect(rig.room._data.locked).toBeUndefined();
		expect(rig.join("a@example.org/x", "a")).toBeUndefined();
		expect(events).toEqual(["muc-room-locked", "muc-room-unlocked"]);
	});

	it("is opened by time", () => {
		const rig = new Rig({ options: { muc_room_lock_timeout: "1 minute" } });
		create(rig);
		vi.setSystemTime(1_700_000_059_000);
		expect(rig.join("a@example.org/x", "a")).toBe("cancel/item-not-found");
		vi.setSystemTime(1_700_000_060_000);
		expect(rig.join("a@example.org/x", "a")).toBeUndefined();
	});

	it("is open at once without muc_room_locking", () => {
		const rig = new Rig({ options: { muc_room_locking: false } });
		create(rig);
		expect(rig.room._data.locked).toBeUndefined();
	});
});
