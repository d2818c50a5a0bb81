// What accounts keep, with a storage that fails: at each call of each module, whoever asked hears of it, and all is as before.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { Faults, faulty_storage } from "../../faulty_storage.ts";
import { ask, start_test_server, type TestServer } from "../../helper.ts";

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

let asked = 0;

function iq(type: "get" | "set", content: Stanza): Stanza {
	asked++;
	return st
		.iq({ type, id: `q${asked}` })
		.add_child(content)
		.reset();
}

function pubsub(content: Stanza, xmlns: string = ns.pubsub): Stanza {
	return st.stanza("pubsub", { xmlns }).add_child(content).reset();
}

const tune = (name: string): Stanza =>
	pubsub(
		st
			.stanza("publish", { node: "urn:example:tune" })
			.tag("item", { id: "current" })
			.tag("tune", { xmlns: "urn:example:tune" })
			.text(name)
			.reset(),
	);

interface Case {
	readonly what: string;
	/** Changes something, to one value or to the other. */
	change(value: string): Stanza;
	/** Asks for it. */
	look(): Stanza;
}

const blocklist = (name: string, jid: string): Stanza => st.stanza(name, { xmlns: ns.blocking }).tag("item", { jid }).reset();

const cases: readonly Case[] = [
	{
		what: "a blocklist",
		change: (value) => iq("set", blocklist("block", `${value}@verona.example`)),
		look: () => iq("get", st.stanza("blocklist", { xmlns: ns.blocking })),
	},
	{
		what: "private data",
		change: (value) =>
			iq("set", st.stanza("query", { xmlns: ns.private }).tag("notes", { xmlns: "urn:example:notes" }).text(value).reset()),
		look: () => iq("get", st.stanza("query", { xmlns: ns.private }).tag("notes", { xmlns: "urn:example:notes" }).reset()),
	},
	{
		what: "archiving preferences",
		change: (value) =>
			iq(
				"set",
				st
					.stanza("prefs", { xmlns: ns.mam, default: "roster" })
					.tag("always")
					.text_tag("jid", `${value}@verona.example`)
					.up()
					.tag("never")
					.reset(),
			),
		look: () => iq("get", st.stanza("prefs", { xmlns: ns.mam })),
	},
	{
		what: "something published",
		change: (value) => iq("set", tune(value)),
		look: () => iq("get", pubsub(st.stanza("items", { node: "urn:example:tune" }))),
	},
	{
		what: "a vCard in the newer form",
		change: (value) => iq("set", st.stanza("vcard", { xmlns: ns.vcard4 }).tag("fn").text_tag("text", value).reset()),
		look: () => iq("get", st.stanza("vcard", { xmlns: ns.vcard4 })),
	},
	{
		what: "a vCard in the older form",
		change: (value) =>
			iq("set", st.stanza("vCard", { xmlns: ns.vcard_temp }).text_tag("FN", value).text_tag("NOTE", value).reset()),
		look: () => iq("get", st.stanza("vCard", { xmlns: ns.vcard_temp })),
	},
	{
		what: "a vCard in the older form with a photo",
		change: (value) =>
			iq(
				"set",
				st
					.stanza("vCard", { xmlns: ns.vcard_temp })
					.text_tag("FN", "Romeo")
					.tag("PHOTO")
					.text_tag("TYPE", "image/png")
					.text_tag("BINVAL", Buffer.from(value).toString("base64"))
					.reset(),
			),
		look: () => iq("get", st.stanza("vCard", { xmlns: ns.vcard_temp })),
	},
	{
		what: "bookmarks in the older form",
		change: (value) =>
			iq(
				"set",
				pubsub(
					st
						.stanza("publish", { node: ns.legacy_bookmarks })
						.tag("item", { id: "current" })
						.tag("storage", { xmlns: ns.legacy_bookmarks })
						.tag("conference", { jid: `${value}@conference.localhost` })
						.reset(),
				),
			),
		look: () => iq("get", st.stanza("query", { xmlns: ns.private }).tag("storage", { xmlns: ns.legacy_bookmarks }).reset()),
	},
	{
		what: "bookmarks in the oldest form",
		change: (value) =>
			iq(
				"set",
				st
					.stanza("query", { xmlns: ns.private })
					.tag("storage", { xmlns: ns.legacy_bookmarks })
					.tag("conference", { jid: `${value}@conference.localhost` })
					.reset(),
			),
		look: () => iq("get", pubsub(st.stanza("items", { node: ns.bookmarks }))),
	},
];

const place = "urn:example:place";

/** Whose it is; pubsub's requests about nodes. */
const of_node = (name: string, content?: (request: Stanza) => Stanza): Stanza => {
	const request = st.stanza(name, { node: place });
	return pubsub(content === undefined ? request : content(request), ns.pubsub_owner);
};

/** The same where something has to be there first. */
const cases_of_node: readonly (Case & { readonly prepare: Stanza })[] = [
	{
		what: "the configuration of a node",
		prepare: pubsub(st.stanza("create", { node: place })),
		change: (value) =>
			iq(
				"set",
				of_node("configure", (request) =>
					request
						.tag("x", { xmlns: ns.data, type: "submit" })
						.tag("field", { var: "FORM_TYPE" })
						.text_tag("value", "http://jabber.org/protocol/pubsub#node_config")
						.up()
						.tag("field", { var: "pubsub#title" })
						.text_tag("value", value)
						.reset(),
				),
			),
		look: () => iq("get", of_node("configure")),
	},
	{
		what: "an affiliation with a node",
		prepare: pubsub(st.stanza("create", { node: place })),
		change: (value) =>
			iq(
				"set",
				of_node("affiliations", (request) =>
					request
						.tag("affiliation", { jid: "juliet@localhost", affiliation: value === "first" ? "publisher" : "outcast" })
						.reset(),
				),
			),
		look: () => iq("get", of_node("affiliations")),
	},
];

/** What an answer says, without its id. */
function said(answer: Stanza): string {
	return `${answer.attr["type"]}: ${answer.first_tag ?? ""}`;
}

async function serve(faults: Faults): Promise<[TestServer, Client]> {
	running = await start_test_server({
		config: { "*": { storage: "faulty", blocklist_cache_size: 1 } },
		modules: [faulty_storage("sql", faults)],
	});
	return [running, await running.client("romeo", "orchard")];
}

interface Prepared extends Case {
	readonly prepare?: Stanza;
}

describe.each<Prepared>([...cases, ...cases_of_node])("$what", ({ change, look, prepare }) => {
	it("is as before, and whoever changed it is told, where any call for it fails", async () => {
		const faults = new Faults();
		const [server, client] = await serve(faults);
		if (prepare !== undefined) await ask(client, iq("set", prepare));
		expect((await ask(client, change("first"))).attr["type"]).toBe("result");
		const before = said(await ask(client, look()));
		for (let nth = 0; ; nth++) {
			// Whatever is in memory has to be read again
			await server.client("juliet", `phone${nth}`);
			faults.arm(nth, (call) => !call.startsWith("accounts."));
			const answer = await ask(client, change("second"));
			const calls = faults.calls.length;
			faults.arm(undefined);
			if (calls <= nth) {
				expect(answer.attr["type"], "nothing failed").toBe("result");
				break;
			}
			if (answer.attr["type"] === "result") {
				// Nothing but a word to other clients has failed
				expect(said(await ask(client, look())), `after ${nth}`).not.toBe(before);
				await ask(client, change("first"));
			} else expect(answer.get_error()?.condition, `after ${nth}`).toBe("internal-server-error");
			expect(said(await ask(client, look())), `after ${nth}`).toBe(before);
		}
		expect(said(await ask(client, look()))).not.toBe(before);
	});
});

it("a message that cannot be archived is not delivered, and its sender is told", async () => {
	const faults = new Faults();
	const [server, romeo] = await serve(faults);
	const juliet = await server.client("juliet", "balcony");
	for (let nth = 0; ; nth++) {
		faults.arm(nth, (call) => /^archive\.(append|delete)/.test(call));
		romeo.send(st.message({ to: "juliet@localhost/balcony", type: "chat", id: `m${nth}` }, "Hist!"));
		await romeo.settle(true);
		const calls = faults.calls.length;
		faults.arm(undefined);
		await juliet.settle(true);
		const came = juliet.queue.splice(0).some((stanza) => stanza.attr["id"] === `m${nth}`);
		const told = romeo.queue.splice(0).some((stanza) => stanza.attr["id"] === `m${nth}` && stanza.attr["type"] === "error");
		if (calls <= nth) {
			expect([came, told]).toEqual([true, false]);
			break;
		}
		expect([came, told], `after ${nth}`).toEqual([false, true]);
	}
});

it("whom somebody blocks does not come through while the list cannot be read", async () => {
	const faults = new Faults();
	const [server, romeo] = await serve(faults);
	expect((await ask(romeo, iq("set", blocklist("block", "tybalt@localhost")))).attr["type"]).toBe("result");
	const juliet = await server.client("juliet", "balcony");
	// Another list takes the place of his in memory
	await ask(juliet, iq("get", st.stanza("blocklist", { xmlns: ns.blocking })));
	const tybalt = await server.client("tybalt", "street");
	faults.arm(0, (call) => call.startsWith("blocklist."));
	tybalt.send(st.message({ to: "romeo@localhost/orchard", type: "chat", id: "duel" }, "Turn, villain!"));
	await tybalt.settle(true);
	faults.arm(undefined);
	await romeo.settle(true);
	expect(romeo.queue.filter(({ name }) => name === "message")).toEqual([]);
	expect(tybalt.queue.map((stanza) => stanza.get_error()?.condition)).toContain("internal-server-error");
});

it("a message that cannot be kept for who is offline is refused; kept ones stay until they can be read", async () => {
	const faults = new Faults();
	const [server, romeo] = await serve(faults);
	const say = async (id: string): Promise<boolean> => {
		romeo.send(st.message({ to: "juliet@localhost", type: "chat", id }, id));
		await romeo.settle(true);
		return romeo.queue.splice(0).some(({ attr }) => attr["id"] === id && attr["type"] === "error");
	};
	expect(await say("kept")).toBe(false);
	faults.arm(0, (call) => call === "offline.append");
	expect(await say("lost")).toBe(true);
	async function log_in(resource: string): Promise<string[]> {
		const juliet = await server.client("juliet", resource);
		juliet.send(st.presence());
		await juliet.settle(true);
		const texts = juliet.queue.splice(0).flatMap((stanza) => stanza.get_child_text("body") ?? []);
		await juliet.disconnect();
		return texts;
	}
	for (const [call, resource] of [
		["offline.find", "first"],
		["offline.delete", "second"],
	] as const) {
		faults.arm(0, (made) => made === call);
		await log_in(resource);
		expect(faults.calls, call).toContain(call);
		faults.arm(undefined);
	}
	expect(await log_in("third")).toEqual(["kept"]);
	expect(await log_in("fourth")).toEqual([]);
});
