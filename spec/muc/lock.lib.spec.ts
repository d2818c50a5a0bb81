import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { owner, Rig, room_jid } from "./rig.ts";

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

	it("is removed where its owner cancels the configuration, and stays once it is open", () => {
		const cancel = (rig: Rig): void => {
			const iq = st.iq({ from: owner, to: room_jid, type: "set", id: "c" }).query(ns.muc_owner);
			iq.tag("x", { xmlns: ns.data, type: "cancel" });
			rig.room.process_form(rig.session(owner), iq.reset());
		};
		for (const open of [undefined, (rig: Rig) => rig.submit({}), () => vi.setSystemTime(1_700_000_300_000)]) {
			const rig = new Rig();
			create(rig);
			open?.(rig);
			cancel(rig);
			expect(rig.room.has_occupant()).toBe(open !== undefined);
		}
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
