import { describe, expect, it } from "vitest";
import type { Room } from "../../muc/types.ts";
import { Rig } from "./rig.ts";

// Settings that are on or off: what they are called, and what service discovery says of them
interface Flag {
	name: string;
	field: string;
	get(room: Room): boolean | undefined;
	set(room: Room, value: boolean | undefined): boolean;
	features?: { on: string; off: string };
	/** The field says the opposite. */
	inverted?: true;
	/** What is stored when off. */
	off?: false;
}

const flags: Flag[] = [
	{
		name: "persistent",
		field: "muc#roomconfig_persistentroom",
		get: (room) => room.get_persistent(),
		set: (room, value) => room.set_persistent(value),
		features: { on: "muc_persistent", off: "muc_temporary" },
	},
	{
		name: "hidden",
		field: "muc#roomconfig_publicroom",
		get: (room) => room.get_hidden(),
		set: (room, value) => room.set_hidden(value),
		features: { on: "muc_hidden", off: "muc_public" },
		inverted: true,
	},
	{
		name: "members_only",
		field: "muc#roomconfig_membersonly",
		get: (room) => room.get_members_only(),
		set: (room, value) => room.set_members_only(value),
		features: { on: "muc_membersonly", off: "muc_open" },
	},
	{
		name: "allow_member_invites",
		field: "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites",
		get: (room) => room.get_allow_member_invites(),
		set: (room, value) => room.set_allow_member_invites(value),
	},
	{
		name: "changesubject",
		field: "muc#roomconfig_changesubject",
		get: (room) => room.get_changesubject(),
		set: (room, value) => room.set_changesubject(value),
	},
	{
		name: "moderated",
		field: "muc#roomconfig_moderatedroom",
		get: (room) => room.get_moderated(),
		set: (room, value) => room.set_moderated(value),
		features: { on: "muc_moderated", off: "muc_unmoderated" },
	},
	{
		name: "allow_modpm",
		field: "{xmpp:prosody.im}muc#allow_modpm",
		get: (room) => room.get_allow_modpm(),
		set: (room, value) => room.set_allow_modpm(value),
		off: false,
	},
];

describe.each(flags)("$name", ({ name, field, get, set, features, inverted, off }) => {
	it("says whether setting it changed something", () => {
		const { room } = new Rig();
		const changes = [false, true, true, false].map((value) => set(room, value));
		expect(changes).toEqual([false, true, false, true]);
		expect(get(room)).toBe(off);
		expect(room._data).toEqual({ [name]: off });
	});

	it("is configured by its field, with status 104 where that changed something", () => {
		const rig = new Rig();
		const [on, no] = inverted ? ["0", "1"] : ["1", "0"];
		expect(rig.submit({ [field]: on })).toEqual(["104"]);
		expect(rig.submit({ [field]: on })).toEqual([]);
		expect(get(rig.room)).toBe(true);
		expect(rig.fields().get(field)?.value).toBe(!inverted);
		expect(rig.submit({ [field]: no })).toEqual(["104"]);
		expect(get(rig.room)).toBe(off);
	});

	if (features) {
		it("is shown in service discovery", () => {
			const rig = new Rig();
			for (const value of [true, false]) {
				set(rig.room, value);
				const shown = rig.disco().features;
				expect([shown.includes(features.on), shown.includes(features.off)]).toEqual([value, !value]);
			}
		});
	}
});

describe.each([
	{ permission: ":create-persistent-room", option: "muc_room_allow_persistent", field: "muc#roomconfig_persistentroom" },
	{ permission: ":create-public-room", option: "muc_room_allow_public", field: "muc#roomconfig_publicroom" },
])("$permission", ({ permission, option, field }) => {
	it.each([
		[true, "prosody:registered"],
		[false, "prosody:admin"],
	])("with %s is for %s", (value, role) => {
		const { module } = new Rig({ options: { [option]: value } });
		expect(module.permissions).toContainEqual({ role, permission: `muc${permission}` });
	});

	it("hides the field from others, and does not take it from them", () => {
		const rig = new Rig({ may: (asked) => asked !== `muc${permission}` });
		expect(rig.fields().has(field)).toBe(false);
		expect(rig.submit({ [field]: "1" })).toEqual([]);
		rig.module.fire_event(`muc-config-submitted/${field}`, {
			room: rig.room,
			origin: rig.session("x@example.org/y"),
			stanza: rig.presence("x@example.org/y", "x"),
			fields: {},
			status_codes: new Set(),
			actor: "x@example.org/y",
			value: field === "muc#roomconfig_persistentroom",
			update_option: () => undefined,
		});
		expect(rig.room._data).toEqual({});
	});
});

describe("persistent", () => {
	it("ends when the room is destroyed, after everybody else has seen it", () => {
		const { module, room } = new Rig({}, { persistent: true });
		const seen: (boolean | undefined)[] = [];
		module.hook("muc-room-destroyed", (event) => void seen.push(event.room.get_persistent()), -99);
		module.fire_event("muc-room-destroyed", { room });
		expect([...seen, room.get_persistent()]).toEqual([true, undefined]);
	});
});

describe("hidden", () => {
	it("is the opposite of public", () => {
		const { room } = new Rig();
		expect(room.get_public()).toBe(true);
		expect(room.set_public(false)).toBe(true);
		expect([room.get_public(), room.get_hidden()]).toEqual([false, true]);
	});
});
