// Clients whose server is restarted while they are in a room: they go on (XEP-0198), and nobody there notices.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { self_signed_certificate } from "../../host/util/x509.ts";
import { free_port } from "../../tools/reference.ts";
import { expect_stanza, type ModuleDefinition, start_test_server, type TestServer } from "../helper.ts";
import { not_installed } from "../needs.ts";
import { service_options } from "./conversation.ts";
import { has_profanity, Profanity } from "./profanity.ts";
import { find_python, SlixmppClient } from "./slixmpp.ts";

const python = find_python();
const no_slixmpp = not_installed(python, "python3-slixmpp", "no other client than ours goes on after a restart");
const service = "conference.localhost";
const room = `hall@${service}`;

let folder: string | undefined;
let server: TestServer | undefined;
const people: { stop(): unknown }[] = [];

afterEach(async () => {
	for (const person of people.splice(0)) await person.stop();
	await server?.stop();
	server = undefined;
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	folder = undefined;
});

describe.skipIf(no_slixmpp)("slixmpp on a server that is restarted", () => {
	it("goes on with its session, with its room and with what came meanwhile", { timeout: 180_000 }, async () => {
		const place = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		folder = place;
		const files = { certificate: join(place, "localhost.crt"), key: join(place, "localhost.key"), protocol: "tlsv1_2" };
		const made = self_signed_certificate(["localhost"], 2);
		writeFileSync(files.certificate, made.certificate);
		writeFileSync(files.key, made.key);
		const port = await free_port();
		const start = (): Promise<TestServer> =>
			start_test_server({
				data_path: place,
				config: {
					"*": {
						storage: "sql",
						c2s_ports: [port],
						modules_enabled: ["disco", "roster", "saslauth", "ping", "smacks"],
					},
					localhost: { modules_enabled: ["tls"], c2s_require_encryption: true, ssl: files },
					[service]: service_options,
				},
			});
		server = await start();
		const log_in = async (name: string, comes_back: boolean): Promise<SlixmppClient> => {
			if (python === undefined) throw new Error("expected a Python with slixmpp (Debian: python3-slixmpp)");
			const person = new SlixmppClient(python);
			people.push(person);
			const certificate = files.certificate;
			await person.order("login", { jid: `${name}@localhost/python`, password: "any", port, certificate, comes_back });
			return person;
		};
		const ada = await log_in("ada", true);
		await ada.events.take("stream management", (line) => line["event"] === "managed");
		await ada.order("join", { room, nick: "Ada" });
		await ada.order("configure", { room, values: {} });
		await server.stop();
		server = await start();
		// Who logs in anew finds her in the room, and what is said reaches her
		const bob = await log_in("bob", false);
		const entered = await bob.order("join", { room, nick: "Bob" });
		expect(entered).toMatchObject({ occupants: ["Ada", "Bob"] });
		await bob.order("say", { room, body: "Are you still there?" });
		await bob.order("write", { to: "ada@localhost", body: "Or here?" });
		await ada.events.take("the end of the wait", (line) => line["event"] === "resumed");
		await ada.events.take("what bob said", (line) => line["event"] === "message" && line["body"] === "Are you still there?");
		await ada.events.take("what bob wrote", (line) => line["event"] === "chat" && line["body"] === "Or here?");
		await ada.order("say", { room, body: "I never left" });
		await bob.events.take("the answer", (line) => line["event"] === "message" && line["body"] === "I never left");
		// slixmpp 1.8 forgets what it has not been told of when it asks to go on, and wonders about the count that it is told then
		const own = /Inconsistent sequence numbers|Connection/;
		expect(ada.complaints.filter((one) => !own.test(one))).toEqual([]);
	});
});

/** Counts the sessions that clients went on with. */
let resumed = 0;
const witness: ModuleDefinition = {
	name: "witness",
	load: (module) => module.hook("smacks-hibernation-end", () => void resumed++),
};

describe.skipIf(not_installed(has_profanity(), "profanity or tmux", "nobody goes on in a terminal after a restart"))(
	"profanity on a server that is restarted",
	() => {
		it("goes on with its session, with its room and with what came meanwhile", { timeout: 180_000 }, async () => {
			const place = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
			folder = place;
			const port = await free_port();
			const start = (): Promise<TestServer> =>
				start_test_server({
					data_path: place,
					modules: [witness],
					config: {
						"*": {
							storage: "sql",
							c2s_ports: [port],
							modules_enabled: ["disco", "roster", "saslauth", "ping", "smacks", "witness"],
						},
						[service]: { ...service_options, muc_room_locking: false },
					},
				});
			server = await start();
			const romeo = new Profanity("romeo", port, "[connection]\nreconnect=1\n");
			people.push(romeo);
			await romeo.shows("logged in successfully");
			romeo.type(`/join ${room} nick Romeo`);
			await romeo.shows("You have joined the room as Romeo");
			await server.stop();
			resumed = 0;
			server = await start();
			const juliet = await server.client("juliet", "balcony");
			juliet.send(
				st
					.presence({ to: `${room}/Juliet` })
					.tag("x", { xmlns: ns.muc })
					.reset(),
			);
			await expect_stanza(juliet, ({ attr }) => attr["from"] === `${room}/Romeo`);
			juliet.send(st.message({ to: room, type: "groupchat" }, "Art thou not Romeo?"));
			await romeo.shows("Juliet: Art thou not Romeo?");
			expect(resumed).toBe(1);
			romeo.type("Neither, fair maid");
			await expect_stanza(juliet, (stanza) => stanza.get_child_text("body") === "Neither, fair maid");
			// profanity shows itself to its rooms again by itself
			expect(juliet.queue.filter(({ attr }) => attr["type"] === "unavailable")).toEqual([]);
		});
	},
);
