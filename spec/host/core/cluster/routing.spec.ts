import { describe, expect, it } from "vitest";
import { Routing, type RoutingParts } from "../../../../host/core/cluster/routing.ts";
import type { Owner } from "../../../../host/util/cluster/ownership.ts";
import { Spoken } from "../../../../host/util/cluster/spoken.ts";
import type { Life } from "../../../../host/util/cluster/types.ts";
import { ok } from "../../../../host/util/error.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Waiting } from "../../../../host/util/waiting.ts";
import { start_test_server } from "../../../helper.ts";

describe("what waits for the owner of its address", () => {
	it("is refused where this node has another life by the time that it is known", async () => {
		const running = await start_test_server();
		try {
			const { server } = running;
			const target = server.hosts.get("localhost");
			if (target === undefined) throw new Error("a host");
			let me: Life = { node: "a", incarnation: 1 };
			let settle: (owner: Owner) => void = () => {};
			const asked = new Waiting<Owner>((answer) => {
				settle = (owner) => answer(ok(owner));
			});
			const sent: number[] = [];
			const owners = { owner_of: () => undefined, acquire: () => asked, find: () => asked, forget: () => {} };
			const links = { is_full: () => false, send: () => sent.push(1) > 0, settled: () => Promise.resolve() };
			const membership = {
				is_alive: () => true,
				may_serve: () => true,
				get me() {
					return me;
				},
			};
			const spoken = new Spoken({ is_on: false, add: () => {} }, { stored: () => 0, written: () => 0 });
			const usage = { note: () => {} };
			const parts = { owners, links, membership, usage, spoken } as unknown as RoutingParts;
			const routing = new Routing(server, parts, server.logger("spec"), () => {});
			routing.place("localhost", { in_use: () => true } as never);
			const answers: string[] = [];
			const origin = { type: "local", host: "localhost", send: (stanza: st.Stanza) => answers.push(stanza.toString()) > 0 };
			const stanza = st.message({ to: "juliet@localhost", from: "romeo@localhost/desk", type: "chat" }, "late");
			routing.pass(target, "juliet@localhost", { origin, stanza } as never, () => undefined);
			me = { node: "a", incarnation: 2 };
			settle({ node: "b", incarnation: 3 });
			await new Promise((wait) => setTimeout(wait, 50));
			server.turn.end();
			expect(answers.join()).toContain("type='error'");
			expect(sent).toEqual([]);
		} finally {
			await running.stop();
		}
	});
});
