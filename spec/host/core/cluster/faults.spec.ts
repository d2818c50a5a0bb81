// Nodes of a cluster are killed, stopped and cut off, join and leave, and what they run on is started anew, under load: what anybody heard is
// in the archive, in the same order, and nobody is lost whose connection stands. CLUSTER_FAULTS says which faults, by their names with commas between
// them, or how many (two when not given); CLUSTER_STOP how long the longest of them takes, in milliseconds; CLUSTER_LEASE the lease, in seconds (6);
// CLUSTER_SEED which ones at random; CLUSTER_DATABASE=mysql and CLUSTER_NATS=3 what the nodes run on; CLUSTER_LOG a file for what the nodes log.

import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { random_numbers } from "../../../../tools/simulate/world.ts";
import { not_installed } from "../../../needs.ts";
import { find_mariadb, start_mariadb } from "../../databases/mariadb.ts";
import { find_nats, start_nats_cluster } from "../../databases/nats.ts";
import { find_postgresql } from "../../databases/postgresql.ts";
import { type FaultName, fault_names, play_faults } from "./faults.ts";
import { report_text } from "./faults_report.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../../../dist/enjamb.js"));
const wanted = process.env["CLUSTER_FAULTS"];
const longest = Number(process.env["CLUSTER_STOP"] ?? 4000);
const log = process.env["CLUSTER_LOG"];
const random = random_numbers(Number(process.env["CLUSTER_SEED"] ?? Date.now() % 100_000));
const servers = Number(process.env["CLUSTER_NATS"] ?? 1);
const is_mysql = process.env["CLUSTER_DATABASE"] === "mysql";
const no_database = is_mysql
	? not_installed(find_mariadb(), "MariaDB", "clusters are not tried with faults")
	: not_installed(find_postgresql(), "PostgreSQL", "clusters are not tried with faults");
const no_nats = not_installed(find_nats(), "nats-server", "clusters are not tried with faults");

function chosen(): FaultName[] {
	if (wanted === undefined) return ["kill", "rolling"];
	if (!/^\d+$/.test(wanted))
		return wanted.split(",").filter((name): name is FaultName => fault_names.some((one) => one === name));
	return Array.from({ length: Number(wanted) }, () => fault_names[Math.floor(random() * fault_names.length)] ?? "kill");
}

describe.skipIf(no_database || no_nats)("a cluster whose nodes come and go", () => {
	it("loses nothing that anybody heard", { timeout: wanted === undefined ? 900_000 : 24 * 3_600_000 }, async () => {
		if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
		const report = await play_faults({
			program,
			faults: chosen(),
			longest,
			random,
			...(is_mysql ? { start_database: start_mariadb } : {}),
			...(servers > 1 ? { start_nats: () => start_nats_cluster(servers) } : {}),
			...(wanted === undefined ? {} : { on_fault: (text: string) => console.log(text) }),
		});
		if (wanted !== undefined) console.log(report_text(report));
		if (log !== undefined) writeFileSync(log, report.logs);
		const { logs, ...rest } = report;
		const is_bad =
			report.missing.length + report.disordered.length + report.twice.length + report.lost.length + report.unserved.length > 0;
		expect({ ...rest, logs: is_bad ? logs : "" }).toMatchObject({
			missing: [],
			disordered: [],
			twice: [],
			lost: [],
			unserved: [],
		});
		expect(report.heard).toBeGreaterThan(0);
	});
});
