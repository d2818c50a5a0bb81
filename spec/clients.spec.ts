import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Element } from "ltx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import { self_signed_certificate } from "../host/util/x509.ts";
import { codes_of, service_options } from "./clients/conversation.ts";
import { find_python, SlixmppClient } from "./clients/slixmpp.ts";
import { XmppJsClient } from "./clients/xmpp_js.ts";
import { patience, start_test_server, type TestServer } from "./helper.ts";
import { not_installed } from "./needs.ts";

const python = find_python();
const no_slixmpp = not_installed(python, "python3-slixmpp", "nobody but our own client talks to this server");

const service = "conference.localhost";
const encrypted_host = "localhost";
const plain_host = "garden.localhost";

/** A message to a room that somebody there said. */
const said = (nick: string, body: string) => (stanza: Element) =>
	stanza.is("message") && String(stanza.attrs["from"]).endsWith(`/${nick}`) && stanza.getChild("body")?.getText() === body;

/** Presence of somebody in a room, of this type. */
const presence = (occupant: string, type?: string) => (stanza: Element) =>
	stanza.is("presence") && stanza.attrs["from"] === occupant && stanza.attrs["type"] === type;

// One logs in at a host that wants encryption, the other at one that has none; both are in rooms of the same service.
describe.skipIf(no_slixmpp)("slixmpp and xmpp.js in rooms of ours", () => {
	let folder: string;
	let server: TestServer | undefined;
	let python_client: SlixmppClient | undefined;
	let js_client: XmppJsClient | undefined;
	let login: unknown;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		if (python === undefined) throw new Error("expected a Python with slixmpp (Debian: python3-slixmpp)");
		// slixmpp 1.8 knows no binding of logins but tls-unique, which TLS 1.3 has not, and does not give up using it there
		const files = { certificate: join(folder, "localhost.crt"), key: join(folder, "localhost.key"), protocol: "tlsv1_2" };
		const made = self_signed_certificate([encrypted_host], 2);
		writeFileSync(files.certificate, made.certificate);
		writeFileSync(files.key, made.key);
		server = await start_test_server({
			config: {
				"*": {
					authentication: "internal_hashed",
					allow_unencrypted_plain_auth: false,
					modules_enabled: ["disco", "roster", "saslauth", "ping"],
				},
				[encrypted_host]: { modules_enabled: ["tls"], c2s_require_encryption: true, ssl: files, password_hash: "SHA-256" },
				[plain_host]: { c2s_require_encryption: false },
				[service]: service_options,
			},
		});
		for (const [name, host] of [
			["ada", encrypted_host],
			["bob", plain_host],
		] as const) {
			const created = server.server.usermanager.create_user(name, host, `${name}'s secret`);
			if (!created.ok) throw new Error(created.error);
		}
		python_client = new SlixmppClient(python);
		const { port } = server;
		login = await python_client.order("login", {
			jid: `ada@${encrypted_host}/python`,
			password: "ada's secret",
			port,
			certificate: files.certificate,
		});
		js_client = new XmppJsClient({
			service: `xmpp://127.0.0.1:${port}`,
			domain: plain_host,
			username: "bob",
			password: "bob's secret",
			resource: "js",
			timeout: patience,
		});
		await js_client.login();
		await js_client.send(st.presence());
	});

	afterAll(async () => {
		await python_client?.stop();
		await js_client?.stop();
		await server?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	/** Both clients, which are there in every test. */
	function both(): { ada: SlixmppClient; bob: XmppJsClient } {
		if (!python_client || !js_client) throw new Error("the clients have not been started");
		return { ada: python_client, bob: js_client };
	}

	/** A room that ada made and bob entered. */
	async function meet(name: string): Promise<{ ada: SlixmppClient; bob: XmppJsClient; room: string }> {
		const { ada, bob } = both();
		const room = `${name}@${service}`;
		expect(await ada.order("join", { room, nick: "Ada" })).toEqual({
			self: { nick: "Ada", type: "available", affiliation: "owner", role: "moderator", codes: [110, 201] },
			history: [],
			subject: "",
			occupants: ["Ada"],
		});
		await ada.order("configure", { room, values: {} });
		await enter(bob, room);
		await ada.events.take("bob", (line) => line["event"] === "presence" && line["room"] === room && line["nick"] === "Bob");
		return { ada, bob, room };
	}

	/** Has bob enter, and waits until he is in and has heard of the subject. */
	async function enter(bob: XmppJsClient, room: string): Promise<void> {
		await bob.enter(room, "Bob");
		expect(codes_of(await bob.stanzas.take("ada's presence", presence(`${room}/Ada`)))).toEqual([]);
		expect(codes_of(await bob.stanzas.take("bob's own presence", presence(`${room}/Bob`)))).toEqual([110]);
		await bob.stanzas.take(
			"the subject",
			(stanza) => stanza.is("message") && stanza.attrs["from"] === room && stanza.getChild("subject") !== undefined,
		);
	}

	it("log in with SCRAM, one of them encrypted", () => {
		const { bob } = both();
		expect(login).toEqual({ jid: `ada@${encrypted_host}/python`, mechanism: "SCRAM-SHA-256-PLUS", encryption: "TLSv1.2" });
		expect(bob.jid).toBe(`bob@${plain_host}/js`);
		expect(bob.mechanisms).toEqual(["SCRAM-SHA-1"]);
	});

	it("talk both ways", async () => {
		const { ada, bob, room } = await meet("talk");
		await ada.order("say", { room, body: "Grüße aus Python 🐍" });
		await bob.stanzas.take("ada's words", said("Ada", "Grüße aus Python 🐍"));
		await bob.say(room, "1 < 2 & so on");
		const heard = await ada.events.take("bob's words", (line) => line["event"] === "message" && line["nick"] === "Bob");
		expect(heard).toMatchObject({ event: "message", room, nick: "Bob", body: "1 < 2 & so on" });
	});

	it("are invited, and hear what was said before", async () => {
		const { ada, bob, room } = await meet("history");
		await ada.order("invite", { room, jid: `bob@${plain_host}`, reason: "Come here" });
		const is_invitation = (stanza: Element) => stanza.getChild("x", ns.muc_user)?.getChild("invite") !== undefined;
		const invitation = await bob.stanzas.take("an invitation", is_invitation);
		const invite = invitation.getChild("x", ns.muc_user)?.getChild("invite");
		expect([invitation.attrs["from"], invite?.getChild("reason")?.getText()]).toEqual([room, "Come here"]);
		await bob.say(room, "Long ago");
		await ada.events.take("bob's words", (line) => line["event"] === "message" && line["body"] === "Long ago");
		await ada.order("leave", { room, nick: "Ada" });
		await bob.stanzas.take("ada's leave", presence(`${room}/Ada`, "unavailable"));
		const again = await ada.order("join", { room, nick: "Ada", history: 5 });
		expect(again).toMatchObject({ history: [{ nick: "Bob", body: "Long ago" }], occupants: ["Bob", "Ada"] });
	});

	it("see the room's picture", async () => {
		const { ada, bob, room } = await meet("picture");
		const data = Buffer.from("not really a picture").toString("base64");
		await ada.order("set_picture", { room, type: "image/png", data });
		await bob.stanzas.take("a change", (stanza) => stanza.is("message") && codes_of(stanza).includes(104));
		expect(await ada.order("get_picture", { room })).toBe(data);
	});

	it("lose what a moderator takes back", async () => {
		const { ada, bob, room } = await meet("moderation");
		await bob.say(room, "A word too much");
		const { stanza_id } = await ada.events.take("bob's words", (line) => line["body"] === "A word too much");
		await ada.order("moderate", { room, stanza_id, reason: "Not here" });
		const told = await bob.stanzas.take("that it is taken back", (stanza) => stanza.getChild("retract") !== undefined);
		expect(told.getChild("retract")?.attrs["id"]).toBe(stanza_id);
		await ada.events.take("the same", (line) => line["event"] === "moderated" && line["stanza_id"] === stanza_id);
	});

	it("hear of what the owner configures by the form", async () => {
		const { ada, bob, room } = await meet("form");
		const values = { "muc#roomconfig_roomname": "Two languages", "muc#roomconfig_whois": "anyone" };
		const fields = await ada.order("configure", { room, values });
		expect(fields).toEqual(expect.arrayContaining(Object.keys(values)));
		const change = await bob.stanzas.take("a change", (stanza) => stanza.is("message") && codes_of(stanza).includes(104));
		expect(codes_of(change)).toEqual([104, 170, 172]);
		expect(await ada.order("features", { jid: room })).toEqual(
			expect.arrayContaining(["muc_nonanonymous", "muc_open", "muc_unsecured", ns.mam, ns.muc]),
		);
	});

	it("see who is kicked, comes back, is banned and stays out", async () => {
		const { ada, bob, room } = await meet("door");
		const bob_leaves = () => {
			const leaves = presence(`${room}/Bob`, "unavailable");
			return bob.stanzas.take("bob's leave", leaves);
		};
		const ada_sees_leave = (code: number) =>
			ada.events.take("bob's leave", (line) => line["type"] === "unavailable" && String(line["codes"]) === String(code));

		await ada.order("kick", { room, nick: "Bob", reason: "A try" });
		const kicked = await bob_leaves();
		expect(codes_of(kicked)).toEqual([110, 307]);
		expect(kicked.getChild("x", ns.muc_user)?.getChild("item")?.getChild("reason")?.getText()).toBe("A try");
		expect(await ada_sees_leave(307)).toMatchObject({ room, nick: "Bob", affiliation: "none", role: "none" });

		await enter(bob, room);
		await ada.order("ban", { room, jid: `bob@${plain_host}`, reason: "For good" });
		expect(codes_of(await bob_leaves())).toEqual([110, 301]);
		expect(await ada_sees_leave(301)).toMatchObject({ room, nick: "Bob", affiliation: "outcast", role: "none" });
		expect(await ada.order("banned", { room })).toEqual([`bob@${plain_host}`]);

		await bob.enter(room, "Bob");
		const refusal = await bob.stanzas.take("a refusal", presence(`${room}/Bob`, "error"));
		expect(refusal.getChild("error")?.getChild("forbidden", ns.stanzas)).toBeDefined();
	});

	it("find what they said in the archive, page by page", async () => {
		const { ada, bob, room } = await meet("archive");
		await ada.order("say", { room, body: "first" });
		await bob.stanzas.take("the first message", said("Ada", "first"));
		await bob.say(room, "second");
		const second = await bob.stanzas.take("the second message", said("Bob", "second"));
		const id = second.getChild("stanza-id", "urn:xmpp:sid:0")?.attrs["id"];
		const stamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
		expect(await ada.order("archive", { room, page: 1 })).toEqual([
			{ id: expect.any(String), nick: "Ada", body: "first", stamp },
			{ id, nick: "Bob", body: "second", stamp },
		]);
	});

	it("have nothing to complain about", () => {
		const { ada, bob } = both();
		expect(ada.complaints).toEqual([]);
		expect(bob.complaints).toEqual([]);
	});
});
