import { afterEach, describe, expect, it } from "vitest";
import * as st from "../../../../host/util/stanza.ts";
import { eventually, expect_stanza } from "../../../helper.ts";
import { RawHttp, request } from "../../raw_http.ts";
import { type NodeName, type Nodes, start_nodes } from "./nodes.ts";

let running: Nodes | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

describe("a node without connection to the majority", () => {
	it("serves nothing, and says so to senders, to load balancers and in the log, until the connection is back", async () => {
		const lines: string[] = [];
		const sink = {
			write: (name: string, level: string, text: string) => void lines.push(`${name} ${level} ${text}`),
			close() {},
		};
		const nodes = await start_nodes({
			lease: 6000,
			log: [{ to: sink, level: "info" }],
			config: {
				"*": {
					modules_enabled: ["saslauth", "disco", "http_health"],
					http_ports: [0],
					https_ports: [],
					http_interfaces: ["127.0.0.1"],
				},
			},
		});
		running = nodes;
		const health = async (node: NodeName): Promise<unknown[]> => {
			const port =
				nodes
					.server(node)
					.addresses()
					.find(({ service }) => service === "http")?.port ?? 0;
			const client = await RawHttp.connect(port);
			const answer = await client.ask(request("GET", "/health", []));
			client.destroy();
			return [answer?.status, answer?.body];
		};
		const alone = "this node has no connection to the majority of the cluster, and serves nothing";
		const romeo = await nodes.client("a", "romeo");
		await eventually(async () => expect(await health("a")).toEqual([200, "ok\n"]));
		nodes.cut("a");
		await eventually(async () => expect(await health("a")).toEqual([503, `${alone}\n`]));
		romeo.send(st.message({ to: "hall@conference.localhost", type: "groupchat", id: "one" }, "anybody?"));
		const refused = await expect_stanza(romeo, ({ attr }) => attr["id"] === "one");
		expect(refused.get_child("error")?.attr["type"]).toBe("wait");
		await eventually(() => expect(lines).toContain(`cluster error NATS does not answer in time: ${alone}`));
		nodes.mend("a");
		await eventually(async () => expect(await health("a")).toEqual([200, "ok\n"]));
		await eventually(() => expect(lines.join("\n")).toMatch(/cluster info This node serves again, after [\d.]+ s/));
	});
});
