import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ModuleDefinition } from "../../../host/core/types.ts";
import { command, done, type Outcome } from "../../../host/plugins/admin_shell/command.ts";
import { iq, stanza } from "../../../host/util/stanza.ts";
import { ask, eventually, expect_stanza, start_test_server, type TestServer } from "../../helper.ts";
import { Typist, words } from "./admin_shell/typing.ts";

const folders: string[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server.stop();
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
	const made = mkdtempSync(join(tmpdir(), "enjamb-socket-"));
	folders.push(made);
	return made;
}

interface Given {
	readonly data_path?: string;
	readonly modules?: readonly ModuleDefinition[];
	readonly enabled?: readonly string[];
	readonly options?: Readonly<Record<string, string | string[]>>;
	readonly log?: string;
}

async function start(given: Given = {}): Promise<TestServer> {
	const data_path = given.data_path ?? folder();
	const server = await start_test_server({
		data_path,
		modules: given.modules ?? [],
		log: given.log === undefined ? [] : [{ to: { file: given.log }, level: "warn" }],
		config: {
			"*": {
				modules_enabled: ["disco", "roster", "saslauth", "admin_shell", ...(given.enabled ?? [])],
				modules_disabled: ["s2s", "s2s_auth_certs", "tls"],
				...given.options,
			},
		},
	});
	servers.push(server);
	return server;
}

/** A module of the whole server that offers commands. */
function offering(name: string, ...runs: readonly [string, () => Outcome | Promise<Outcome>][]): ModuleDefinition {
	return {
		name,
		global: true,
		load(module) {
			for (const [usage, run] of runs) {
				module.add_item("shell-command", { section: name, section_desc: "Of a test", ...command(usage, "Does it", run) });
			}
		},
	};
}

/** What comes over a socket until it ends. */
function talk(path: string, text: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connect({ path });
		let answer = "";
		socket.on("data", (chunk) => {
			answer += String(chunk);
		});
		socket.on("end", () => resolve(answer));
		socket.on("error", reject);
		socket.write(text);
	});
}

describe("the socket of administrators", () => {
	it("is for the server's user alone under the umask of a Prosody, and goes with the server", async () => {
		const data_path = folder();
		const before = process.umask(0o027);
		try {
			const server = await start({ data_path });
			expect((statSync(join(data_path, "prosody.sock")).mode & 0o777).toString(8)).toBe("750");
			await server.stop();
			servers.splice(0);
			expect(existsSync(join(data_path, "prosody.sock"))).toBe(false);
		} finally {
			process.umask(before);
		}
	});

	it.skipIf(process.getuid?.() !== 0)("lets nobody of another user in", async () => {
		const data_path = folder();
		const before = process.umask(0o027);
		try {
			await start({ data_path });
		} finally {
			process.umask(before);
		}
		execFileSync("chmod", ["755", data_path]);
		const code = `require("net").connect(${JSON.stringify(join(data_path, "prosody.sock"))}).on("connect",()=>{console.log("in");process.exit()}).on("error",e=>{console.log(e.code);process.exit()})`;
		const tried = spawnSync(process.execPath, ["-e", code], { uid: 65534, gid: 65534, encoding: "utf8", cwd: "/" });
		expect(tried.stdout.trim()).toBe("EACCES");
	});

	it("replaces one that a server has left, and nothing else", async () => {
		const data_path = folder();
		const path = join(data_path, "prosody.sock");
		// A process that dies leaves its socket
		spawnSync(process.execPath, [
			"-e",
			`require("net").createServer().listen(${JSON.stringify(path)},()=>process.kill(process.pid,"SIGKILL"))`,
		]);
		expect(statSync(path).isSocket()).toBe(true);
		await start({ data_path });
		const typist = await Typist.connect(data_path);
		expect((await typist.type("c2s:count()")).text).toBe("OK: Total: 0 clients");
		typist.close();
	});

	it("says what is in the way, and everything else runs", async () => {
		const taken = folder();
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(join(taken, "prosody.sock"), resolve));
		const file = folder();
		writeFileSync(join(file, "prosody.sock"), "mine");
		const long = "a".repeat(120);
		const no_folder = "nowhere/prosody.sock";
		for (const [given, problem] of [
			[{ data_path: taken }, /another server listens there/],
			[{ data_path: file }, /there is something else than a socket/],
			[{ options: { admin_socket: long } }, /its path has \d+ bytes, and those of sockets have no more than \d+/],
			[{ options: { admin_socket: no_folder } }, /EACCES|ENOENT/],
		] as const) {
			const log = join(folder(), "log");
			const server = await start({ ...given, log });
			const status = () => server.server.modulemanager.get_module("*", "admin_socket")?.module.get_status();
			await eventually(() => expect(status()).toEqual({ kind: "error", message: expect.stringMatching(problem) }));
			const client = await server.client("romeo");
			expect(client.full_jid).toContain("romeo@localhost");
		}
		other.close();
		expect(statSync(join(file, "prosody.sock")).isFile()).toBe(true);
	});

	it("answers what is no stream, and goes on for others", async () => {
		const { data_path } = await start();
		const path = join(data_path, "prosody.sock");
		const header = "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>";
		expect(await talk(path, "GET / HTTP/1.1\r\n\r\n")).toContain("not-well-formed");
		expect(await talk(path, `${header}<a></b>`)).toContain("not-well-formed");
		expect(await talk(path, "<stream:stream xmlns:stream='urn:other'>")).toContain("invalid-namespace");
		expect(await talk(path, `${header}${"<a>".repeat(500)}`)).toContain("policy-violation");
		expect(await talk(path, `${header}<repl-input>${"x".repeat(2 * 1024 * 1024)}`)).toContain("stanza-too-big");
		const answers = await talk(
			path,
			`${header}<other/><x xmlns='urn:x'/><repl-requested-input id='1'/><repl-input/></stream:stream>`,
		);
		expect(answers).toContain("No module handled this query. Is mod_admin_shell enabled?");
		expect(answers).toContain("Internal error - unexpected input");
		const typist = await Typist.connect(data_path);
		expect((await typist.type("1")).text).toBe("Result: 1");
		typist.close();
	});

	it("tells whoever is connected that the server stops", async () => {
		const { data_path } = await start();
		const typist = await Typist.connect(data_path);
		expect((await typist.type("server:shutdown('Night')")).text).toBe("OK: Shutdown initiated");
		await typist.ended;
	});
});

describe("the console", () => {
	it("answers for a command that throws, at once or later, and goes on", async () => {
		const thrower = offering(
			"trouble",
			[
				"now()",
				() => {
					throw new Error("thrown at once");
				},
			],
			["later()", () => Promise.reject(new Error("thrown later"))],
			["fine()", () => done("fine")],
		);
		const log = join(folder(), "log");
		const { data_path } = await start({ modules: [thrower], enabled: ["trouble"], log });
		const typist = await Typist.connect(data_path);
		expect(await typist.type("trouble:now()")).toMatchObject({ text: "thrown at once", is_error: true });
		expect(await typist.type("trouble:later()")).toMatchObject({ text: "thrown later", is_error: true });
		expect(await typist.type("trouble:fine()")).toMatchObject({ text: "OK: fine", is_error: false });
		expect((await typist.type("help trouble")).lines).toContain("trouble:now() - Does it");
		typist.close();
	});

	it("knows the commands of modules while they are loaded, and those of hosts by the host", async () => {
		const by_host: ModuleDefinition = {
			name: "greeting",
			load(module) {
				module.add_item("shell-command", {
					section: "greeting",
					host_selector: "jid",
					...command("say(jid, word)", "Greets", (_shell, [jid, word]) => done(`${module.host}: ${word ?? "hello"}, ${jid}`)),
				});
			},
		};
		const { data_path } = await start({ modules: [by_host], enabled: ["greeting"] });
		const typist = await Typist.connect(data_path);
		expect((await typist.type('greeting:say("romeo@localhost")')).text).toBe("OK: localhost: hello, romeo@localhost");
		expect((await typist.type('greeting:say("romeo@conference.localhost")')).text).toBe(
			"Error: This command is not available on conference.localhost",
		);
		expect((await typist.type('greeting:say("romeo@elsewhere")')).text).toBe("Error: Unknown host: elsewhere");
		expect((await typist.type("greeting:say()")).text).toBe("Error: Invalid or missing argument 'jid'");
		expect((await typist.type(words("greeting", "say", "romeo@localhost", "bye"), false)).text).toBe(
			"OK: localhost: bye, romeo@localhost",
		);
		await typist.type('module:unload("greeting", "localhost")');
		expect((await typist.type(words("greeting", "say", "romeo@localhost"), false)).text).toBe(
			"Error: Command not found. Is the necessary module loaded?",
		);
		typist.close();
	});

	it("lives through the reload of its own modules, and of those that it shows", async () => {
		const { data_path } = await start();
		const typist = await Typist.connect(data_path);
		for (const name of ["c2s", "admin_shell", "admin_socket", "roster"]) {
			expect((await typist.type(`module:reload("${name}")`)).is_error, name).toBe(false);
			expect((await typist.type("c2s:count()")).text, name).toBe("OK: Total: 0 clients");
		}
		const another = await Typist.connect(data_path);
		expect((await another.type('roster:show("romeo@localhost")')).text).toBe("OK: Showing 0 entries");
		for (const open of [typist, another]) open.close();
	});

	it("makes tables as wide as the client's terminal", async () => {
		const { data_path } = await start();
		for (const width of [60, 200]) {
			const typist = await Typist.connect(data_path, {}, width);
			const [, , , titles] = (await typist.type("help")).lines;
			expect(titles?.length).toBe(width - 2);
			typist.close();
		}
	});

	it("shows what cannot go over a stream as something else", async () => {
		const odd = offering("odd", ["text()", () => done("a\u0000b\u001b[31mc\ud800d")]);
		const { data_path } = await start({ modules: [odd], enabled: ["odd"] });
		const typist = await Typist.connect(data_path);
		expect((await typist.type("odd:text()")).text).toBe("OK: a\ufffdb\ufffd[31mc\ufffdd");
		typist.close();
	});

	it("follows the log and stanzas until the client goes", async () => {
		const { data_path, server, client } = await start();
		const watching = await Typist.connect(data_path);
		watching.begin("watch:log()");
		const stanzas = await Typist.connect(data_path);
		stanzas.begin('watch:stanzas("romeo@localhost")');
		await eventually(() => expect(watching.printed.length).toBeGreaterThan(0));
		const romeo = await client("romeo");
		await ask(
			romeo,
			iq({ type: "get", id: "seen", to: "localhost" }).tag("query", { xmlns: "http://jabber.org/protocol/disco#info" }).reset(),
		);
		await eventually(() => expect(stanzas.printed.join("\n")).toMatch(/<!-- received from .* -->\n<iq[^>]*seen/));
		expect(stanzas.printed.join("\n")).toMatch(/<!-- sent to /);
		server.logger("spec")("debug", "to be seen: %d", 5);
		await eventually(() => expect(watching.printed).toContain("spec\tdebug\tto be seen: 5"));
		// Whoever watches is not watched for any more when the module goes
		expect((await (await Typist.connect(data_path)).type('module:reload("admin_shell")')).is_error).toBe(false);
		await eventually(() => expect(server.full_sessions.get(romeo.full_jid)?.has_filter("stanzas/in")).toBe(false));
		const again = await Typist.connect(data_path);
		again.begin('watch:stanzas("romeo@localhost")');
		await eventually(() => expect(server.full_sessions.get(romeo.full_jid)?.has_filter("stanzas/in")).toBe(true));
		again.close();
		watching.close();
		stanzas.close();
		await Promise.all([watching.ended, stanzas.ended]);
		await eventually(() => expect(server.full_sessions.get(romeo.full_jid)?.has_filter("stanzas/in")).toBe(false));
	});

	it("shows what stream management knows of sessions", async () => {
		const { data_path, client } = await start({ enabled: ["smacks"] });
		const typist = await Typist.connect(data_path);
		const romeo = await client("romeo");
		const show = 'c2s:show(nil, "smacks smacks_queue jid")';
		expect((await typist.type(show)).lines[1]).toMatch(/^no +\| +\| romeo@localhost/);
		romeo.send(stanza("enable", { xmlns: "urn:xmpp:sm:3" }));
		await expect_stanza(romeo, ({ name }) => name === "enabled");
		expect((await typist.type(show)).lines[1]).toMatch(/^yes +\| +\d+ \| romeo@localhost/);
		typist.close();
	});

	it("asks for a password, and goes on without where none is given", async () => {
		const { data_path, server } = await start({ options: { authentication: "internal_plain" } });
		const typist = await Typist.connect(data_path, { password: "typed" });
		expect((await typist.type(words("user", "create", "romeo@localhost"), false)).text).toBe(
			"OK: Created romeo@localhost with role 'prosody:member'",
		);
		expect(server.usermanager.test_password("romeo", "localhost", "typed").ok).toBe(true);
		const silent = await Typist.connect(data_path);
		expect(await silent.type('user:create("juliet@localhost")')).toMatchObject({ text: "Error: cancelled", is_error: true });
		expect(server.usermanager.user_exists("juliet", "localhost")).toBe(false);
		for (const open of [typist, silent]) open.close();
	});
});
