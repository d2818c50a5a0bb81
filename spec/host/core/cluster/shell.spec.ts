// The console of a node knows the whole cluster.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { type Client, eventually, expect_stanza } from "../../../helper.ts";
import { Typist, words } from "../../plugins/admin_shell/typing.ts";
import { type Administered, service, start_administered } from "./administered.ts";
import { type NodeName, node_names } from "./nodes.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

async function start(): Promise<Administered> {
	const nodes = await start_administered();
	ends.push(() => nodes.stop());
	return nodes;
}

async function typist(nodes: Administered, node: NodeName): Promise<Typist> {
	const at = await Typist.connect(nodes.server(node).paths.data);
	ends.push(() => at.close());
	return at;
}

async function enter(client: Client, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `hall@${service}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
}

describe("the console of a node", () => {
	it("lists the sessions of all nodes below their names, and ends them", async () => {
		const nodes = await start();
		for (const node of node_names) await nodes.client(node, `user-${node}`, "home");
		const at = await typist(nodes, "b");
		const shown = await at.type("c2s:show(nil, 'jid')");
		expect(shown.lines.map((line) => line.trim()).filter((line) => /^Node|^user/.test(line))).toEqual([
			"Node b:",
			"user-b@localhost/home",
			"Node a:",
			"user-a@localhost/home",
			"Node c:",
			"user-c@localhost/home",
		]);
		expect([shown.text, shown.is_error]).toEqual(["OK: 3 c2s sessions shown", false]);
		expect((await at.type(words("c2s", "count"), false)).text).toBe("OK: Total: 3 clients");
		expect((await at.type("c2s:show('user-a@localhost')")).text).toMatch(
			/^OK: b: 0 out of 1 .*; a: 1 c2s sessions shown; c: 0 out of 1/,
		);
		expect((await at.type("c2s:close('user-c@localhost')")).text).toBe("OK: Total: 1 sessions closed");
		await eventually(async () => expect((await at.type("c2s:count()")).text).toBe("OK: Total: 2 clients"));
		expect((await at.type("c2s:close()")).text).toMatch(/^Error: expected the JID/);
	});

	it("lists the nodes, and names those that do not answer", async () => {
		const nodes = await start();
		const at = await typist(nodes, "c");
		const listed = await at.type("cluster:nodes()");
		expect(listed.text).toBe("OK: 3 nodes");
		expect(listed.lines.map((line) => line.split(/\W/)[0])).toEqual(["Node", "c", "a", "b"]);
		nodes.cut("a");
		expect(await at.type("cluster:nodes()")).toMatchObject({ text: "Error: 3 nodes, of which 1 did not answer", is_error: true });
		const shown = await at.type("c2s:count()");
		expect(shown).toMatchObject({
			text: "Error: c: Total: 0 clients; b: Total: 0 clients; a: it does not answer",
			is_error: true,
		});
	});

	it("works with rooms where they are, and they stay there", async () => {
		const nodes = await start();
		await enter(await nodes.client("a", "romeo"), "Romeo");
		for (const node of node_names) {
			const at = await typist(nodes, node);
			const occupants = await at.type(`muc:occupants('hall@${service}')`);
			expect(occupants.text).toBe("OK: 1 occupant listed");
			expect(occupants.lines.join("\n")).toContain("Romeo");
			expect((await at.type(`muc:list('${service}')`)).lines).toContain(`hall@${service}`);
			expect((await at.type(`muc:room('hall@${service}'):get_members_only()`)).text).toBe("Result: nil");
			expect((await at.type(`muc:create('hall@${service}')`)).text).toBe("Error: Room exists already");
			expect((await at.type(`muc:create('made-at-${node}@${service}')`)).text).toBe(
				`Result: MUC room (made-at-${node}@${service})`,
			);
			expect((await at.type(`muc:retention('hall@${service}', '2 weeks')`)).text).toBe("OK: Messages are archived for 14 days");
			expect((await at.type(`muc:occupants('nowhere@${service}')`)).text).toBe(`Error: No such room: nowhere@${service}`);
		}
		expect(await nodes.owner(`hall@${service}`)).toBe("a");
	});
});
