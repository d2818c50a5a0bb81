// The same accounts in the hands of a real Prosody and of ours, and the same conversations with both.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ok } from "../../../host/util/error.ts";
import { ns } from "../../../host/util/ns.ts";
import { create_sasl_client } from "../../../host/util/sasl_client.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { left_out } from "../../needs.ts";
import { type AccountsServer, start_accounts } from "../accounts_server.ts";
import { why_not } from "../prosody_lua.ts";
import { RawStream } from "../raw_stream.ts";

const host = "example.org";
const no_prosody =
	find_prosody() && find_prosody("prosodyctl") ? why_not("util.sql", "DBI") : "There is no prosodyctl on the PATH";
const is_left_out = left_out(no_prosody, "accounts are not compared with Prosody's");

/** What Prosody's configuration and ours say. */
const common = {
	c2s_require_encryption: false,
	allow_unencrypted_plain_auth: true,
	modules_enabled: ["saslauth"],
};

let folder: string;
let running: AccountsServer | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-interop-"));
});

afterEach(async () => {
	await running?.stop(true);
	running = undefined;
	rmSync(folder, { recursive: true, force: true });
});

function ours(options: Record<string, string> = {}): AccountsServer {
	running = start_accounts({ "*": { storage: "sql" }, [host]: { ...common, ...options } }, { folder });
	return running;
}

/** The part of a configuration file that sets accounts up. */
function lua_config(data_path: string, options: Record<string, string>): string {
	const lines = Object.entries(options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
	return [
		'storage = "sql"',
		`sql = { driver = "SQLite3", database = ${JSON.stringify(join(data_path, "prosody.sqlite"))} }`,
		"c2s_require_encryption = false",
		"allow_unencrypted_plain_auth = true",
		'modules_enabled = { "saslauth" }',
		'modules_disabled = { "s2s", "tls" }',
		...lines,
		`VirtualHost "${host}"`,
		"",
	].join("\n");
}

/** Runs Prosody's own command on the folder's accounts. */
function prosodyctl(args: string[], options: Record<string, string> = {}): void {
	const config = join(folder, "prosodyctl.cfg.lua");
	const head = `run_as_root = true\nprosody_user = "root"\ndata_path = ${JSON.stringify(folder)}\ncertificates = ${JSON.stringify(folder)}\nlog = { error = "*console" }\n`;
	writeFileSync(config, head + lua_config(folder, options));
	const { status, stdout, stderr } = spawnSync("prosodyctl", ["--config", config, ...args], { cwd: folder, encoding: "utf8" });
	if (status !== 0) throw new Error(`prosodyctl ${args.join(" ")} failed: ${stdout}${stderr}`);
}

function reference(options: Record<string, string> = {}): Promise<Reference> {
	return start_reference({ data_folder: folder, config: lua_config(folder, options) }).then((started) => {
		if (!started.ok) throw new Error(started.error);
		return started.value;
	});
}

/** A client's stream, spoken by hand. */
class AuthStream extends RawStream {
	/** Waits for a text, and takes everything up to it. */
	async until(pattern: RegExp): Promise<string> {
		const taken = await this.take(pattern);
		if (taken === undefined) throw new Error(`the stream ended after ${this.left}`);
		return taken;
	}

	/** Opens a stream; answers with its features. */
	async open(): Promise<string> {
		this.write(
			`<?xml version='1.0'?><stream:stream to='${host}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
		);
		const text = await this.until(/<\/stream:features>|<stream:features\/>/);
		return text.slice(text.indexOf("<stream:features"));
	}

	/** Sends an element, answers with the one that comes back. */
	async send(element: string): Promise<string> {
		this.write(element);
		return this.until(/^<([\w:]+)(?:[^>]*\/>|[^>]*>.*?<\/\1>)/s);
	}
}

function base64(text: string): string {
	return Buffer.from(text).toString("base64");
}

function auth(mechanism: string, data = ""): string {
	return `<auth xmlns='${ns.sasl}' mechanism='${mechanism}'>${data}</auth>`;
}

function element(name: string, data = ""): string {
	return `<${name} xmlns='${ns.sasl}'>${data}</${name}>`;
}

/** The element of one of our senders above, as it comes from the parser. */
function parsed(text: string): st.Stanza {
	const [, name = "", mechanism, data] = /^<(\w+) xmlns='[^']*'(?: mechanism='([^']*)')?>([^<]*)/.exec(text) ?? [];
	return st.stanza(name, { xmlns: ns.sasl, mechanism }).text(data);
}

/** Attributes in order, and no random parts. */
function normal(text: string): string {
	return text.replace(/<([\w:]+)((?: [\w:]+='[^']*')+)/g, (_, name: string, attributes: string) => {
		const sorted = attributes.match(/ [\w:]+='[^']*'/g)?.sort() ?? [];
		return `<${name}${sorted.join("")}`;
	});
}

/** Logs in over a real stream. */
async function log_in(port: number, mechanism: string, password: string): Promise<string> {
	const stream = new AuthStream(port);
	const features = await stream.open();
	expect(features).toContain(`<mechanism>${mechanism}</mechanism>`);
	const client = create_sasl_client({ username: "user", password }, [mechanism]);
	if (!client.ok) throw new Error(client.error);
	const data = (text: string): Buffer => Buffer.from(/>([^<]*)</.exec(text)?.[1] ?? "", "base64");
	let answer = await stream.send(auth(mechanism, client.value.first().toString("base64")));
	if (answer.startsWith("<challenge")) {
		const response = client.value.challenge(data(answer));
		if (!response.ok) throw new Error(response.error);
		answer = await stream.send(element("response", response.value.toString("base64")));
	}
	stream.close();
	if (!answer.startsWith("<success")) return answer;
	expect(client.value.success(data(answer))).toEqual(ok(true));
	return "success";
}

describe.skipIf(is_left_out)("accounts", () => {
	it.each(["SHA-1", "SHA-256"])("that prosodyctl made are accepted here, with %s", (password_hash) => {
		prosodyctl(["register", "user", host, "p\u00e4ncil"], { password_hash });
		const { usermanager, store, server } = ours({ password_hash });
		expect(usermanager.users(host)).toEqual(["user"]);
		expect(usermanager.test_password("user", host, "p\u00e4ncil")).toEqual(ok(true));
		expect(usermanager.test_password("user", host, "pencil").ok).toBe(false);
		// The same keys come out of the same password, so ours and theirs are made alike.
		const theirs = store("accounts").get("user");
		usermanager.create_user("other", host, "p\u00e4ncil");
		const own = store("accounts").get("other");
		expect(Object.keys((own.ok && own.value) || {}).sort()).toEqual(
			[...Object.keys((theirs.ok && theirs.value) || {}), "created", "updated"].sort(),
		);
		server.turn.end();
	});

	it.each([
		["SHA-1", "SHA-1", "SCRAM-SHA-1"],
		["SHA-256", "SHA-256", "SCRAM-SHA-256"],
		["SHA-512", "SHA-256", "SCRAM-SHA-256"],
		["SHA-1", "SHA-1", "PLAIN"],
	])("that were made here with %s log in to Prosody, with %s and %s", async (made_with, password_hash, mechanism) => {
		const { usermanager, stop } = ours({ password_hash: made_with });
		expect(usermanager.create_user_with_role("user", host, "p\u00e4ncil", "prosody:member")).toEqual(ok(true));
		await stop(true);
		running = undefined;
		const prosody = await reference({ password_hash });
		try {
			expect(await log_in(prosody.port, mechanism, "p\u00e4ncil")).toBe("success");
			expect(await log_in(prosody.port, mechanism, "pencil")).toMatch(/^<failure .*<not-authorized\/>/);
		} finally {
			await prosody.stop();
		}
	});

	it.each(["SCRAM-SHA-1", "SCRAM-SHA-256"])("with plain passwords go both ways, with %s", async (mechanism) => {
		const plain = { authentication: "internal_plain" };
		prosodyctl(["register", "theirs", host, "pencil"], plain);
		const { usermanager, stop } = ours(plain);
		expect(usermanager.test_password("theirs", host, "pencil")).toEqual(ok(true));
		expect(usermanager.create_user_with_role("user", host, "pencil", "prosody:member")).toEqual(ok(true));
		await stop(true);
		running = undefined;
		const prosody = await reference(plain);
		try {
			expect(await log_in(prosody.port, mechanism, "pencil")).toBe("success");
		} finally {
			await prosody.stop();
		}
	});

	it("that were deleted here are gone there, and the other way round", async () => {
		for (const name of ["kept", "ours", "theirs"]) prosodyctl(["register", name, host, "pencil"]);
		const first = ours();
		expect(first.usermanager.delete_user("ours", host)).toEqual(ok(true));
		await first.stop(true);
		prosodyctl(["unregister", "theirs", host]);
		expect(ours().usermanager.users(host)).toEqual(["kept"]);
	});
});

describe.skipIf(is_left_out)("conversations", () => {
	let prosody: Reference;
	let data: string;

	beforeAll(async () => {
		if (is_left_out) return;
		data = mkdtempSync(join(tmpdir(), "enjamb-interop-"));
		folder = data;
		prosodyctl(["register", "user", host, "pencil"]);
		prosody = await reference();
	});

	afterAll(async () => {
		await prosody?.stop();
		if (data) rmSync(data, { recursive: true, force: true });
	});

	/** What each side answers to these elements on one stream. */
	async function both(...elements: string[]): Promise<{ theirs: string[]; ours: string[] }> {
		const stream = new AuthStream(prosody.port);
		await stream.open();
		const theirs: string[] = [];
		for (const sent of elements) theirs.push(normal(await stream.send(sent)));
		stream.close();

		const server = ours();
		if (!server.usermanager.user_exists("user", host)) server.usermanager.create_user("user", host, "pencil");
		const own = server.connect({ secure: false });
		const answers = elements.map((sent) =>
			own
				.receive(parsed(sent))
				.filter((seen) => seen !== "(reset)")
				.map(normal)
				.join(""),
		);
		return { theirs, ours: answers };
	}

	const good = auth("PLAIN", base64("\0user\0pencil"));

	it.each<[string, string[]]>([
		["a good password", [good]],
		["a wrong password", [auth("PLAIN", base64("\0user\0pen"))]],
		["an unknown account", [auth("PLAIN", base64("\0nobody\0pencil"))]],
		["an authorization identity of one's own", [auth("PLAIN", base64("user\0user\0pencil"))]],
		["somebody else's authorization identity", [auth("PLAIN", base64("other@example.org\0user\0pencil"))]],
		["half a message", [auth("PLAIN", base64("user\0pencil"))]],
		["a name that cannot be", [auth("PLAIN", base64("\0us er\0pencil"))]],
		["no message", [auth("PLAIN")]],
		["an empty message", [auth("PLAIN", "=")]],
		["what is no base64", [auth("PLAIN", "***")]],
		["an unknown mechanism", [auth("X-UNKNOWN")]],
		["a disabled mechanism", [auth("DIGEST-MD5")]],
		["a mechanism that is not offered", [auth("SCRAM-SHA-256", base64("n,,n=user,r=abc"))]],
		["a response to nothing", [element("response", base64("x"))]],
		["an abort of nothing", [element("abort")]],
		["several tries", [auth("PLAIN", base64("\0user\0pen")), auth("PLAIN"), element("abort"), good]],
		["a bad first message of SCRAM", [auth("SCRAM-SHA-1", base64("n,,n=user"))]],
		["a bad name in SCRAM", [auth("SCRAM-SHA-1", base64("n,,n=us=er,r=abc"))]],
	])("about %s are the same", async (_what, elements) => {
		const { theirs, ours: answers } = await both(...elements);
		expect(answers).toEqual(theirs);
	});

	it("about accounts that do not exist differ: we do not tell by SCRAM", async () => {
		const { theirs, ours: answers } = await both(auth("SCRAM-SHA-1", base64("n,,n=nobody,r=abc")));
		expect(theirs).toEqual([normal(element("failure", "<not-authorized/>"))]);
		expect(answers).toEqual([expect.stringMatching(/^<challenge/)]);
	});

	it("challenge in the same form", async () => {
		const { theirs, ours: answers } = await both(auth("SCRAM-SHA-1", base64("n,,n=user,r=xyz")), element("abort"));
		const shape = (text = ""): string =>
			Buffer.from(/>([^<]*)</.exec(text)?.[1] ?? "", "base64")
				.toString()
				.replace(/s=([^,]*)/, (_, salt: string) => `s=${Buffer.from(salt, "base64").toString()}`)
				.replace(/[0-9a-f]{4,}/g, (digits) => "h".repeat(digits.length));
		expect(shape(answers[0])).toBe(shape(theirs[0]));
		expect(shape(answers[0])).toMatch(/^r=xyzh{8}-h{4}-/);
		expect(answers[1]).toBe(theirs[1]);
	});

	it("offer the same mechanisms", async () => {
		const stream = new AuthStream(prosody.port);
		const mechanisms = (features: string): string[] =>
			[...features.matchAll(/<mechanism>([^<]*)/g)].map(([, name = ""]) => name).sort();
		const theirs = mechanisms(await stream.open());
		stream.close();
		expect(mechanisms(ours().connect({ secure: false }).features())).toEqual(theirs);
	});
});
