import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import { Client } from "../tools/scansion/client.ts";
import { ask, eventually, expect_stanza, patience } from "./helper.ts";

const program = resolve(import.meta.dirname, "../dist/enjamb.js");
let folder = "";
const running = new Set<ChildProcess>();

beforeAll(async () => {
	if (!existsSync(program)) throw new Error("dist/enjamb.js is missing: npm run build makes it, and npm test does so first");
	folder = await mkdtemp(join(tmpdir(), "enjamb-command-"));
});

afterAll(async () => {
	for (const child of running) child.kill("SIGKILL");
	await rm(folder, { recursive: true, force: true });
});

interface Ended {
	readonly status: number | null;
	readonly out: string;
	readonly err: string;
}

/** Starts the program. */
function launch(args: readonly string[], input = "") {
	const child = spawn(process.execPath, [program, ...args], { cwd: folder });
	running.add(child);
	let out = "";
	let err = "";
	child.stdout.on("data", (chunk) => {
		out += String(chunk);
	});
	child.stderr.on("data", (chunk) => {
		err += String(chunk);
	});
	child.stdin.end(input);
	const ended = new Promise<Ended>((done) => {
		child.once("close", (status) => {
			running.delete(child);
			done({ status, out, err });
		});
	});
	const look = (text: string): string => {
		if (!out.includes(text)) throw new Error(`never printed ${text}:\n${out}${err}`);
		return out;
	};
	/** What was printed, once this is in it, or the program has ended. */
	const printed = (text: string): Promise<string> => Promise.race([eventually(() => look(text)), ended.then(() => look(text))]);
	return { child, ended, printed };
}

function run(args: readonly string[], input?: string): Promise<Ended> {
	return launch(args, input).ended;
}

async function config(name: string, text: string): Promise<string> {
	const path = join(folder, name);
	await writeFile(path, text);
	return path;
}

const open_accounts = `
c2s_ports = { 0 }
s2s_ports = { 0 }
interfaces = { "127.0.0.1" }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
modules_enabled = { "disco", "roster", "saslauth", "ping" }
VirtualHost "localhost"
Component "conference.localhost" "muc"
`;

/** The port in the line that says where the server listens. */
function port_in(text: string): number {
	return Number(/127\.0\.0\.1:(\d+) \(c2s\)/.exec(text)?.[1]);
}

async function login(port: number, name: string): Promise<Client> {
	const client = await Client.connect({ host: "127.0.0.1", port, jid: `${name}@localhost`, password: "any", timeout: patience });
	if (!client.ok) throw new Error(client.error);
	return client.value;
}

describe("enjamb start", () => {
	it("finds its persistent rooms again after a restart, and ends cleanly on SIGINT and SIGTERM", async () => {
		const path = await config("rooms.cfg.lua", `data_path = "rooms"\nmuc_room_default_persistent = true\n${open_accounts}`);
		const room = "balcony@conference.localhost";
		for (const signal of ["SIGINT", "SIGTERM"] as const) {
			const server = launch(["start", "--config", path]);
			const port = port_in(await server.printed("listens on"));
			const romeo = await login(port, "romeo");
			romeo.send(
				st
					.presence({ to: `${room}/romeo` })
					.tag("x", { xmlns: "http://jabber.org/protocol/muc" })
					.reset(),
			);
			const joined = await expect_stanza(
				romeo,
				(stanza) => stanza.name === "presence" && stanza.attr["from"] === `${room}/romeo`,
			);
			const codes = joined.get_child("x", "http://jabber.org/protocol/muc#user")?.tags.map((tag) => tag.attr["code"]);
			expect(codes?.includes("201")).toBe(signal === "SIGINT");
			const form = st
				.iq({ type: "set", id: "instant", to: room })
				.tag("query", { xmlns: "http://jabber.org/protocol/muc#owner" });
			romeo.send(form.tag("x", { xmlns: "jabber:x:data", type: "submit" }).reset());
			await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "instant");
			server.child.kill(signal);
			expect(await server.ended).toMatchObject({ status: 0, err: "" });
			expect(romeo.ended).toContain("system-shutdown");
			await romeo.disconnect();
		}
	});

	it("ends when an administrator says so in the console", async () => {
		const consoles = open_accounts.replace('"ping" }', '"ping", "admin_shell" }');
		const path = await config("ends.cfg.lua", `data_path = "ends"\n${consoles}`);
		const server = launch(["start", "--config", path]);
		await server.printed("listens on");
		const said = await run(["shell", "--config", path, "server:shutdown('Enough')"]);
		expect(said.out).toContain("OK: Shutdown initiated");
		expect((await server.ended).status).toBe(0);
	});

	it.each([
		["a syntax error", 'VirtualHost "localhost', /broken\.cfg\.lua:1: unfinished string/],
		["no host", "daemonize = false", /defines no host: expected a VirtualHost or a Component/],
		["a storage driver that is not there", `storage = "papyrus"\n${open_accounts}`, /papyrus/],
	])("refuses a configuration with %s in one line", async (_what, text, expected) => {
		const { status, err } = await run(["start", "--config", await config("broken.cfg.lua", text)]);
		expect(status).toBe(1);
		const errors = err.split("\n").filter((line) => line !== "" && !line.includes("warning: "));
		expect(errors).toHaveLength(1);
		expect(errors[0]).toMatch(expected);
	});

	it("names the file that is not there", async () => {
		const { status, err } = await run(["start", "--config", "nowhere.cfg.lua"]);
		expect({ status, err }).toEqual({ status: 1, err: "enjamb: nowhere.cfg.lua: no such file; expected a configuration file\n" });
	});

	it("warns of unknown options, suggesting the nearest, and runs all the same", async () => {
		const path = await config("typo.cfg.lua", `storage = "memory"\nmuc_room_lockng = true\n${open_accounts}`);
		const server = launch(["start", "--config", path]);
		await server.printed("listens on");
		server.child.kill("SIGTERM");
		const { err } = await server.ended;
		expect(err).toMatch(/typo\.cfg\.lua:2: warning: option 'muc_room_lockng' is not known; did you mean muc_room_locking\?/);
	});

	it("runs everything else where a component's module is not there", async () => {
		const path = await config("component.cfg.lua", `storage = "memory"\n${open_accounts}Component "files.localhost" "papyrus"`);
		const server = launch(["start", "--config", path]);
		const text = await server.printed("Stop ");
		expect(text).toMatch(/component files\.localhost does not run, since mod_papyrus could not be loaded/);
		const romeo = await login(port_in(text), "romeo");
		expect(
			(await ask(romeo, st.iq({ type: "get", id: "1", to: "conference.localhost" }).query(ns.disco_info))).attr["type"],
		).toBe("result");
		expect((await ask(romeo, st.iq({ type: "get", id: "2", to: "files.localhost" }).query(ns.disco_info))).attr["type"]).toBe(
			"error",
		);
		await romeo.disconnect();
		server.child.kill("SIGTERM");
		expect((await server.ended).status).toBe(0);
	});

	it("stays where it is only a component, and the server that it belongs to is not there", async () => {
		const connections: Socket[] = [];
		const other = createServer((socket) => connections.push(socket.on("error", () => {})));
		await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
		const at = other.address();
		const rooms = `Component "conference.localhost" "muc"
	component_uplink = "127.0.0.1:${typeof at === "object" ? at?.port : 0}"
	component_secret = "secret"
`;
		const path = await config(
			"uplink.cfg.lua",
			`storage = "memory"\nlog = { info = "*console" }\nmodules_disabled = { "s2s" }\n${rooms}`,
		);
		const server = launch(["start", "--config", path]);
		await server.printed("runs and listens nowhere");
		await eventually(() => expect(connections).toHaveLength(1));
		connections[0]?.destroy();
		await eventually(() => expect(connections).toHaveLength(2));
		server.child.kill("SIGHUP");
		await server.printed("Reloading configuration file");
		for (const socket of connections) socket.destroy();
		other.close();
		await server.printed("nobody listens there");
		server.child.kill("SIGTERM");
		expect((await server.ended).status).toBe(0);
	});

	it("finds modules in folders beside the configuration, wherever it is started", async () => {
		await mkdir(join(folder, "elsewhere", "modules"), { recursive: true });
		const told = 'export default (module) => module.hook("iq-get/host/urn:example:here:here", () => true);\n';
		await writeFile(join(folder, "elsewhere", "modules", "mod_here.ts"), told);
		const text = `storage = "memory"\nplugin_paths = { "modules" }\n${open_accounts.replace('"ping"', '"ping", "here"')}`;
		const server = launch(["start", "--config", await config("elsewhere/modules.cfg.lua", text)]);
		expect(await server.printed("Stop ")).not.toContain("mod_here");
		server.child.kill("SIGTERM");
		expect((await server.ended).status).toBe(0);
	});

	it("refuses a port that somebody else has", async () => {
		const squatter = createServer();
		await new Promise<void>((listening) => squatter.listen(0, "127.0.0.1", listening));
		const address = squatter.address();
		const port = typeof address === "object" && address !== null ? address.port : 0;
		const path = await config("taken.cfg.lua", `storage = "memory"\n${open_accounts.replace("{ 0 }", `{ ${port} }`)}`);
		const { status, err } = await run(["start", "--config", path]);
		await new Promise((closed) => squatter.close(closed));
		expect(status).toBe(1);
		expect(err).toBe(`enjamb: c2s cannot listen on [127.0.0.1]:${port}: the port is in use by another program\n`);
	});

	it("refuses a database that is none, and leaves it as it is", async () => {
		const data = join(folder, "none");
		await mkdir(data);
		const text = "this is a diary, not a database";
		await writeFile(join(data, "prosody.sqlite"), text);
		const { status, err } = await run(["start", "--data", "none"]);
		expect(status).toBe(1);
		expect(err).toMatch(/^enjamb: .*none\/prosody\.sqlite: it is not a SQLite 3 database.*\n$/);
		expect(await readFile(join(data, "prosody.sqlite"), "utf8")).toBe(text);
	});

	it("refuses a data folder that is a file", async () => {
		await writeFile(join(folder, "file"), "");
		const { status, err } = await run(["start", "--data", "file"]);
		expect(status).toBe(1);
		expect(err).toMatch(/^enjamb: cannot keep data in the folder .*file \(EEXIST\): set data_path .*\n$/);
	});

	it.skipIf(process.getuid?.() === 0)("refuses a data folder that it may not write to", async () => {
		await mkdir(join(folder, "locked"), { mode: 0o500 });
		const { status, err } = await run(["start", "--data", "locked"]);
		await chmod(join(folder, "locked"), 0o700);
		expect(status).toBe(1);
		expect(err).toMatch(/cannot keep data in the folder .*locked \(EACCES\)/);
	});
});

describe("enjamb adduser", () => {
	const hashed = `data_path = "accounts"\n${open_accounts.replace('"insecure"', '"internal_hashed"')}`;

	it("makes accounts that can log in, and takes them away", async () => {
		const path = await config("accounts.cfg.lua", hashed);
		expect(await run(["adduser", "romeo@localhost", "--config", path], "secret\n")).toMatchObject({ status: 0, err: "" });
		const server = launch(["start", "--config", path]);
		const port = port_in(await server.printed("listens on"));
		const connect = (password: string) =>
			Client.connect({ host: "127.0.0.1", port, jid: "romeo@localhost", password, timeout: patience });
		const romeo = await connect("secret");
		expect(romeo.ok).toBe(true);
		expect((await connect("wrong")).ok).toBe(false);
		if (romeo.ok) await romeo.value.disconnect();
		expect(await run(["adduser", "romeo@localhost", "--delete", "--config", path])).toMatchObject({ status: 0, err: "" });
		expect((await connect("secret")).ok).toBe(false);
		server.child.kill("SIGTERM");
		expect((await server.ended).status).toBe(0);
	});

	it("sets passwords and removes accounts, of a server that runs and of one that does not", async () => {
		const path = await config(
			"passwords.cfg.lua",
			hashed.replace('"ping"', '"ping", "admin_shell"').replace('"accounts"', '"passwords"'),
		);
		for (const runs of [false, true]) {
			const server = runs ? launch(["start", "--config", path]) : undefined;
			const port = port_in((await server?.printed("listens on")) ?? "");
			const connect = (password: string) =>
				Client.connect({ host: "127.0.0.1", port, jid: "romeo@localhost", password, timeout: patience });
			for (const [command, input] of [
				["adduser", "first\n"],
				["adduser", "second\n"],
				["passwd", "third\n"],
			] as const) {
				expect(await run([command, "romeo@localhost", "--config", path], input)).toMatchObject({ status: 0, err: "" });
			}
			const romeo = runs ? await connect("third") : undefined;
			if (romeo !== undefined) expect(romeo.ok).toBe(true);
			expect(await run(["deluser", "romeo@localhost", "--config", path])).toMatchObject({ status: 0, err: "" });
			// Whoever is logged in is thrown out by a server that is told
			if (romeo?.ok) await eventually(() => expect(romeo.value.ended).toBeDefined());
			const again = await run(["deluser", "romeo@localhost", "--config", path]);
			expect(again).toMatchObject({ status: 1, err: expect.stringMatching(/No such user|there is no account/) });
			expect((await run(["passwd", "romeo@localhost", "--config", path], "\n")).err).toContain("no password was given");
			server?.child.kill("SIGTERM");
			await server?.ended;
		}
	});

	it.each([
		["romeo", "x\n", /names no user|no JID/],
		["romeo@nowhere", "x\n", /the host nowhere is not in the configuration: it has localhost/],
		["romeo@localhost", "", /no password was given/],
	])("refuses %s with the password %j", async (jid, input, expected) => {
		const path = await config("refused.cfg.lua", hashed);
		const { status, err } = await run(["adduser", jid, "--config", path], input);
		expect(status).toBe(1);
		expect(err).toMatch(expected);
	});

	it("says where accounts need not be made", async () => {
		const { status, err } = await run(["adduser", "romeo@localhost", "--data", "open"], "x\n");
		expect(status).toBe(1);
		expect(err).toContain("lets in everybody with any password");
	});
});

describe("enjamb status, shell, reload and stop", () => {
	const with_console = `data_path = "console"\n${open_accounts.replace('"ping"', '"ping", "admin_shell"')}`;

	it("see a server that runs, and that none does", async () => {
		const path = await config("console.cfg.lua", with_console);
		const at = ["--config", path];
		expect(await run(["status", ...at])).toMatchObject({ status: 2, out: expect.stringContaining("Enjamb is not running") });
		expect(await run(["stop", ...at])).toMatchObject({ status: 1, err: expect.stringContaining("not running") });
		expect(await run(["reload", ...at])).toMatchObject({ status: 1, err: expect.stringContaining("not running") });
		expect(await run(["shell", ...at, "c2s:count()"])).toMatchObject({
			status: 1,
			err: expect.stringContaining("no server runs there"),
		});
		expect((await run(["about", ...at])).out).toMatch(/Version[\s\S]*Data .*console\n[\s\S]*admin_shell/);

		const server = launch(["start", ...at]);
		await server.printed("listens on");
		const { out, status } = await run(["status", ...at]);
		expect(status).toBe(0);
		expect(out).toContain(`Enjamb is running with PID ${server.child.pid}`);
		expect(out).toContain("Total: 0 clients");
		expect(await run(["shell", ...at, "c2s:count()"])).toMatchObject({ status: 0, out: "OK: Total: 0 clients\n", err: "" });
		expect(await run(["shell", ...at, "host", "list"])).toMatchObject({
			status: 0,
			out: "localhost\nconference.localhost (muc component)\nOK: 2 hosts\n",
		});
		expect(await run(["shell", ...at, "user", "list"])).toMatchObject({ status: 1, err: "Error: No host given\n" });
		const piped = await run(["shell", ...at], "c2s:count()\nuser:list()\nquit\nnever\n");
		expect(piped.out).toMatch(/^Enjamb .*\n\| OK: Total: 0 clients\n! Error: No host given\n$/);
		await writeFile(path, `console_banner = "Mind the gap"\n${with_console}`);
		expect((await run(["shell", ...at], "quit\n")).out).toBe("Mind the gap\n");

		await writeFile(path, `${with_console}\nVirtualHost "second.example"\n`);
		expect(await run(["reload", ...at])).toMatchObject({ status: 0, err: "" });
		await writeFile(path, `${with_console}\nVirtualHost = 5 5\n`);
		expect(await run(["shell", ...at, "c2s:count()"])).toMatchObject({
			status: 1,
			err: expect.stringContaining("console.cfg.lua:"),
		});
		await writeFile(path, with_console);
		expect(await run(["stop", ...at])).toMatchObject({ status: 0, out: "Stopped\n" });
		expect((await server.ended).status).toBe(0);
		expect((await run(["status", ...at])).status).toBe(2);
	});

	it("do what they can where the console is not enabled", async () => {
		const path = await config("silent.cfg.lua", `data_path = "silent"\n${open_accounts}`);
		const at = ["--config", path];
		const server = launch(["start", ...at]);
		await server.printed("listens on");
		expect((await run(["status", ...at])).out).toBe(`Enjamb is running with PID ${server.child.pid}\n`);
		expect(await run(["shell", ...at, "c2s:count()"])).toMatchObject({
			status: 1,
			err: expect.stringContaining("mod_admin_shell is not enabled"),
		});
		expect(await run(["reload", ...at])).toMatchObject({
			status: 0,
			out: expect.stringContaining(`The process ${server.child.pid} was told`),
		});
		expect((await run(["stop", ...at])).out).toBe("Stopped\n");
		await server.ended;
	});
});

describe("enjamb token", () => {
	it("makes tokens for the API of a server that runs, lists and ends them", async () => {
		const with_api = open_accounts.replace('"ping"', '"ping", "admin_shell", "http_api"');
		const web = 'http_ports = { 0 }\nhttps_ports = {}\nadmins = { "admin@localhost" }';
		const at = ["--config", await config("api.cfg.lua", `data_path = "api"\n${web}\n${with_api}`)];
		const create = ["token", "create", ...at, "--scope", "rooms:read", "--days", "30", "--name", "backup"];
		expect(await run([...create, "admin@localhost"])).toMatchObject({
			status: 1,
			err: expect.stringContaining("no server runs"),
		});
		const server = launch(["start", ...at]);
		const port = /127\.0\.0\.1:(\d+) \(http\)/.exec(await server.printed("listens on"))?.[1];
		const made = await run([...create, "admin@localhost"]);
		expect(made).toMatchObject({ status: 0, out: expect.stringMatching(/^enjamb_\w{12}_[\w-]{43}\n$/) });
		expect(await run([...create, "romeo@localhost"])).toMatchObject({
			status: 1,
			out: "",
			err: expect.stringContaining("romeo@localhost is no administrator of any host here"),
		});
		const call = async (): Promise<unknown[]> => {
			const url = `http://127.0.0.1:${port}/api/muc_online_rooms?service=conference.localhost`;
			const answer = await fetch(url, { headers: { Authorization: `Bearer ${made.out.trim()}` } });
			return [answer.status, await answer.json()];
		};
		expect(await call()).toEqual([200, []]);
		expect((await run(["token", "list", ...at])).out).toMatch(/admin@localhost .*\| rooms:read .*\| backup/);
		const id = made.out.slice(7, 19);
		expect(await run(["token", "revoke", ...at, id])).toMatchObject({
			status: 0,
			err: `Token ${id} of admin@localhost is ended\n`,
		});
		expect((await call())[0]).toBe(401);
		server.child.kill("SIGTERM");
		await server.ended;
	});
});

describe("enjamb", () => {
	it("shows its commands, and refuses others", async () => {
		expect((await run(["--help"])).out).toMatch(/start[\s\S]*adduser[\s\S]*scansion/);
		expect(await run(["strat"])).toMatchObject({ status: 1, err: expect.stringContaining("start") });
	});
});
