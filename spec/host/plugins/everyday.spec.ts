import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import type { ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza, type LogSink, start_test_server, type TestServer } from "../../helper.ts";
import { Typist } from "./admin_shell/typing.ts";

// What no client can bring about: options that are wrong, and what other modules add.

const running: TestServer[] = [];

afterEach(async () => {
	for (const test of running.splice(0)) await test.stop();
});

interface Stage {
	readonly test: TestServer;
	/** A module beside the one that is tried. */
	readonly beside: ModuleApi;
	/** Warnings and errors of the log. */
	readonly problems: string[];
}

async function start(name: string, options: Record<string, ConfigValue> = {}): Promise<Stage> {
	const loaded: ModuleApi[] = [];
	const problems: string[] = [];
	const log: LogSink = {
		to: { write: (source, _level, text) => void (source.startsWith("localhost:") && problems.push(text)) },
		level: "warn",
	};
	const beside: ModuleDefinition = { name: "spec_beside", load: (module) => void loaded.push(module) };
	const modules_enabled = ["disco", "presence", "message", "admin_shell", name, "spec_beside"];
	const test = await start_test_server({ config: { localhost: { ...options, modules_enabled } }, modules: [beside], log: [log] });
	running.push(test);
	const [module] = loaded;
	if (module === undefined) throw new Error("the module beside was not loaded");
	return { test, beside: module, problems };
}

const namespace = "urn:xmpp:extdisco:2";

/** What a client is told of services: the attributes of each. */
async function services({ test }: Stage): Promise<Record<string, string | undefined>[]> {
	const client = await test.client("romeo");
	const answer = await ask(
		client,
		st.iq({ type: "get", id: "s", to: "localhost" }).tag("services", { xmlns: namespace }).reset(),
	);
	return [...(answer.get_child("services", namespace)?.childtags("service") ?? [])].map(({ attr }) => ({ ...attr }));
}

/** The fields of the form about the server: values by `var`. */
async function server_info({ test }: Stage): Promise<Record<string, string[]>> {
	const client = await test.client("romeo");
	const answer = await ask(client, st.iq({ type: "get", id: "d", to: "localhost" }).query(ns.disco_info));
	const form = answer.get_child("query", ns.disco_info)?.get_child("x", ns.data);
	const fields = [...(form?.childtags("field") ?? [])];
	return Object.fromEntries(
		fields.map((field) => [field.attr["var"] ?? "", [...field.childtags("value")].map((value) => value.get_text() ?? "")]),
	);
}

describe("external_services", () => {
	it("says which services of the configuration are wrong, and tells the others", async () => {
		const stage = await start("external_services", {
			external_services: [
				"nothing",
				{ transport: "udp", port: 9, secret: "not to be logged" },
				{ type: "stun", transport: "udp", port: 3478 },
			],
		});
		expect(stage.problems).toEqual([
			'Service definition is not a table: "nothing"',
			'Service missing mandatory \'type\' field: {"transport":"udp","port":9}',
		]);
		expect(await services(stage)).toEqual([
			expect.objectContaining({ type: "stun", transport: "udp", host: "localhost", port: "3478" }),
		]);
	});

	it("tells what modules add as long as they do, with the credentials that they make", async () => {
		const stage = await start("external_services", { external_service_secret: "shared" });
		const added = {
			type: "sip",
			transport: "tcp",
			port: 5060,
			secret: true,
			credentials_cb(
				service: { username: string | undefined; password: string | undefined },
				_described: unknown,
				secret: string,
			) {
				service.username = "romeo";
				service.password = `${secret} by romeo`;
			},
		} as const;
		stage.beside.add_item("external_service", added);
		expect(await services(stage)).toEqual([
			expect.objectContaining({ type: "sip", port: "5060", username: "romeo", password: "shared by romeo", restricted: "1" }),
		]);
		stage.beside.remove_item("external_service", added);
		expect(await services(stage)).toEqual([]);
	});

	it("lets handlers change the list, and completes what they add", async () => {
		const stage = await start("external_services", { external_services: [{ type: "stun", transport: "udp", port: 1 }] });
		stage.beside.hook("external_service/services", ({ services: list }) => {
			list.push({ type: "relay", transport: "udp", port: 2 });
		});
		expect((await services(stage)).map(({ type, host, port }) => [type, host, port])).toEqual([
			["stun", "localhost", "1"],
			["relay", "localhost", "2"],
		]);
	});
});

describe("turn_external", () => {
	it("makes the passwords that the TURN server expects, which end", async () => {
		const stage = await start("turn_external", {
			turn_external_secret: "shared",
			turn_external_ttl: "1h",
			turn_external_user: "x",
		});
		const before = Date.now() / 1000;
		const turn = (await services(stage)).find(({ type }) => type === "turn");
		const [until = "", user] = turn?.["username"]?.split(":") ?? [];
		expect(Number(until) - before).toBeGreaterThan(3590);
		expect(Number(until) - before).toBeLessThan(3660);
		expect(user).toBe("x");
		expect(Date.parse(turn?.["expires"] ?? "")).toBe(Number(until) * 1000);
		expect(turn?.["password"]).toBe(createHmac("sha1", "shared").update(`${until}:x`).digest("base64"));
	});

	it("does nothing without a secret, and says so", async () => {
		const stage = await start("turn_external");
		expect(stage.problems).toEqual(["Failed to initialize: the 'turn_external_secret' option is not set in your configuration"]);
		expect(stage.test.server.hosts.get("localhost")?.modules.has("external_services")).toBe(false);
	});
});

describe("server_info", () => {
	it("tells fields of the configuration, and of modules as long as these add them", async () => {
		const stage = await start("server_info", {
			server_info_extensions: [
				{ name: "motto", type: "text-single" },
				{ name: "languages", var: "spoken", type: "list-multi" },
				"nothing",
			],
			server_info: { motto: "But soft!", languages: ["en", "it"] },
		});
		expect(stage.problems).toEqual([
			"Config option 'server_info_extensions' expected tables with a name or var, which number 3 is not",
		]);
		const of_configuration = {
			FORM_TYPE: ["http://jabber.org/network/serverinfo"],
			motto: ["But soft!"],
			spoken: ["en", "it"],
		};
		expect(await server_info(stage)).toEqual(of_configuration);
		const added = [{ var: "status", type: "text-single", value: "up" }] as const;
		stage.beside.add_item("server-info-fields", added);
		expect(await server_info(stage)).toEqual({ ...of_configuration, status: ["up"] });
		stage.beside.remove_item("server-info-fields", added);
		expect(await server_info(stage)).toEqual(of_configuration);
	});
});

describe("server_contact_info", () => {
	it("says which addresses are wrong, and tells the others", async () => {
		const contact_info = { abuse: "mailto:abuse@localhost", sales: { no: "list" }, press: ["mailto:press@localhost"] };
		const stage = await start("server_contact_info", { contact_info });
		expect(stage.problems).toEqual([
			"Config option 'contact_info.sales' expected a list of addresses such as mailto:…",
			"Config option 'contact_info' has press: expected some of abuse, admin, feedback, sales, security, status, support",
		]);
		expect(await server_info(stage)).toEqual({
			FORM_TYPE: ["http://jabber.org/network/serverinfo"],
			"abuse-addresses": ["mailto:abuse@localhost"],
		});
	});
});

describe("announce", () => {
	it("sends in the shell to all accounts, to those online, and to those of a role", async () => {
		const stage = await start("announce", { authentication: "internal_plain", admins: ["ada@localhost"] });
		const { usermanager } = stage.beside.server;
		for (const name of ["ada", "romeo", "juliet"]) usermanager.create_user(name, "localhost", "password");
		const romeo = await stage.test.client("romeo");
		const heard = async (): Promise<(string | undefined)[]> => {
			const message = await expect_stanza(romeo, ({ name }) => name === "message");
			return [message.attr["from"], message.attr["to"], message.attr["type"], message.get_child_text("body")];
		};
		romeo.send(st.presence());
		await expect_stanza(romeo, ({ name }) => name === "presence");
		const shell = await Typist.connect(stage.test.data_path);
		const says = async (line: string): Promise<string> => JSON.stringify(await shell.type(line));
		expect(await says("announce:all('localhost', 'We close')")).toContain("Announcement sent to 3 users");
		expect(await heard()).toEqual(["localhost", "romeo@localhost", undefined, "We close"]);
		expect(await says("announce:online('localhost', 'Now')")).toContain("Announcement sent to 1 users");
		expect(await heard()).toEqual(["localhost", "romeo@localhost", "headline", "Now"]);
		expect(await says("announce:role('localhost', 'prosody:admin', 'Stay')")).toContain("Announcement sent to 1 users");
		expect(await says("announce:all('localhost')")).toContain("expected the announcement as a text");
		expect(await romeo.take(({ name }) => name === "message", 0)).toBeUndefined();
		shell.close();
	});
});

describe("motd", () => {
	it("says that there is no message where none is configured", async () => {
		expect((await start("motd")).problems).toEqual(["There is no message of the day: motd_text is not set"]);
	});
});
