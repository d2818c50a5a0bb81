import { describe, expect, it } from "vitest";
import { Rig } from "./rig.ts";

// name, description, language: text that is set, shown and announced in the same way
const texts = [
	{ setting: "name", field: "muc#roomconfig_roomname", shown: undefined },
	{ setting: "description", field: "muc#roomconfig_roomdesc", shown: "muc#roominfo_description" },
	{ setting: "language", field: "muc#roomconfig_lang", shown: "muc#roominfo_lang" },
] as const;

describe.each(texts)("$setting", ({ setting, field, shown }) => {
	const set = ({ room }: Rig, text: string | undefined): boolean => {
		switch (setting) {
			case "name":
				return room.set_name(text);
			case "description":
				return room.set_description(text);
			case "language":
				return room.set_language(text);
		}
	};
	const get = ({ room }: Rig): string | undefined =>
		({ name: room.get_name(), description: room.get_description(), language: room.get_language() })[setting];

	it("says whether setting it changed something, and takes empty text for none", () => {
		const rig = new Rig();
		expect(get(rig)).toBeUndefined();
		expect([undefined, "", "de", "de", "en", ""].map((text) => set(rig, text))).toEqual([false, false, true, false, true, true]);
		expect(get(rig)).toBeUndefined();
		expect(rig.room._data).toEqual({ [setting]: undefined });
	});

	it("is configured by its field, with status 104 where that changed something", () => {
		const rig = new Rig();
		expect(rig.submit({ [field]: "de" })).toEqual(["104"]);
		expect(rig.submit({ [field]: "de" })).toEqual([]);
		expect(get(rig)).toBe("de");
		expect(rig.fields().get(field)?.value).toBe("de");
		expect(rig.submit({ [field]: "" })).toEqual(["104"]);
		expect(rig.fields().get(field)?.value).toBe(setting === "name" ? undefined : "");
	});

	it("is shown in service discovery", () => {
		const rig = new Rig();
		set(rig, "de");
		const { identities, form } = rig.disco();
		if (shown === undefined) {
			expect(identities).toEqual(["conference/text/de"]);
			expect(form.get(field)).toBe("de");
		} else {
			expect(form.get(shown)).toBe("de");
			set(rig, undefined);
			expect(rig.disco().form.get(shown)).toBe("");
		}
	});
});
