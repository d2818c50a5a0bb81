import { describe, expect, it } from "vitest";
import { Numbered } from "../../../../host/core/cluster/numbered.ts";
import { Heard, Spoken } from "../../../../host/util/cluster/spoken.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Turn } from "../../../../host/util/turn.ts";
import { eventually } from "../../../helper.ts";

const [gone, other] = [
	{ node: "a", incarnation: 1 },
	{ node: "b", incarnation: 2 },
];

describe("what comes a second time", () => {
	it("is not taken, and counts as stored when the first one is", () => {
		const heard = new Heard();
		const told: string[] = [];
		const first = heard.take(gone, 7, () => told.push("first"));
		expect(heard.take(gone, 7, () => told.push("again"))).toBeUndefined();
		expect(told).toEqual([]);
		first?.();
		expect(told).toEqual(["first", "again"]);
		expect(heard.take(gone, 6, () => told.push("late"))).toBeUndefined();
		expect(told).toEqual(["first", "again", "late"]);
		heard.forget(gone);
		expect(heard.take(gone, 7, () => {})).toBeDefined();
	});
});

describe("what is said again for a node that is gone", () => {
	it("is said once more where its turn fails", async () => {
		const turn = new Turn(() => {});
		const said: unknown[] = [];
		const spoken = new Spoken({ is_on: true, add: () => {} }, { stored: () => 0, written: () => 0 });
		const outlets = { to: () => ({ add: (item: unknown) => said.push(item) }) };
		const numbered = new Numbered(turn, spoken, outlets as never);
		const stanza = st.message({ to: "hall@rooms.localhost", type: "groupchat" }, "last");
		const inner = { kind: "post", key: "hall@rooms.localhost", sender: {}, stanza, tries: 0, number: 3 } as const;
		expect(numbered.say(other, { kind: "again", of: gone, inner })).toBe(true);
		turn.fail(new Error("not stored"));
		turn.end();
		await eventually(() => expect(said.length).toBe(2));
	});
});
