import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { ask, eventually, patience, start_test_server } from "../../helper.ts";

const program = resolve(import.meta.dirname, "../../../dist/enjamb.js");

/** A module in which all fails that can; line numbers count below. */
const failing = `import { type ModuleApi, st } from "enjamb";
interface Unused {
	readonly nothing: string;
}
type Also = Unused;
export default async (module: ModuleApi) => {
	module.hook("iq-get/host/urn:example:handler:query", async ({ stanza }) => {
		throw new Error("async handler"); // line 8
	}, 1);
	module.hook("iq-get/host/urn:example:handler:query", ({ origin, stanza }) => {
		origin.send(st.reply(stanza));
		return true;
	});
	module.hook("iq-get/host/urn:example:started:query", () => {
		void Promise.reject(new Error("promise of a handler")); // line 15
		setTimeout(() => {
			throw new Error("timer of a handler"); // line 17
		}, 1);
		setTimeout(() => Promise.reject("no error at all"), 1);
		return undefined;
	});
	module.hook("iq-get/host/urn:example:sync:query", () => {
		throw new Error("sync handler"); // line 23
	});
	module.add_timer(0, async () => {
		throw new Error("async timer"); // line 26
	});
	await new Promise((done) => setTimeout(done, 5));
	// What names the lines must still be there for those who fail later
	globalThis.gc();
	module.log("info", "has loaded");
};
`;
const rejecting = `export default async () => {
	await Promise.resolve();
	throw new Error("async load"); // line 3
};
`;

let folder = "";
let child: ChildProcess | undefined;
let port = 0;
const log = () => readFile(join(folder, "log"), "utf8");

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-guard-"));
	await writeFile(join(folder, "mod_failing.ts"), failing);
	await writeFile(join(folder, "mod_rejecting.ts"), rejecting);
	await writeFile(
		join(folder, "enjamb.cfg.lua"),
		`plugin_paths = { "${folder}" }
data_path = "${folder}/data"
log = { debug = "${folder}/log" }
c2s_ports = { 0 }
interfaces = { "127.0.0.1" }
storage = "memory"
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
modules_enabled = { "saslauth", "roster", "disco", "failing", "rejecting" }
modules_disabled = { "s2s", "tls" }
VirtualHost "localhost"
`,
	);
	const started = spawn(process.execPath, ["--expose-gc", program, "start", "--config", join(folder, "enjamb.cfg.lua")], {
		cwd: folder,
	});
	child = started;
	let out = "";
	for (const stream of [started.stdout, started.stderr]) {
		stream.on("data", (chunk) => {
			out += String(chunk);
		});
	}
	port = await eventually(() => {
		const listens = /127\.0\.0\.1:(\d+) \(c2s\)/.exec(out);
		if (listens === null) throw new Error(`the server does not start:\n${out}`);
		return Number(listens[1]);
	});
});
afterAll(async () => {
	child?.kill("SIGKILL");
	await rm(folder, { recursive: true, force: true });
});

describe("what a module in TypeScript starts", () => {
	it("fails as the module's error, which names the line of its source, and the server goes on", async () => {
		const connected = await Client.connect({ jid: "romeo@localhost", password: "x", host: "127.0.0.1", port, timeout: patience });
		if (!connected.ok) throw new Error(connected.error);
		const romeo = connected.value;
		const query = (xmlns: string) => st.iq({ type: "get", id: xmlns, to: "localhost" }).query(xmlns).reset();
		// the answer of an async handler is still to come, so that the event goes on
		expect((await ask(romeo, query("urn:example:handler"))).attr["type"]).toBe("result");
		await ask(romeo, query("urn:example:started"));
		expect((await ask(romeo, query("urn:example:sync"))).get_error()?.condition).toBe("internal-server-error");
		const expected: [RegExp, string][] = [
			[/localhost:failing\W[^\n]*Error in an async handler: Error: async handler.*?mod_failing\.ts:8:/s, "async handler"],
			[/localhost:failing\W[^\n]*Error in a promise: Error: promise of a handler.*?mod_failing\.ts:15:/s, "promise"],
			[/localhost:failing\W[^\n]*Error in a callback: Error: timer of a handler.*?mod_failing\.ts:17:/s, "timer"],
			[/localhost:failing\W[^\n]*Error in a promise: no error at all/, "no error"],
			[/Error: sync handler.*?mod_failing\.ts:23:/s, "sync handler"],
			[/localhost:failing\W[^\n]*Error in a timer: Error: async timer.*?mod_failing\.ts:26:/s, "async timer"],
			[/Error initializing module 'rejecting' on 'localhost': Error: async load.*?mod_rejecting\.ts:3:/s, "async load"],
			[/localhost:failing\W[^\n]*has loaded/, "loaded"],
		];
		for (const [pattern, what] of expected) {
			await expect.poll(log, { timeout: patience, message: what }).toMatch(pattern);
		}
		expect(child?.exitCode).toBeNull();
		await ask(romeo, st.iq({ type: "get", id: "still", to: "localhost" }).query("http://jabber.org/protocol/disco#info").reset());
	});
});

describe("an async function as a module", () => {
	it("gives others what it answers once that is there", async () => {
		await writeFile(
			join(folder, "mod_slow.ts"),
			`export default async () => {
	await Promise.resolve();
	return { answer: 42 };
};
`,
		);
		const server = await start_test_server({
			config: { "*": { plugin_paths: [folder] }, localhost: { modules_enabled: ["slow", "rejecting"] } },
		});
		const { modulemanager } = server.server;
		await expect.poll(() => modulemanager.get_module("localhost", "slow")?.exports).toEqual({ answer: 42 });
		await expect.poll(() => modulemanager.is_loaded("localhost", "rejecting")).toBe(false);
		await server.stop();
	});
});
