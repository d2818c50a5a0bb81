// The dashboard for Grafana, with a real Prometheus that reads a server under a small load.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { eventually, expect_stanza, start_test_server, type TestServer } from "../../helper.ts";
import { Prometheus } from "../../prometheus.ts";

type Place = { readonly [Side in "x" | "y" | "w" | "h"]: number };

interface Panel {
	readonly id: number;
	readonly title: string;
	readonly type: string;
	readonly targets?: readonly { readonly expr: string }[];
	readonly [name: string]: unknown;
}

const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(
	readFileSync(join(import.meta.dirname, "../../../tools/grafana/enjamb.json"), "utf8"),
);
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
	targets.map(({ expr }, place) => ({ name: `${title}, ${place + 1}`, expr })),
);

/** A query as Grafana asks it, with its variables filled in. */
function filled(expression: string): string {
	return expression.replaceAll("$__rate_interval", "5s").replaceAll("$__range", "10s").replaceAll("$instance", ".*");
}

describe("the dashboard", () => {
	it("has panels that do not lie upon one another", () => {
		expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
		const places = dashboard.panels.map((panel): Place => Object(panel["gridPos"]));
		const cells = places.flatMap(({ x, y, w, h }) =>
			Array.from({ length: w * h }, (_, place) => `${x + (place % w)},${y + Math.floor(place / w)}`),
		);
		expect(new Set(cells).size).toBe(cells.length);
		expect(places.every(({ x, w }) => x + w <= 24)).toBe(true);
	});
});

describe.skipIf(Prometheus.is_missing())("a Prometheus", () => {
	let test: TestServer;
	let prometheus: Prometheus;
	let load: NodeJS.Timeout;

	beforeAll(async () => {
		test = await start_test_server({
			config: {
				"*": {
					http_ports: [0],
					https_ports: [],
					http_interfaces: ["127.0.0.1"],
					plugin_paths: [resolve(import.meta.dirname, "../../lua")],
					modules_enabled: ["http_openmetrics", "saslauth", "roster", "disco", "smacks", "lifecycle"],
					modules_disabled: ["tls"],
					s2s_ports: [],
					statistics: "internal",
					statistics_interval: "manual",
				},
				"conference.localhost": { modules_enabled: ["muc_mam"], storage: "sql" },
			},
		});
		prometheus = await Prometheus.start(test.server.addresses().find(({ service }) => service === "http")?.port ?? 0);
		const client = await test.client("romeo");
		const room = "tea@conference.localhost";
		client.send(
			st
				.presence({ to: `${room}/Romeo` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		await expect_stanza(client, (stanza) => stanza.get_child("subject") !== undefined);
		load = setInterval(() => {
			client.send(st.message({ to: room, type: "groupchat" }).text_tag("body", "Hello"));
			test.server.hosts.get("localhost")?.events.fire_any("lifecycle", { stop: "nil" });
		}, 100);
	}, 120_000);
	afterAll(async () => {
		clearInterval(load);
		await prometheus?.stop();
		await test?.stop();
	});

	it("reads the metrics", async () => {
		await eventually(async () => expect(await prometheus.scrape_error()).toBe(""));
	});

	it.each(queries)("answers what $name asks", async ({ expr }) => {
		const names = [...expr.matchAll(/\b((?:prosody|enjamb|process)_\w+)/g)].map(([, name = ""]) => name);
		const families = test.server.statsmanager.registry?.render() ?? "";
		for (const name of names) expect(families).toContain(`# TYPE ${name.replace(/_(total|bucket|count|sum)$/, "")} `);
		await eventually(async () => {
			const answers = await prometheus.query(filled(expr));
			expect(answers.length).toBeGreaterThan(0);
			for (const { value } of answers) expect(value).toBeGreaterThanOrEqual(0);
		});
	});
});
