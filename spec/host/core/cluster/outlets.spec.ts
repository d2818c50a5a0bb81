import { describe, expect, it } from "vitest";
import { decode, type Item, many_body } from "../../../../host/core/cluster/items.ts";
import { Outlets } from "../../../../host/core/cluster/outlets.ts";
import { Spoken } from "../../../../host/util/cluster/spoken.ts";
import { Turn } from "../../../../host/util/turn.ts";

describe("what a turn has said to a node that is gone when the turn is stored", () => {
	it("is given back with its recipients", () => {
		const [me, other] = ["a", "b"].map((node, index) => ({ node, incarnation: index + 1 }));
		if (me === undefined || other === undefined) throw new Error("two lives");
		const turn = new Turn(() => {});
		let is_alive = true;
		const lost: (Item | undefined)[] = [];
		const spoken = new Spoken({ is_on: false, add: () => {} }, { stored: () => 0, written: () => 0 });
		const parts = { links: { send: () => is_alive }, membership: { me }, spoken };
		const outlets = new Outlets(turn, parts, (_to, items, names) => {
			for (const item of items) lost.push(decode(item, names));
		});
		const recipients = ["romeo@localhost/desk", "juliet@localhost/phone"];
		const say = (body: string): void => {
			const head = `<message><body>${body}</body></message>`;
			const text = { head, tail: "", size: head.length, is_ascii: true };
			outlets.to(other).add({ body: many_body("message", "hall@rooms.localhost/me", text), recipients });
		};
		say("first");
		turn.end();
		say("second");
		is_alive = false;
		outlets.gone(other);
		turn.end();
		expect(lost.map((item) => item?.kind === "many" && [...item.recipients])).toEqual([recipients]);
	});
});
