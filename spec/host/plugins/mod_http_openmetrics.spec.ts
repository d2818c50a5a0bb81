import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { expect_stanza, metric_value, start_test_server, type TestServer } from "../../helper.ts";
import { no_strict_parser, read_strictly } from "../../prometheus.ts";
import { RawHttp, request } from "../raw_http.ts";

const no_parser = no_strict_parser();

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/** A server that shows its metrics. */
async function start(config: Record<string, ConfigValue> = {}): Promise<TestServer> {
	running = await start_test_server({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				modules_enabled: ["http_openmetrics", "saslauth", "roster", "disco", "smacks"],
				statistics: "internal",
				statistics_interval: "manual",
				...config,
			},
		},
	});
	return running;
}

async function get({ server }: TestServer, headers: readonly string[] = []) {
	const port = server.addresses().find(({ service }) => service === "http")?.port ?? 0;
	const client = await RawHttp.connect(port);
	const answer = await client.ask(request("GET", "/metrics", headers));
	client.destroy();
	return { status: answer?.status, type: answer?.headers.get("content-type"), body: answer?.body ?? "" };
}

describe("metrics over HTTP", () => {
	it("are those of Prosody's modules by their names, and those of this server", async () => {
		const test = await start();
		const client = await test.client("romeo");
		client.send(st.presence({ to: "tea@conference.localhost/Romeo" }).tag("x", { xmlns: ns.muc }).reset());
		await expect_stanza(client, (stanza) => stanza.get_child("subject") !== undefined);
		client.send(st.message({ to: "tea@conference.localhost", type: "groupchat" }).text_tag("body", "Hello"));
		await expect_stanza(client, (stanza) => stanza.get_child_text("body") === "Hello");
		const { status, type, body } = await get(test);
		expect([status, type]).toEqual([200, "application/openmetrics-text; version=1.0.0; charset=utf-8"]);
		const lines = body.split("\n");
		expect(lines).toContain('prosody_mod_c2s__connections{host="localhost",type="c2s",ip_family="ipv4"} 1');
		expect(lines).toContain('prosody_mod_c2s__connections{host="localhost",type="c2s",ip_family="ipv6"} 0');
		expect(lines).toContain('prosody_mod_muc__live_room{host="conference.localhost"} 1');
		expect(lines).toContain('enjamb_occupants{host="conference.localhost"} 1');
		expect(lines).toContain(`prosody_info{version="${test.server.version}"} 1`);
		for (const name of [
			"enjamb_turns_total",
			"enjamb_deliveries_total",
			"enjamb_stanza_wait_seconds_count",
			"process_cpu_seconds_total",
		])
			expect(metric_value(test.server, name), name).toBeGreaterThan(0);
		expect(metric_value(test.server, 'enjamb_queued_bytes{stream="c2s"}')).toBe(0);
	});

	it.skipIf(no_parser)("are what a strict parser reads", async () => {
		const { samples, problem } = read_strictly((await get(await start())).body);
		expect(problem).toBe("");
		expect(samples.length).toBeGreaterThan(100);
	});

	it("are for this machine, unless the options name others", async () => {
		const from_afar = ["X-Forwarded-For: 192.0.2.7"];
		expect((await get(await start(), from_afar)).status).toBe(403);
		await running?.stop();
		expect((await get(await start({ openmetrics_allow_ips: ["192.0.2.7"] }), from_afar)).status).toBe(200);
		await running?.stop();
		const test = await start({ openmetrics_allow_cidr: "192.0.2.0/24" });
		expect((await get(test, from_afar)).status).toBe(200);
		expect((await get(test)).status).toBe(200);
		await running?.stop();
		expect((await get(await start({ openmetrics_allow_cidr: "nonsense" }), from_afar)).status).toBe(403);
	});

	it("are missing where no statistics are kept", async () => {
		const { status, type, body } = await get(await start({ statistics: false, statistics_interval: false }));
		expect([status, type, body]).toEqual([404, "text/plain; charset=utf-8", "No statistics provider configured\n"]);
	});
});
