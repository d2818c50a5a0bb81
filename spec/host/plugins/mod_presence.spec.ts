import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { patience, start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";

const no_prosody = not_installed(find_prosody(), "Prosody", "what is said of presence is not compared with what it says");

let own: TestServer;
let reference: Reference | undefined;

beforeAll(async () => {
	own = await start_test_server();
	if (no_prosody) return;
	const started = await start_reference();
	if (!started.ok) throw new Error(started.error);
	reference = started.value;
});
afterAll(async () => {
	await own.stop();
	await reference?.stop();
});

/** A stanza in one line: its kind, whom it is from, and what it says. */
function brief(stanza: st.Stanza): string {
	const parts = [stanza.name, stanza.attr["type"], stanza.attr["from"]];
	for (const name of ["show", "status", "priority", "body"]) {
		const text = stanza.get_child_text(name);
		if (text !== undefined) parts.push(`${name}=${text}`);
	}
	if (stanza.get_child("delay", ns.delay) !== undefined) parts.push("delayed");
	const item = stanza.get_child("query", ns.roster)?.get_child("item");
	if (item) parts.push(`${item.attr["jid"]}: ${item.attr["subscription"]}${item.attr["ask"] === undefined ? "" : ", asked"}`);
	return parts.filter((part) => part !== undefined).join(" ");
}

/** Everybody of one play, on one of the servers. */
class Play {
	private readonly clients = new Map<string, Client>();

	constructor(private readonly port: number) {}

	/** The client of a full address such as `romeo/orchard`, of localhost. */
	async log_in(who: string): Promise<void> {
		const [name, resource] = who.split("/");
		const account = { jid: `${name}@localhost`, password: "password", resource, timeout: patience };
		const connected = await Client.connect({ ...account, host: "127.0.0.1", port: this.port });
		if (!connected.ok) throw new Error(connected.error);
		this.clients.set(who, connected.value);
	}

	async send(who: string, stanza: st.Stanza): Promise<void> {
		this.client(who).send(stanza);
		await this.client(who).settle();
	}

	/** What came to somebody meanwhile. */
	async heard(who: string): Promise<string[]> {
		const client = this.client(who);
		await client.settle(true);
		return client.queue.splice(0).map(brief).sort();
	}

	async log_out(who: string): Promise<void> {
		await this.client(who).disconnect();
		this.clients.delete(who);
	}

	private client(who: string): Client {
		const client = this.clients.get(who);
		if (client === undefined) throw new Error(`${who} has not logged in`);
		return client;
	}

	async end(): Promise<void> {
		await Promise.all([...this.clients.keys()].map((who) => this.log_out(who)));
	}
}

const here = (priority?: number, status?: string): st.Stanza => {
	const presence = st.presence();
	if (priority !== undefined) presence.text_tag("priority", String(priority));
	if (status !== undefined) presence.text_tag("status", status);
	return presence;
};
const to = (name: string, type?: string): st.Stanza => st.presence({ to: `${name}@localhost`, type });
const roster = (): st.Stanza => st.iq({ type: "get", id: "roster" }).query(ns.roster).reset();

/** What people do, and what is heard of it. Each play has people of its own. */
const plays: { readonly [name: string]: readonly [(play: Play) => Promise<string[]>, readonly string[]] } = {
	"other resources hear of each other, a newcomer with the time since when": [
		async (play) => {
			await play.log_in("ada/one");
			await play.log_in("ada/two");
			await play.send("ada/one", here(1, "first"));
			await play.send("ada/two", here(2));
			return [...(await play.heard("ada/one")), "--", ...(await play.heard("ada/two"))];
		},
		[
			"presence ada@localhost/one status=first priority=1",
			"presence ada@localhost/two priority=2",
			"--",
			"presence ada@localhost/one status=first priority=1 delayed",
			"presence ada@localhost/two priority=2",
		],
	],
	"messages go to the resources of the highest priority, and to none below zero": [
		async (play) => {
			for (const who of ["bea/low", "bea/high", "bea/never"]) await play.log_in(who);
			await play.log_in("bob/x");
			await play.send("bea/low", here(1));
			await play.send("bea/high", here(5));
			await play.send("bea/never", here(-1));
			await play.send("bob/x", st.message({ to: "bea@localhost", type: "chat" }, "hello"));
			const heard: string[] = [];
			for (const who of ["bea/low", "bea/high", "bea/never"]) {
				heard.push(`${who}: ${(await play.heard(who)).filter((line) => line.startsWith("message"))}`);
			}
			return heard;
		},
		["bea/low: ", "bea/high: message chat bob@localhost/x body=hello", "bea/never: "],
	],
	"a priority that is no number is none, and others are within their bounds": [
		async (play) => {
			for (const who of ["cyd/word", "cyd/huge"]) await play.log_in(who);
			await play.log_in("bob/y");
			await play.send("cyd/word", st.presence().text_tag("priority", "high"));
			await play.send("cyd/huge", st.presence().text_tag("priority", "1000"));
			await play.send("bob/y", st.message({ to: "cyd@localhost", type: "chat" }, "hello"));
			const at = async (who: string) => (await play.heard(who)).filter((line) => line.startsWith("message")).length;
			return [`${await at("cyd/word")} ${await at("cyd/huge")}`];
		},
		["0 1"],
	],
	"who was shown presence directly hears of its end, and nobody else does": [
		async (play) => {
			for (const who of ["dan/home", "eve/home", "fay/home"]) await play.log_in(who);
			for (const who of ["eve/home", "fay/home"]) await play.send(who, here());
			await play.send("dan/home", st.presence({ to: "eve@localhost/home" }));
			await play.heard("eve/home");
			await play.heard("fay/home");
			await play.log_out("dan/home");
			return [...(await play.heard("eve/home")), "--", ...(await play.heard("fay/home"))];
		},
		["presence unavailable dan@localhost/home", "--"],
	],
	"a request waits for who is away; once granted, both see each other, and a probe asks for it": [
		async (play) => {
			await play.log_in("gil/home");
			await play.send("gil/home", roster());
			await play.send("gil/home", here());
			await play.heard("gil/home");
			await play.send("gil/home", to("hal", "subscribe"));
			const heard = await play.heard("gil/home");
			await play.log_in("hal/home");
			await play.send("hal/home", roster());
			await play.heard("hal/home");
			await play.send("hal/home", here());
			heard.push("--", ...(await play.heard("hal/home")));
			await play.send("hal/home", to("gil", "subscribed"));
			heard.push("--", ...(await play.heard("hal/home")), "--", ...(await play.heard("gil/home")));
			await play.send("gil/home", to("hal", "probe"));
			heard.push("--", ...(await play.heard("gil/home")));
			return heard;
		},
		[
			"iq set hal@localhost: none, asked",
			"presence unavailable hal@localhost",
			"--",
			"presence hal@localhost/home",
			"presence subscribe gil@localhost",
			"--",
			"iq set gil@localhost: from",
			"--",
			"iq set hal@localhost: to",
			"presence hal@localhost/home delayed",
			"presence subscribed hal@localhost",
			"--",
			"presence hal@localhost/home delayed",
		],
	],
	"a probe shows nothing to who may not see it": [
		async (play) => {
			for (const who of ["ian/home", "joy/home"]) await play.log_in(who);
			await play.send("joy/home", here());
			await play.send("ian/home", to("joy", "probe"));
			return play.heard("ian/home");
		},
		[],
	],
	"types that there are not are refused": [
		async (play) => {
			await play.log_in("kim/home");
			await play.send("kim/home", st.presence({ type: "asleep", id: "p" }));
			return play.heard("kim/home");
		},
		["presence error"],
	],
};

describe("presence", () => {
	const run = async (act: (play: Play) => Promise<string[]>, port: number): Promise<string[]> => {
		const play = new Play(port);
		try {
			return await act(play);
		} finally {
			await play.end();
		}
	};

	for (const [name, [act, expected]] of Object.entries(plays)) {
		it(name, async () => expect(await run(act, own.port)).toEqual(expected));
		it.skipIf(no_prosody)(`${name}, as Prosody says`, async () => {
			expect(await run(act, reference?.port ?? 0)).toEqual(expected);
		});
	}
});
