import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../helper.ts";
import { not_installed } from "../needs.ts";
import { type Newcomer, start_newcomer } from "./newcomer.ts";
import { find_python, SlixmppClient } from "./slixmpp.ts";

const python = find_python();
const no_slixmpp = not_installed(python, "python3-slixmpp", "no library in Python uses accounts of a newcomer's server");

const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg==";

// The server that `npm start -- --tls` runs, whose certificate the clients are told to trust
describe.skipIf(no_slixmpp)("slixmpp on a newcomer's server, by TLS", () => {
	let newcomer: Newcomer;
	const clients: SlixmppClient[] = [];

	async function log_in(name: string, resource: string): Promise<SlixmppClient> {
		if (python === undefined) throw new Error("expected a Python with slixmpp");
		const client = new SlixmppClient(python);
		clients.push(client);
		const { certificate, ports } = newcomer;
		const details = { jid: `${name}@localhost/${resource}`, password: "any", port: ports["c2s"], certificate };
		expect(await client.order("login", details)).toMatchObject({ encryption: "TLSv1.3" });
		return client;
	}

	let romeo: SlixmppClient;
	let juliet: SlixmppClient;

	beforeAll(async () => {
		newcomer = await start_newcomer({ tls_only: true });
		romeo = await log_in("romeo", "one");
		juliet = await log_in("juliet", "one");
	});

	afterAll(async () => {
		for (const client of clients) await client.stop();
		await newcomer?.stop();
	});

	it("adds contacts, who see each other", async () => {
		await romeo.order("befriend", { jid: "juliet@localhost" });
		const both = { subscription: "both", online: true };
		await eventually(async () => {
			expect(await romeo.order("contacts", {})).toEqual({ "juliet@localhost": both });
			expect(await juliet.order("contacts", {})).toEqual({ "romeo@localhost": both });
		});
	});

	it("talks, and a second client hears both sides", async () => {
		const second = await log_in("romeo", "two");
		await second.order("carbons", {});
		await romeo.order("chat", { to: "juliet@localhost/one", body: "But soft! <3 & ü 🌹" });
		await juliet.events.take("romeo's words", (line) => line["event"] === "chat" && line["body"] === "But soft! <3 & ü 🌹");
		expect(await second.events.take("a copy", ({ event }) => event === "carbon")).toMatchObject({
			kind: "sent",
			to: "juliet@localhost",
			body: "But soft! <3 & ü 🌹",
		});
		await juliet.order("chat", { to: "romeo@localhost/one", body: "Ay me!" });
		await romeo.events.take("juliet's words", (line) => line["event"] === "chat" && line["body"] === "Ay me!");
		expect(await second.events.take("a copy", ({ event }) => event === "carbon")).toMatchObject({
			kind: "received",
			body: "Ay me!",
		});
	});

	it("finds all of it in its archive, page by page", async () => {
		const found = await romeo.order("archive", { room: null, page: 1 });
		expect(found).toMatchObject([{ body: "But soft! <3 & ü 🌹" }, { body: "Ay me!" }]);
	});

	it("shows its picture, blocks, and gets a place for a file", async () => {
		const number = await romeo.order("set_avatar", { data: picture });
		expect(await juliet.order("get_avatar", { jid: "romeo@localhost", number })).toBe(picture);
		expect(await romeo.order("block", { jid: "tybalt@localhost" })).toEqual(["tybalt@localhost"]);
		const url = expect.stringContaining(`https://localhost:${newcomer.ports["https"]}/file_share/`);
		expect(await romeo.order("features", { jid: "upload.localhost" })).toContain("urn:xmpp:http:upload:0");
		expect(await romeo.order("slot", { service: "upload.localhost", name: "sonnet.txt", size: 14 })).toEqual({
			put: url,
			get: url,
		});
	});

	it("has nothing to complain about", () => {
		expect(clients.flatMap(({ complaints }) => complaints)).toEqual([]);
	});
});
