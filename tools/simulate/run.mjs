// `npm run simulate`: bundles the simulation and runs it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values } = parseArgs({
	options: {
		failures: { type: "string", default: "100000" },
		seed: { type: "string", default: "1" },
		balances: { type: "string" },
	},
});
const [failures, seed] = [Number(values.failures), Number(values.seed)];
// One cluster in which loads have to become equal for each 50 episodes with failures
const balances = Number(values.balances ?? Math.ceil(failures / 3000));
if (!(Number.isInteger(failures) && failures > 0 && Number.isInteger(seed) && Number.isInteger(balances) && balances >= 0)) {
	console.error("npm run simulate -- [--failures NUMBER] [--balances NUMBER] [--seed NUMBER]: whole numbers are expected");
	process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "enjamb-simulate-"));
try {
	const program = join(folder, "simulate.mjs");
	await build({
		entryPoints: [join(import.meta.dirname, "../simulate.ts")],
		outfile: program,
		bundle: true,
		format: "esm",
		platform: "node",
		target: "node20",
	});
	const { simulate, simulate_balances, simulate_sessions, simulation_text, balances_text, sessions_text } = await import(
		pathToFileURL(program).href
	);
	const begun = performance.now();
	let told = begun;
	const report = await simulate({
		failures,
		seed,
		on_progress(played) {
			if (performance.now() - told < 10_000) return;
			told = performance.now();
			console.error(`${played} failures`);
		},
	});
	console.log(simulation_text(report, (performance.now() - begun) / 1000));
	const balanced = await simulate_balances(balances, seed);
	if (balances > 0) console.log(balances_text(balanced));
	const sessions = await simulate_sessions(failures, seed);
	console.log(sessions_text(sessions));
	process.exitCode = [report, sessions, ...balanced].every(({ violations }) => violations.length === 0) ? 0 : 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}
