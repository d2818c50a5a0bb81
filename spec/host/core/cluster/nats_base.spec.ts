import { afterEach, describe, expect, it } from "vitest";
import { connect_base } from "../../../../host/core/cluster/nats_base.ts";
import type { ClusterOptions } from "../../../../host/core/cluster/options.ts";
import { StorageFence } from "../../../../host/core/network_sql/storage_fence.ts";
import { eventually } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_nats, start_nats_cluster, type TestNats } from "../../databases/nats.ts";

const missing = not_installed(find_nats(), "nats-server", "nodes do not wait for it");
const long = 120_000;

describe.skipIf(missing)("a node that starts", () => {
	let nats: TestNats | undefined;

	afterEach(() => nats?.remove());

	it("waits while the servers of NATS have no leader", { timeout: long }, async () => {
		const all = await start_nats_cluster(3);
		nats = all;
		const [first, ...others] = all.servers;
		await Promise.all(others.map((server) => server.end("SIGKILL")));
		const said: string[] = [];
		const options: ClusterOptions = {
			nats: [first?.url ?? ""],
			node: "a",
			name: "spec",
			lease: 3000,
			files: { ca: undefined, credentials: undefined },
		};
		const base = connect_base(options, new StorageFence(), (_level, text) => said.push(text), AbortSignal.timeout(long));
		base.catch(() => undefined);
		try {
			await eventually(() => expect(said).toContainEqual(expect.stringContaining("JetStream is not ready")));
		} finally {
			for (const server of others) server.start();
		}
		const { bucket, close } = await base;
		expect(await bucket("nodes").get("nobody")).toBeUndefined();
		await close();
	});
});
