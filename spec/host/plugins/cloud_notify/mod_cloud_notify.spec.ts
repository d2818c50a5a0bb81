// Devices that are woken when something waits for them (XEP-0357): with app servers of ours, and beside a real Prosody.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../../host/core/configmanager.ts";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Faults, faulty_storage } from "../../../faulty_storage.ts";
import { eventually, start_test_server, type TestServer } from "../../../helper.ts";
import { missing, type Stage } from "../../../lua-shims/community/community.ts";
import { compare, hear } from "../../../lua-shims/community/talk.ts";
import type { RawClient } from "../../raw_client.ts";
import { Crew, count_stanzas } from "../smacks/crew.ts";
import { AppServer } from "./app_server.ts";

const sm = ns.sm3;
const push = "urn:xmpp:push:0";
const say = (to: string, id: string, body = id): string =>
	`<message to='${to}' id='${id}' type='chat'><body>${body}</body></message>`;
const enable = (jid: string, node = "n1", more = ""): string =>
	`<iq type='set' id='e-${node}'><enable xmlns='${push}' jid='${jid}' node='${node}'>${more}</enable></iq>`;

const crew = new Crew();
const services: AppServer[] = [];
let running: TestServer | undefined;
let folder: string;
const faults = new Faults();
let asked = 0;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-push-"));
	faults.arm(undefined);
});
afterEach(async () => {
	crew.vanish();
	for (const service of services.splice(0)) service.disconnect();
	await running?.stop();
	running = undefined;
	await rm(folder, { recursive: true, force: true });
});

async function start(options: Record<string, ConfigValue> = {}): Promise<TestServer> {
	await running?.stop();
	const component = { component_module: "component", component_secret: "secret" };
	running = await start_test_server({
		data_path: folder,
		modules: [faulty_storage("sql", faults)],
		config: {
			"*": {
				storage: "internal",
				modules_enabled: ["disco", "roster", "saslauth", "ping", "smacks", "cloud_notify"],
				component_ports: [0],
				component_interfaces: ["127.0.0.1"],
				...options,
			},
			"apple.localhost": component,
			"google.localhost": component,
		},
	});
	return running;
}

async function app_server({ server }: TestServer, name = "apple.localhost"): Promise<AppServer> {
	const port = server.addresses().find(({ service }) => service === "component")?.port ?? 0;
	const made = await AppServer.connect(port, name);
	services.push(made);
	return made;
}

const login = (port: number, name: string, resource = "phone") => crew.login(port, name, resource);
const managed = (port: number, name: string) => crew.managed(port, name, "phone");
const settle = (client: RawClient) => crew.settle(client);

/** Says that all that came has come; answers with how many stanzas that is, with those that came before. */
async function acknowledge(client: RawClient, before = 0): Promise<number> {
	const h = before + count_stanzas(client.said);
	const { length } = client.said;
	client.send(`<a xmlns='${sm}' h='${h}'/><r xmlns='${sm}'/>`);
	await client.until(() => client.said.includes("<a ", length));
	return h;
}

async function answer_to(client: RawClient, iq: string): Promise<string> {
	const id = /\bid='([^']+)'/.exec(iq)?.[1] ?? "";
	client.send(iq);
	const pattern = new RegExp(`<iq [^>]*id=['"]${id}['"][^>]*?(?:/>|>.*?</iq>)`);
	await client.until(() => pattern.test(client.said));
	return pattern.exec(client.said)?.[0] ?? "";
}

describe("a device", () => {
	it("is woken once for what comes in quick succession, while its session waits", async () => {
		const server = await start();
		const [apple, howard] = [await app_server(server), await login(server.port, "howard", "desk")];
		const { client: grace, token } = await managed(server.port, "grace");
		const options = `<x xmlns='${ns.data}' type='submit'><field var='secret'><value>s3cret</value></field></x>`;
		grace.send(`<presence/>${enable("apple.localhost", "n1", options)}`);
		await settle(grace);
		const h = await acknowledge(grace);
		grace.destroy();
		await eventually(() => expect(server.server.full_sessions.get("grace@localhost/phone")).toMatchObject({ conn: undefined }));
		howard.send(say("grace@localhost", "one") + say("grace@localhost/phone", "two") + say("grace@localhost", "three"));
		expect(await apple.next()).toEqual({
			node: "n1",
			summary: { "message-count": "1", "last-message-body": "New Message!" },
			options: { secret: "s3cret" },
		});
		howard.send("<presence to='grace@localhost/phone'/>");
		expect((await apple.next()).summary).toEqual({ "message-count": "1" });
		const again = await crew.resume(server.port, "grace", token, h);
		await again.until(() => again.said.includes("id='three'"));
		// Who is there is not woken
		howard.send(say("grace@localhost", "four"));
		await again.until(() => again.said.includes("id='four'"));
		await acknowledge(again, h);
		again.destroy();
		await eventually(() => expect(server.server.full_sessions.get("grace@localhost/phone")).toMatchObject({ conn: undefined }));
		howard.send(say("grace@localhost", "five"));
		await apple.next();
		expect(apple.told).toEqual([]);
	});

	it("has longer until it is woken, and as long as others from then on", async () => {
		const server = await start({ smacks_hibernation_time: 0.3, push_max_hibernation_timeout: 3600 });
		const [apple, howard] = [await app_server(server), await login(server.port, "howard", "desk")];
		const { client: grace } = await managed(server.port, "grace");
		const { client: other } = await managed(server.port, "other");
		grace.send(`<presence/>${enable("apple.localhost")}`);
		await settle(grace);
		grace.destroy();
		await eventually(() => expect(server.server.full_sessions.get("grace@localhost/phone")).toMatchObject({ conn: undefined }));
		other.destroy();
		// One that is not woken has gone by now, which came later
		await eventually(() => expect(server.server.full_sessions.has("other@localhost/phone")).toBe(false));
		expect(server.server.full_sessions.has("grace@localhost/phone")).toBe(true);
		howard.send(say("grace@localhost", "one"));
		await apple.next();
		await eventually(() => expect(server.server.full_sessions.has("grace@localhost/phone")).toBe(false));
	});

	it("is woken after a restart, too", async () => {
		const first = await start();
		const { client: grace } = await managed(first.port, "grace");
		grace.send(`<presence/>${enable("apple.localhost")}`);
		await settle(grace);
		const second = await start();
		const apple = await app_server(second);
		const howard = await login(second.port, "howard", "desk");
		howard.send(say("grace@localhost", "one"));
		expect((await apple.next()).node).toBe("n1");
		expect(second.server.full_sessions.has("grace@localhost/phone")).toBe(true);
	});

	it("is not woken any more once its service has refused too often, and only that one", async () => {
		const server = await start({ push_max_errors: 2, modules_enabled: ["disco", "saslauth", "ping", "cloud_notify"] });
		const [apple, google] = [await app_server(server), await app_server(server, "google.localhost")];
		const howard = await login(server.port, "howard", "desk");
		const grace = await login(server.port, "grace");
		await answer_to(grace, enable("apple.localhost"));
		await answer_to(grace, enable("google.localhost", "n2"));
		grace.destroy();
		await eventually(() => expect(server.server.full_sessions.has("grace@localhost/phone")).toBe(false));
		const tell = async (id: string): Promise<void> => {
			howard.send(say("grace@localhost", id));
			await google.next();
		};
		apple.answer = "wait";
		for (const id of ["a", "b", "c"]) {
			await tell(id);
			await apple.next();
		}
		apple.answer = "cancel";
		await tell("d");
		await apple.next();
		// A success in between: errors count in a row
		apple.answer = "result";
		await tell("e");
		await apple.next();
		apple.answer = "cancel";
		for (const id of ["f", "g"]) {
			await tell(id);
			await apple.next();
		}
		const stored = server.server.open_store("localhost", "cloud_notify", "keyval");
		await eventually(() => {
			const found = stored.ok ? stored.value.get("grace") : stored;
			expect(found.ok && Object.keys(found.value ?? {})).toEqual(["google.localhost<n2"]);
		});
		await tell("h");
		await settle(howard);
		expect(apple.told).toEqual([]);
	});

	it("takes the place of the oldest where there are too many, and bad requests are refused", async () => {
		const server = await start({ push_max_devices: 2 });
		const grace = await login(server.port, "grace");
		for (const node of ["n1", "n2", "n3"]) await answer_to(grace, enable("apple.localhost", node));
		const stored = server.server.open_store("localhost", "cloud_notify", "keyval");
		const found = stored.ok ? stored.value.get("grace") : stored;
		expect(found.ok && Object.keys(found.value ?? {}).sort()).toEqual(["apple.localhost<n2", "apple.localhost<n3"]);
		const wrong = async (attributes: string, verb = "enable"): Promise<string> =>
			answer_to(grace, `<iq type='set' id='w${++asked}'><${verb} xmlns='${push}' ${attributes}/></iq>`);
		expect(await wrong("")).toContain("<bad-request");
		expect(await wrong("jid='grace@localhost/phone'")).toContain("<bad-request");
		expect(await wrong("jid='@'")).toContain("<jid-malformed");
		expect(await wrong("", "disable")).toContain("<bad-request");
		expect(await wrong("jid='nobody.localhost'", "disable")).toContain("type='result'");
		expect(await wrong("jid='apple.localhost' node='n2'", "disable")).toContain("type='result'");
		expect(await wrong("jid='apple.localhost'", "disable")).toContain("type='result'");
		const left = stored.ok ? stored.value.get("grace") : stored;
		expect(left.ok && left.value).toBeUndefined();
	});

	it("is told what its owner allows", async () => {
		const server = await start({ push_notification_with_body: true, push_notification_with_sender: true });
		const [apple, howard] = [await app_server(server), await login(server.port, "howard", "desk")];
		const grace = await login(server.port, "grace");
		await answer_to(grace, enable("apple.localhost"));
		grace.destroy();
		await eventually(() => expect(server.server.full_sessions.has("grace@localhost/phone")).toBe(false));
		howard.send(say("grace@localhost", "one", "for you alone"));
		expect((await apple.next()).summary).toEqual({
			"message-count": "1",
			"last-message-sender": "howard@localhost/desk",
			"last-message-body": "for you alone",
		});
	});

	it("is as before where it cannot be stored", async () => {
		const server = await start({ storage: "faulty" });
		const grace = await login(server.port, "grace");
		await answer_to(grace, enable("apple.localhost"));
		const concerns = (call: string): boolean => call.startsWith("cloud_notify.");
		for (const iq of [
			enable("apple.localhost", "n2"),
			`<iq type='set' id='off'><disable xmlns='${push}' jid='apple.localhost'/></iq>`,
		]) {
			faults.arm(0, concerns);
			expect(await answer_to(grace, iq)).toContain("<internal-server-error");
			faults.arm(undefined);
			grace.said = "";
		}
		const stored = server.server.open_store("localhost", "cloud_notify", "keyval");
		const found = stored.ok ? stored.value.get("grace") : stored;
		expect(found.ok && Object.keys(found.value ?? {})).toEqual(["apple.localhost<n1"]);
		expect(await answer_to(grace, enable("apple.localhost", "n2"))).toContain("type='result'");
	});
});

describe.skipIf(missing("cloud_notify"))("a device here and on a real Prosody", () => {
	/** What a service is told: the important parts, in order. */
	async function told(stage: Stage, service: Awaited<ReturnType<Stage["client"]>>): Promise<string> {
		const iq = await hear(stage, service, ({ name, attr }) => name === "iq" && attr["type"] === "set");
		service.send(st.reply(iq));
		const publish = iq.first_tag?.first_tag;
		const form = publish?.first_tag?.first_tag?.first_tag;
		const fields = [...(form?.childtags("field") ?? [])].map(
			(field) => `${field.attr["var"]} (${field.attr["type"]})=${field.get_child_text("value")}`,
		);
		return [publish?.attr["node"], form?.attr["type"], ...fields].join(", ");
	}

	it("is woken for the same, in the same words", { timeout: 60_000 }, async () => {
		const troupe = { accounts: ["smacks", "offline", "mam", "csi_simple", "carbons", "cloud_notify"] };
		const said = await compare(troupe, async (stage) => {
			const [service, howard] = [await stage.client("push", "app"), await login(stage.port, "howard", "desk")];
			const { client: grace } = await managed(stage.port, "grace");
			grace.send(`<presence/>${enable("push@localhost/app")}`);
			await settle(grace);
			// The session waits, with something that was not acknowledged
			howard.send(say("grace@localhost/phone", "unseen"));
			await grace.until(() => grace.said.includes("unseen"));
			grace.destroy();
			// Her own presence and answers, and the message
			const heard = [await told(stage, service), await told(stage, service)];
			howard.send("<presence to='grace@localhost/phone'/>");
			heard.push(await told(stage, service));
			howard.send(say("grace@localhost", "one") + say("grace@localhost", "two"));
			heard.push(await told(stage, service));
			// Another device that has no session, of an account that is online
			const tablet = await login(stage.port, "ada", "tablet");
			await answer_to(tablet, enable("push@localhost/app", "n2"));
			tablet.send("</stream:stream>");
			await tablet.closed();
			const laptop = await login(stage.port, "ada", "laptop");
			laptop.send("<presence/>");
			await settle(laptop);
			howard.send(say("ada@localhost", "three"));
			heard.push(await told(stage, service));
			howard.send(
				`<message to='ada@localhost' id='four' type='chat'><body/><store xmlns='urn:xmpp:hints'/><x xmlns='jabber:x:encrypted'>...</x></message>`,
			);
			heard.push(await told(stage, service));
			return heard;
		});
		expect(said).toHaveLength(6);
	});
});
