import { describe, expect, it } from "vitest";
import { ellipsis, format_table } from "../../../../host/util/human/table.ts";

interface Row {
	readonly name: string;
	readonly count: string | undefined;
	readonly note: string;
}

const rows: readonly Row[] = [
	{ name: "romeo", count: "5", note: "a short one" },
	{ name: "a name that is much too long", count: undefined, note: "ünïcode, and so much more of it that it has to be cut" },
];

describe("tables", () => {
	const table = (width: number) =>
		format_table<Row>(
			[
				{ title: "Name", width: 8, value: ({ name }) => name },
				{ title: "Count", align: "right", value: ({ count }) => count },
				{ title: "Note", width: "75%", value: ({ note }) => note },
				{ title: "Again", width: "25%", value: ({ note }) => note },
			],
			width,
		);

	it("cut what is too long, and fill what is too short", () => {
		expect(ellipsis("abc", 3)).toBe("abc");
		expect(ellipsis("abcd", 3)).toBe("ab…");
		expect(ellipsis("abcd", 1)).toBe("…");
		expect(table(60).row({ name: "x", count: "5", note: "" })).toMatch(/^x {8}\|| 5 \|/);
	});

	it("are those of Prosody 13", () => {
		// What its util.human.io makes of the same
		const theirs = [
			"Name     |  Count | Note                        | Again    ",
			"romeo    |      5 | a short one                 | a short …",
			"a name … |        | ünïcode, and so much more … | ünïcode,…",
		];
		const ours = table(60);
		expect([ours.titles(), ...rows.map((row) => ours.row(row))]).toEqual(theirs);
	});
});
