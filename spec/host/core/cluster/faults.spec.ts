// Nodes of a cluster are killed, stopped and cut off, and what they run on is started anew, under load: what anybody heard is in the
// archive, in the same order, and nobody is lost whose connection stands. CLUSTER_FAULTS says which faults, by their names with commas between
// them, or how many (two when not given); CLUSTER_STOP how long the longest of them takes, in milliseconds; CLUSTER_LEASE the lease, in seconds.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { not_installed } from "../../../needs.ts";
import { find_nats } from "../../databases/nats.ts";
import { find_postgresql } from "../../databases/postgresql.ts";
import { type FaultName, fault_names, play_faults } from "./faults.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../../../dist/enjamb.js"));
const wanted = process.env["CLUSTER_FAULTS"];
const longest = Number(process.env["CLUSTER_STOP"] ?? 4000);
const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "clusters are not tried with faults");
const no_nats = not_installed(find_nats(), "nats-server", "clusters are not tried with faults");

function chosen(): FaultName[] {
	if (wanted === undefined) return ["kill", "rolling"];
	if (!/^\d+$/.test(wanted))
		return wanted.split(",").filter((name): name is FaultName => fault_names.some((one) => one === name));
	return Array.from({ length: Number(wanted) }, () => fault_names[Math.floor(Math.random() * fault_names.length)] ?? "kill");
}

describe.skipIf(no_postgresql || no_nats)("a cluster whose nodes come and go", () => {
	it("loses nothing that anybody heard", { timeout: wanted === undefined ? 900_000 : 24 * 3_600_000 }, async () => {
		if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
		const { logs, ...report } = await play_faults(program, chosen(), longest);
		if (wanted !== undefined) console.log(JSON.stringify(report, null, "\t"));
		expect({ ...report, logs: report.missing.length + report.disordered.length + report.lost > 0 ? logs : "" }).toMatchObject({
			missing: [],
			disordered: [],
			lost: 0,
			unserved: [],
		});
		expect(report.heard).toBeGreaterThan(0);
	});
});
