import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findProsody, startReference } from "../tools/reference.ts";
import { play } from "../tools/scansion/play.ts";
import { createReporter } from "../tools/scansion/report.ts";
import { findScripts, readScript, type ScratchServer } from "../tools/scansion.ts";

const found = findScripts([join(import.meta.dirname, "scansion")]);
if (!found.ok) throw new Error(found.error);
const names = found.value.map((file) => file.slice(file.lastIndexOf("/") + 1));

/** Scripts with this tag show what we deliberately do otherwise than Prosody; spec/known-differences.ts says why. */
const ours_only = "not on Prosody";
const common_names = names.filter((name) => {
	const script = readScript(join(import.meta.dirname, "scansion", name));
	return !(script.ok && script.value.tags.has(ours_only));
});

/** Plays one of our scripts on a server that is there for it alone; answers with why it failed, or with nothing. */
async function playOn(start: () => Promise<ScratchServer>, name: string): Promise<string> {
	const script = readScript(join(import.meta.dirname, "scansion", name));
	if (!script.ok) return `${name}:${script.error.line}: ${script.error.message}`;
	const server = await start();
	try {
		const outcome = await play(script.value, { host: "127.0.0.1", port: server.port, timeout: 5000 });
		let report = "";
		if (outcome.failure) createReporter("text", (text) => (report += text), false).result({ kind: "played", outcome });
		return report;
	} finally {
		await server.stop();
	}
}

describe("our scansion scripts, on this server", () => {
	/** Loaded late: a server that cannot even be loaded must not keep a real Prosody from judging the scripts. */
	async function startOurs(): Promise<ScratchServer> {
		const { start_scratch_server } = await import("../host/composition.ts");
		return start_scratch_server();
	}

	it.each(names)("%s", async (name) => {
		expect(await playOn(startOurs, name)).toBe("");
	});
});

// The judge of the scripts themselves: what a real Prosody does not do, they must not ask for.
const prosody = findProsody();
const required = process.env["CI"] === "true";
if (prosody === undefined && !required) console.warn("Prosody is not installed: our scripts are not judged by a real one");

describe.skipIf(prosody === undefined && !required)("our scansion scripts, on a real Prosody", () => {
	async function startProsody(): Promise<ScratchServer> {
		const started = await startReference();
		if (!started.ok) throw new Error(started.error);
		return started.value;
	}

	it.each(common_names)("%s", async (name) => {
		expect(await playOn(startProsody, name)).toBe("");
	});
});
