import { describe, expect, it } from "vitest";
import { Incoming } from "../../../../host/core/cluster/incoming.ts";
import { encode } from "../../../../host/core/cluster/items.ts";
import type { Relays } from "../../../../host/core/cluster/relays.ts";
import type { Routing } from "../../../../host/core/cluster/routing.ts";
import type { HostSession, Stanza } from "../../../../host/core/types.ts";
import * as st from "../../../../host/util/stanza.ts";
import { type Held, type Outlet, Turn } from "../../../../host/util/turn.ts";
import { eventually } from "../../../helper.ts";

/** Stands for a client of this node. */
class FakeClient implements Outlet {
	private said: string[] = [];

	constructor(
		private readonly turn: Turn,
		private readonly heard: string[],
	) {}

	send(stanza: Stanza): void {
		this.said.push(stanza.get_child_text("body") ?? "");
		this.turn.touch(this);
	}

	hold(): Held {
		const { said } = this;
		this.said = [];
		return { release: () => void this.heard.push(...said), discard() {} };
	}

	flush(): void {
		this.heard.push(...this.said.splice(0));
	}

	discard(): void {
		this.said = [];
	}
}

describe("what other nodes send", () => {
	it("stays in order where something of it has to be done again, since its turn has failed", async () => {
		const turn = new Turn(() => {});
		const heard: string[] = [];
		const client = new FakeClient(turn, heard);
		const full_sessions = new Map([["romeo@localhost/desk", client]]);
		const server = { turn, full_sessions, hosts: new Map<string, HostSession>() };
		const incoming = new Incoming(
			Object.assign(Object.create(null), server),
			Object.assign(Object.create(null) as Routing),
			Object.assign(Object.create(null) as Relays),
			{ came() {}, knows_end: () => false, was_handled: () => false },
			() => {},
			() => {},
		);
		const stored: string[] = [];
		let numbers = 1;
		const take = (text: string, node: string): void => {
			const item = encode({ kind: "answer", jid: "romeo@localhost/desk", stanza: st.message({ from: "hall@rooms" }, text) });
			incoming.take({ node, incarnation: 1 }, item, () => stored.push(text), numbers++);
		};
		let fail: (error: Error) => void = () => {};
		const commit = new Promise<void>((_resolve, reject) => {
			fail = reject;
		});
		take("first", "a");
		turn.join({ commit: () => commit, rollback() {} });
		turn.end();
		// The room has moved: the next node speaks for it
		take("second", "b");
		turn.end();
		fail(new Error("the database is gone"));
		await eventually(() => expect(heard).toHaveLength(2));
		expect(heard).toEqual(["first", "second"]);
		expect(stored).toEqual(["first", "second"]);
	});
});
