import { afterEach, describe, expect, it } from "vitest";
import { ServerNodes } from "../../../../host/core/nodes.ts";
import type { Question } from "../../../../host/core/types.ts";
import { Turn } from "../../../../host/util/turn.ts";
import { eventually } from "../../../helper.ts";
import { type NodeName, type Nodes, node_names, start_nodes } from "./nodes.ts";

let running: Nodes | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

const text = (given: unknown): string | undefined => (typeof given === "string" ? given : undefined);
const weather: Question<string, string> = { name: "spec-weather", read_asked: text, read_answer: text };

/** Three nodes that answer, each by its own name. */
async function start(nodes_that_answer: readonly NodeName[] = node_names): Promise<Nodes> {
	running = await start_nodes();
	for (const name of nodes_that_answer) running.server(name).nodes.answer(weather, (where) => `${where} in ${name}`);
	const { nodes } = running.server("a");
	// Each knows of the others a little after it has come
	await eventually(async () => {
		const { answers, missing } = await nodes.ask_others(weather, "?");
		expect(answers.length + missing.size).toBe(2);
	});
	return running;
}

describe("questions of a node", () => {
	it("are answered by all, this one first", async () => {
		const { nodes } = (await start()).server("b");
		const { answers, missing } = await nodes.ask_all(weather, "rain");
		expect(answers).toEqual([
			{ node: "b", answer: "rain in b" },
			{ node: "a", answer: "rain in a" },
			{ node: "c", answer: "rain in c" },
		]);
		expect(missing.size).toBe(0);
	});

	it("say who has not answered, and why", async () => {
		const cluster = await start(["a", "b"]);
		const { nodes } = cluster.server("a");
		expect(await nodes.ask_all(weather, "sun")).toEqual({
			answers: [
				{ node: "a", answer: "sun in a" },
				{ node: "b", answer: "sun in b" },
			],
			missing: new Map([["c", "it cannot answer that: no module there does"]]),
		});
		cluster.server("b").nodes.answer({ ...weather, read_asked: () => undefined }, () => "never");
		const strange: Question<string, number> = {
			...weather,
			read_answer: (given) => (typeof given === "number" ? given : undefined),
		};
		cluster.server("c").nodes.answer(weather, (where) => where);
		const { missing } = await nodes.ask_others(strange, "snow");
		expect([...missing]).toEqual([
			["b", "what was asked is not understood there; do all nodes run the same version?"],
			["c", "its answer is not understood here; do all nodes run the same version?"],
		]);
	});

	it("are not done where what was done cannot be stored", async () => {
		const cluster = await start();
		const { nodes, turn } = cluster.server("c");
		nodes.answer(weather, () => {
			turn.fail(new Error("the disk is full"));
			return "done";
		});
		const { missing } = await cluster.server("a").nodes.ask_others(weather, "?");
		expect([...missing]).toEqual([["c", "it could not be stored there, and was not done"]]);
	});

	it("go to whoever serves an address, to this node where nobody did, and after it where it moves", async () => {
		const cluster = await start();
		const [a, b, c] = node_names.map((name) => cluster.server(name));
		const key = "hall@conference.localhost";
		expect(await c?.nodes.ask_owner(key, weather, "fog")).toEqual({ ok: true, value: { node: "c", answer: "fog in c" } });
		expect(await a?.nodes.ask_owner(key, weather, "fog")).toEqual({ ok: true, value: { node: "c", answer: "fog in c" } });
		expect(await b?.cluster?.bring(key)).toEqual({ ok: true, value: true });
		expect(await a?.nodes.ask_owner(key, weather, "fog")).toEqual({ ok: true, value: { node: "b", answer: "fog in b" } });
		b?.nodes.answer(weather, () => Promise.reject(new Error("there is none")));
		expect(await a?.nodes.ask_owner(key, weather, "fog")).toEqual({ ok: false, error: "node b: there is none" });
	});
});

describe("a server alone", () => {
	it("asks itself", async () => {
		const nodes = new ServerNodes(new Turn(() => undefined));
		nodes.answer(weather, (where) => `${where} here`);
		expect(await nodes.ask_all(weather, "dew")).toEqual({ answers: [{ node: "", answer: "dew here" }], missing: new Map() });
		expect(await nodes.ask_others(weather, "dew")).toEqual({ answers: [], missing: new Map() });
		expect(await nodes.ask_owner("romeo@localhost", weather, "dew")).toEqual({
			ok: true,
			value: { node: "", answer: "dew here" },
		});
	});
});
