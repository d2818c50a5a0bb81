import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run, type ScansionOptions } from "../../tools/scansion.ts";
import { type FakeServer, start_fake_server } from "./scansion/fake_server.ts";

const cast = "[Client] Ada\n\tjid: ada@localhost\n\tpassword: engine\n\nAda connects\n";
const good = `# Good\n## quick\n${cast}Ada sends: <presence/>\nAda receives: <presence/>\n`;
const bad = `# Bad\n## status: broken\n${cast}Ada receives: nothing\nAda receives: <message/>\n`;

let folder: string;
let server: FakeServer;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	server = await start_fake_server({ handle: (stanza, session) => session.send(stanza.toString()) });
});

afterEach(async () => {
	await server.stop();
	rmSync(folder, { recursive: true });
});

function script(name: string, text: string): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

/** Runs scripts; answers with the exit status and everything that was written. */
async function playing(
	paths: readonly string[],
	options: ScansionOptions = {},
): Promise<{ status: number; report: string; complaint: string }> {
	let report = "";
	let complaint = "";
	const status = await run(paths, {
		timeout: 0.2,
		colour: false,
		write: (text) => (report += text),
		complain: (text) => (complaint += text),
		...options,
	});
	return { status, report, complaint };
}

describe("run", () => {
	it("plays a folder's scripts in order, and fails when one does", async () => {
		script("b.scs", bad);
		script("a.scs", good);
		script("c.txt", "no script");
		const { status, report } = await playing([folder], { host: "127.0.0.1", port: server.port });
		expect(status).toBe(1);
		expect(report).toMatch(/^✓ a\.scs {2}Good .*\n✗ b\.scs {2}Bad /);
		expect(report).toContain("2 scripts: 1 passed, 1 failed");
	});

	it("starts a fresh server for each script, and stops it", async () => {
		const events: string[] = [];
		const start_server = async () => {
			events.push("start");
			return { port: server.port, stop: () => void events.push("stop") };
		};
		const { status } = await playing([script("a.scs", good), script("b.scs", bad)], { start_server });
		expect(status).toBe(1);
		expect(events).toEqual(["start", "stop", "start", "stop"]);
		expect((await playing([join(folder, "a.scs")], { start_server })).status).toBe(0);
	});

	it("goes on after a script that cannot be read", async () => {
		const paths = [script("a.scs", "Ada connects"), script("b.scs", good)];
		const { status, report } = await playing(paths, { host: "127.0.0.1", port: server.port });
		expect(status).toBe(1);
		expect(report).toContain("a.scs:1: Ada connects: expected a line that begins with a client's name");
		expect(report).toContain("✓ b.scs");
	});

	it("chooses scripts by their tags", async () => {
		const paths = [script("a.scs", good), script("b.scs", bad)];
		const at = { host: "127.0.0.1", port: server.port, format: "tap" } as const;
		expect((await playing(paths, { ...at, only: ["quick"] })).report).toBe("TAP version 13\n1..1\nok 1 - a.scs Good\n");
		expect((await playing(paths, { ...at, skip: ["status: broken"] })).report).toBe("TAP version 13\n1..1\nok 1 - a.scs Good\n");
		expect((await playing(paths, { ...at, only: ["status"], skip: ["status:fine"] })).report).toContain(
			"1..1\nnot ok 1 - b.scs Bad\n",
		);
	});

	it.each([
		["no scripts", [], {}, "no scripts are named; expected files that end in .scs, or folders of them\n"],
		["no server", ["a.scs"], { port: undefined }, "no server to play on; expected a host or a port\n"],
		["a timeout that is none", ["a.scs"], { timeout: 0 }, "timeout: 0: expected a number of seconds above 0\n"],
		["a timeout that is no number", ["a.scs"], { timeout: Number.NaN }, "timeout: NaN: expected a number of seconds above 0\n"],
	])("refuses %s", async (_, paths, options, complaint) => {
		const outcome = await playing(paths, { port: 1, ...options });
		expect(outcome).toEqual({ status: 2, report: "", complaint });
	});

	it("refuses paths that are no scripts", async () => {
		const missing = await playing([join(folder, "missing.scs")], { port: 1 });
		expect(missing.status).toBe(2);
		expect(missing.complaint).toContain("missing.scs: expected a script or a folder of scripts: ENOENT");
		const empty = await playing([folder], { port: 1 });
		expect(empty.complaint).toBe(`${folder}: expected a folder with scripts, files that end in .scs\n`);
	});

	it("tells that the server could not be started", async () => {
		const start_server = () => Promise.reject(new Error("out of luck"));
		const { status, complaint } = await playing([script("a.scs", good)], { start_server });
		expect(status).toBe(2);
		expect(complaint).toBe(`${join(folder, "a.scs")}: the server to play on failed: out of luck\n`);
	});
});
