// External components (XEP-0114).

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { handshake_token } from "../../../host/core/component_streams.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza, start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { RawClient } from "../raw_client.ts";

const header = (to: string): string =>
	`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${to}'>`;

/** Waits for something in what came. Throws where the stream ends without it. */
async function heard(component: RawClient, pattern: RegExp): Promise<RegExpExecArray> {
	await component.until(() => pattern.test(component.said));
	const found = pattern.exec(component.said);
	if (found === null) throw new Error(`expected ${pattern}, got ${component.said}`);
	return found;
}

/** Says the header, and answers with the id of the stream. */
async function begin(component: RawClient, to = "gateway.localhost"): Promise<string> {
	component.send(header(to));
	return (await heard(component, /<stream:stream [^>]*id='([^']*)'/))[1] ?? "";
}

async function log_in(component: RawClient): Promise<void> {
	component.send(`<handshake>${handshake_token(await begin(component), "secret")}</handshake>`);
	await heard(component, /<handshake\/>/);
}

let running: TestServer | undefined;
let child: ChildProcess | undefined;
let folder: string | undefined;
const components: RawClient[] = [];

afterEach(async () => {
	for (const component of components.splice(0)) component.destroy();
	if (child?.exitCode === null) {
		const ended = new Promise((resolve) => child?.once("close", resolve));
		child.kill("SIGKILL");
		await ended;
	}
	child = undefined;
	await running?.stop();
	running = undefined;
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	folder = undefined;
});

async function start(section: Record<string, string | boolean> = {}): Promise<{ test: TestServer; port: number }> {
	running = await start_test_server({
		config: {
			"*": { component_ports: [0], component_interfaces: ["127.0.0.1"] },
			"gateway.localhost": { component_module: "component", component_secret: "secret", ...section },
		},
	});
	const port = running.server.addresses().find(({ service }) => service === "component")?.port ?? 0;
	return { test: running, port };
}

async function component(port: number): Promise<RawClient> {
	const made = await RawClient.connect(port);
	components.push(made);
	return made;
}

describe("a component that connects", () => {
	it("gets what is sent to its domain, and sends from it", async () => {
		const { test, port } = await start();
		const romeo = await test.client("romeo", "orchard");
		const gateway = await component(port);
		await log_in(gateway);
		romeo.send(st.message({ to: "juliet@gateway.localhost", type: "chat" }, "but soft"));
		expect((await heard(gateway, /<message [^>]*>/))[0]).toContain("from='romeo@localhost/orchard'");
		gateway.send("<message from='juliet@gateway.localhost/balcony' to='romeo@localhost/orchard'><body>ay me</body></message>");
		expect((await expect_stanza(romeo)).get_child_text("body")).toBe("ay me");
	});

	it("takes part in rooms", async () => {
		const { test, port } = await start();
		const romeo = await test.client("romeo");
		const gateway = await component(port);
		await log_in(gateway);
		gateway.send(
			"<presence from='j@gateway.localhost/b' to='r@conference.localhost/J'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
		);
		await heard(gateway, /<status [^>]*code='201'/);
		gateway.send(
			"<iq type='set' id='1' from='j@gateway.localhost/b' to='r@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>",
		);
		await heard(gateway, /<iq [^>]*type='result'/);
		romeo.send(st.presence({ to: "r@conference.localhost/R" }).tag("x", { xmlns: "http://jabber.org/protocol/muc" }));
		romeo.send(st.message({ to: "r@conference.localhost", type: "groupchat" }, "good pilgrim"));
		await heard(gateway, /good pilgrim/);
	});

	it.each([
		["a wrong secret", "gateway.localhost", "guess", /not-authorized.*Given token does not match calculated token/],
		["a host that is not there", "nowhere.localhost", "secret", /host-unknown/],
		["a host that is no component", "localhost", "secret", /host-unknown/],
		["a component that is served here", "conference.localhost", "secret", /host-unknown/],
	])("is refused with %s", async (_, host, secret, error) => {
		const { port } = await start();
		const gateway = await component(port);
		const id = await begin(gateway, host);
		gateway.send(`<handshake>${handshake_token(id, secret)}</handshake>`);
		expect(await gateway.closed()).toMatch(error);
	});

	it("is refused without a secret on this side", async () => {
		running = await start_test_server({
			config: {
				"*": { component_ports: [0], component_interfaces: ["127.0.0.1"] },
				"gateway.localhost": { component_module: "component" },
			},
		});
		const gateway = await component(running.server.addresses().find(({ service }) => service === "component")?.port ?? 0);
		const id = await begin(gateway);
		gateway.send(`<handshake>${handshake_token(id, "")}</handshake>`);
		expect(await gateway.closed()).toMatch(/not-authorized/);
	});

	it.each([
		["text that is no XML", "<<<", /not-well-formed/],
		[
			"a header of a client",
			header("gateway.localhost").replace("jabber:component:accept", "jabber:client"),
			/invalid-namespace/,
		],
		["a header without a host", header("").replace(" to=''", ""), /improper-addressing/],
	])("is refused with %s", async (_, text, error) => {
		const { port } = await start();
		const gateway = await component(port);
		gateway.send(text);
		expect(await gateway.closed()).toMatch(error);
	});

	it("cannot do anything before it has said who it is", async () => {
		const { test, port } = await start();
		const romeo = await test.client("romeo", "orchard");
		const gateway = await component(port);
		await begin(gateway);
		gateway.send("<message from='j@gateway.localhost' to='romeo@localhost/orchard'><body>hello</body></message>");
		await heard(gateway, /<message [^>]*type='error'|<stream:error>/);
		const pong = await ask(
			romeo,
			st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset(),
		);
		expect(pong.attr["type"]).toBe("result");
		expect(romeo.queue).toEqual([]);
	});

	it.each(["", " from='romeo@localhost'", " from='gateway.localhost.evil'", " from='x@conference.localhost/nick'"])(
		"is ended when it speaks for others (%s)",
		async (from) => {
			const { port } = await start();
			const gateway = await component(port);
			await log_in(gateway);
			gateway.send(`<message${from} to='romeo@localhost'><body>hello</body></message>`);
			expect(await gateway.closed()).toMatch(/invalid-from/);
		},
	);

	it("may speak for others where its addresses are not checked", async () => {
		const { test, port } = await start({ validate_from_addresses: false });
		const romeo = await test.client("romeo", "orchard");
		const gateway = await component(port);
		await log_in(gateway);
		gateway.send("<message to='romeo@localhost/orchard'><body>a</body></message>");
		gateway.send("<message from='somebody@elsewhere.example' to='romeo@localhost/orchard'><body>b</body></message>");
		expect((await expect_stanza(romeo)).attr["from"]).toBe("gateway.localhost");
		expect((await expect_stanza(romeo)).attr["from"]).toBe("somebody@elsewhere.example");
	});

	it("is told that stanzas need a recipient", async () => {
		const { port } = await start();
		const gateway = await component(port);
		await log_in(gateway);
		gateway.send("<message id='m' from='gateway.localhost'><body>hello</body></message>");
		await heard(gateway, /Components MUST specify a &apos;to&apos; address on stanzas/);
		expect(gateway.ended).toBe(false);
	});

	it.each([
		["kick_new", 1],
		["kick_old", 0],
	])("is the only one of its name (%s)", async (policy, loser) => {
		const { port } = await start({ component_conflict_resolve: policy });
		const both = [await component(port), await component(port)] as const;
		const [first, second] = both;
		await log_in(first);
		await log_in(second).catch(() => {});
		expect(await both[loser === 0 ? 0 : 1].closed()).toMatch(/<conflict /);
		expect(both[loser === 0 ? 1 : 0].ended).toBe(false);
	});

	it("is missed when it is not there: senders are told, and its name is known", async () => {
		const { test } = await start({ name: "A gateway" });
		const romeo = await test.client("romeo");
		romeo.send(st.message({ id: "m", to: "juliet@gateway.localhost", type: "chat" }, "but soft"));
		const bounce = await expect_stanza(romeo);
		expect(bounce.get_error()).toMatchObject({ type: "wait", condition: "remote-server-timeout", text: "Component unavailable" });
		expect(bounce.get_child("error")?.get_child("not-connected", "xmpp:prosody.im/protocol/component")).toBeDefined();
		const info = await ask(
			romeo,
			st.iq({ type: "get", id: "d", to: "gateway.localhost" }).query("http://jabber.org/protocol/disco#info"),
		);
		expect(info.first_tag?.get_child("identity")?.attr["name"]).toBe("A gateway");
	});

	it("is told when the server stops", async () => {
		const { test, port } = await start();
		const gateway = await component(port);
		await log_in(gateway);
		await test.stop();
		running = undefined;
		expect(await gateway.closed()).toMatch(/system-shutdown/);
	});
});

const biboumi = spawnSync("biboumi", ["--help"]).error === undefined;
const no_biboumi = not_installed(biboumi, "biboumi", "no component that somebody else wrote is tried");

describe.skipIf(no_biboumi)("biboumi", () => {
	it("connects, and answers clients", async () => {
		const { test, port } = await start();
		folder = mkdtempSync(join(tmpdir(), "enjamb-biboumi-"));
		const config = join(folder, "biboumi.cfg");
		writeFileSync(
			config,
			`hostname=gateway.localhost\npassword=secret\nxmpp_server_ip=127.0.0.1\nport=${port}\nadmin=romeo@localhost\ndb_name=${join(folder, "biboumi.sqlite")}\nlog_level=0\nidentd_port=0\n`,
		);
		const host = test.server.hosts.get("gateway.localhost");
		const connected = new Promise<void>((resolve) => host?.events.add_handler("component-authenticated", () => void resolve()));
		child = spawn("biboumi", [config], { stdio: "ignore" });
		await connected;
		const romeo = await test.client("romeo");
		const info = await ask(
			romeo,
			st.iq({ type: "get", id: "d", to: "gateway.localhost" }).query("http://jabber.org/protocol/disco#info"),
		);
		expect(info.first_tag?.get_child("identity")?.attr).toMatchObject({ category: "conference", type: "irc" });
		const version = await ask(romeo, st.iq({ type: "get", id: "v", to: "gateway.localhost" }).query("jabber:iq:version"));
		expect(version.first_tag?.get_child_text("name")).toBe("biboumi");
	});
});
