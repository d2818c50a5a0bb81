// Programs of others that read metrics.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { free_port } from "../tools/reference.ts";
import { not_installed } from "./needs.ts";

const debian_python = "/usr/bin/python3";

const strict_parser = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, family.unit, sample.name, sorted(sample.labels.items()), sample.value)
`;

/** Whether there is no strict parser of OpenMetrics, that of Prometheus' client for Python. Says so. */
export function no_strict_parser(): boolean {
	const found = spawnSync(debian_python, ["-c", "import prometheus_client.openmetrics.parser"]).status === 0;
	return not_installed(found, "python3-prometheus-client", "metrics are not given to a strict parser");
}

/** The samples of a text, one in a line with kind, unit, name, labels and value; and what is wrong with it. */
export function read_strictly(text: string): { readonly samples: string[]; readonly problem: string } {
	const { stdout, stderr } = spawnSync(debian_python, ["-c", strict_parser], { input: text, encoding: "utf8" });
	return { samples: stdout.split("\n").filter((line) => line !== ""), problem: stderr };
}

/** What a Prometheus answers to a query. */
export interface QueryAnswer {
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

/** A real Prometheus that reads the metrics of one server. */
export class Prometheus {
	private constructor(
		private readonly port: number,
		private readonly child: ChildProcess,
		private readonly folder: string,
	) {}

	/** Whether there is none here. Says so. */
	static is_missing(): boolean {
		return not_installed(spawnSync("prometheus", ["--version"]).status === 0, "prometheus", "no Prometheus reads metrics");
	}

	/** Starts one that reads the pages at a port of this machine twice a second. */
	static async start(target: number): Promise<Prometheus> {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-prometheus-"));
		const config = join(folder, "prometheus.yml");
		writeFileSync(
			config,
			`global:
  scrape_interval: 500ms
scrape_configs:
  - job_name: enjamb
    static_configs:
      - targets: ["127.0.0.1:${target}"]
`,
		);
		const port = await free_port();
		const child = spawn(
			"prometheus",
			[`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
			{ stdio: "ignore" },
		);
		return new Prometheus(port, child, folder);
	}

	private async get(path: string): Promise<unknown> {
		const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/${path}`);
		const { status, data, error }: { status?: string; data?: unknown; error?: string } = Object(await answer.json());
		if (status !== "success") throw new Error(`Prometheus: ${error}`);
		return data;
	}

	/** Why it could not read the metrics the last time; empty where it could, undefined where it has not tried yet. */
	async scrape_error(): Promise<string | undefined> {
		const data: { readonly [name: string]: readonly { readonly [name: string]: string }[] } = Object(await this.get("targets"));
		const [target] = data["activeTargets"] ?? [];
		return target === undefined || target["health"] === "unknown" ? undefined : target["lastError"];
	}

	/** Asks it; throws where the query makes no sense. */
	async query(expression: string): Promise<QueryAnswer[]> {
		const data: { result?: readonly { metric: Record<string, string>; value: readonly [number, string] }[] } = Object(
			await this.get(`query?query=${encodeURIComponent(expression)}`),
		);
		return (data.result ?? []).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
	}

	async stop(): Promise<void> {
		if (this.child.exitCode === null && this.child.signalCode === null) {
			const gone = new Promise((resolve) => this.child.once("exit", resolve));
			this.child.kill("SIGKILL");
			await gone;
		}
		rmSync(this.folder, { recursive: true, force: true });
	}
}
