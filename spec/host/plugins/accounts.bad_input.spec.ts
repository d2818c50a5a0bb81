// What accounts are given that is too much, or not what it should be; where a real Prosody has an answer, it is the same.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { Faults, faulty_storage } from "../../faulty_storage.ts";
import { ask, eventually, start_test_server, type TestServer } from "../../helper.ts";
import { on_both, type Stage, type Troupe, without_prosody } from "../../lua-shims/community/community.ts";

const no_prosody = without_prosody();

let asked = 0;
function iq(type: "get" | "set", content: Stanza, to?: string): Stanza {
	asked++;
	return st
		.iq({ type, to, id: `q${asked}` })
		.add_child(content)
		.reset();
}

function pubsub(content: Stanza, xmlns: string = ns.pubsub): Stanza {
	return st.stanza("pubsub", { xmlns }).add_child(content).reset();
}

function item(node: string, id: string | undefined, payload: Stanza): Stanza {
	return st.stanza("publish", { node }).tag("item", { id }).add_child(payload).reset();
}

const note = (text: string): Stanza => st.stanza("note", { xmlns: "urn:example:notes" }).text(text);

function form(type: string, fields: Readonly<Record<string, string>>): Stanza {
	const x = st.stanza("x", { xmlns: ns.data, type: "submit" });
	for (const [name, value] of Object.entries({ FORM_TYPE: type, ...fields }))
		x.tag("field", { var: name }).text_tag("value", value).up();
	return x.reset();
}

const config = (fields: Readonly<Record<string, string>>): Stanza =>
	form("http://jabber.org/protocol/pubsub#node_config", fields);

/** What an answer says: its type, and an error's condition and text. */
function brief(answer: Stanza): string {
	const error = answer.get_error();
	return error === undefined
		? String(answer.attr["type"])
		: [answer.attr["type"], error.type, error.condition, error.text].filter((part) => part !== undefined).join(" ");
}

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

async function log_in(options: Parameters<typeof start_test_server>[0] = {}): Promise<Client> {
	running = await start_test_server(options);
	return running.client("romeo", "orchard");
}

/** Asks several things, here and on a real Prosody; both have to say the same. */
async function both_say(troupe: Troupe, questions: () => readonly Stanza[]): Promise<string[]> {
	const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage: Stage) => {
		const romeo = await stage.client("romeo", "orchard");
		const said: string[] = [];
		for (const question of questions()) said.push(brief(await ask(romeo, question)));
		return said;
	});
	expect(ours).toEqual(prosodys);
	return ours;
}

describe("a node", () => {
	it("keeps no more than the server allows, and each item costs as much as the first", async () => {
		const faults = new Faults();
		const romeo = await log_in({ config: { "*": { storage: "faulty" } }, modules: [faulty_storage("sql", faults)] });
		const options = st
			.stanza("publish-options")
			.add_child(config({ "pubsub#max_items": "max" }))
			.reset();
		const first = pubsub(item("urn:example:notes", "0", note("0")))
			.add_child(options)
			.reset();
		expect((await ask(romeo, iq("set", first))).attr["type"]).toBe("result");
		const costs: number[] = [];
		for (let number = 1; number <= 300; number++) {
			faults.arm(undefined, (call) => call.startsWith("pep_urn:example:notes."));
			const answer = await ask(romeo, iq("set", pubsub(item("urn:example:notes", String(number), note(String(number))))));
			expect(answer.attr["type"]).toBe("result");
			costs.push(faults.calls.length);
		}
		expect([...new Set(costs)]).toEqual([2]);
		const items = await ask(romeo, iq("get", pubsub(st.stanza("items", { node: "urn:example:notes" }))));
		const ids = [...(items.first_tag?.first_tag?.childtags("item") ?? [])].map(({ attr }) => Number(attr["id"]));
		expect(ids.length).toBe(256);
		expect(Math.min(...ids)).toBe(300 - 255);
	}, 120_000);

	it("cannot be made larger than that, nor smaller than nothing", async () => {
		const sizes = ["257", "1000000", "99999999999999999999", "-1", "many", "0", "1.5", "256"];
		const said = await both_say({ accounts: ["pep"] }, () =>
			sizes.map((size, index) => {
				const create = pubsub(st.stanza("create", { node: `urn:example:${index}` }));
				return iq(
					"set",
					create
						.tag("configure")
						.add_child(config({ "pubsub#max_items": size }))
						.reset(),
				);
			}),
		);
		expect(said.slice(0, 3).every((answer) => answer.startsWith("error"))).toBe(true);
		expect(said.at(-1)).toBe("result");
	});

	it("is not published to where it is not as its publisher wants it", async () => {
		const said = await both_say({ accounts: ["pep"] }, () => {
			const publish = (fields: Readonly<Record<string, string>>): Stanza =>
				iq(
					"set",
					pubsub(item("urn:example:notes", "one", note("one")))
						.tag("publish-options")
						.add_child(form("http://jabber.org/protocol/pubsub#publish-options", fields))
						.reset(),
				);
			return [
				publish({ "pubsub#access_model": "whitelist" }),
				publish({ "pubsub#access_model": "whitelist" }),
				publish({ "pubsub#access_model": "open" }),
				publish({ "pubsub#max_items": "5" }),
				publish({ "pubsub#access_model": "nobody" }),
			];
		});
		expect(said.map((answer) => answer.split(" ")[0])).toEqual(["result", "result", "error", "error", "error"]);
	});

	it("has items under long ids, and under names that mean something to JavaScript", async () => {
		const names = ["x".repeat(100_000), "__proto__", "constructor", "toString", "\u{1f339}", " ", "a/b", "../up"];
		for (const storage of ["memory", "internal", "sql"]) {
			const romeo = await log_in({ config: { "*": { storage } } });
			for (const node of ["urn:example:notes", "__proto__", "constructor", "../up"]) {
				for (const [index, id] of names.entries()) {
					const answer = await ask(romeo, iq("set", pubsub(item(node, id, note(String(index))))));
					expect(brief(answer), `${storage}: ${node} ${id.slice(0, 20)}`).toBe("result");
					const found = await ask(romeo, iq("get", pubsub(st.stanza("items", { node }).tag("item", { id }).reset())));
					const shown = found.first_tag?.first_tag?.get_child("item");
					expect([shown?.attr["id"] === id, shown?.first_tag?.get_text()], `${storage}: ${node}`).toEqual([true, String(index)]);
				}
			}
			await running?.stop();
			running = undefined;
		}
	}, 120_000);

	it("tells nobody who may not read it any more", async () => {
		const troupe = { accounts: ["pep", "roster", "presence"] };
		const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage: Stage) => {
			const romeo = await stage.client("romeo", "orchard");
			const juliet = await stage.client("juliet", "balcony");
			juliet.send(st.presence());
			const node = "urn:example:notes";
			const configure = (model: string): Stanza =>
				iq(
					"set",
					pubsub(
						st
							.stanza("configure", { node })
							.add_child(config({ "pubsub#access_model": model }))
							.reset(),
						ns.pubsub_owner,
					),
				);
			await ask(romeo, iq("set", pubsub(item(node, "one", note("one")))));
			await ask(romeo, configure("open"));
			const subscribe = st.stanza("subscribe", { node, jid: "juliet@localhost" });
			const said = [brief(await ask(juliet, iq("set", pubsub(subscribe), "romeo@localhost")))];
			for (const model of ["whitelist", "open"]) {
				await ask(romeo, configure(model));
				await ask(romeo, iq("set", pubsub(item(node, "two", note(model)))));
				const list = st.stanza("subscriptions", { node });
				said.push(String((await ask(romeo, iq("get", pubsub(list, ns.pubsub_owner)))).first_tag?.first_tag?.tags.length));
			}
			await juliet.settle(true);
			const told = juliet.queue.filter((stanza) => stanza.name === "message").map((stanza) => stanza.toString());
			return { said, whitelisted: told.some((text) => text.includes("whitelist")) };
		});
		expect(ours).toEqual(prosodys);
		expect(ours).toEqual({ said: ["result", "0", "0"], whitelisted: false });
	});

	it("is one of hundreds", async () => {
		const romeo = await log_in({ config: { "*": { storage: "sql" } } });
		for (let number = 0; number < 200; number++) {
			await ask(romeo, iq("set", pubsub(item(`urn:example:${number}`, "current", note(String(number))))));
		}
		const list = await ask(romeo, iq("get", st.stanza("query", { xmlns: ns.disco_items })));
		const nodes = [...(list.first_tag?.childtags("item") ?? [])].map(({ attr }) => attr["node"]);
		expect(nodes.filter((node) => node?.startsWith("urn:example:"))).toHaveLength(200);
	}, 120_000);
});

describe("what is too large", () => {
	it.each(["an avatar of ten megabytes in a vCard", "a published avatar of ten megabytes", "an id of one megabyte"])(
		"ends the stream, as on a real Prosody: %s",
		async (way) => {
			const [ours, prosodys] = await on_both({ accounts: ["pep", "vcard_legacy"] }, no_prosody, async (stage: Stage) => {
				const romeo = await stage.client("romeo", "orchard");
				const data = "a".repeat(10 * 1024 * 1024);
				romeo.send(
					way.includes("vCard")
						? iq("set", st.stanza("vCard", { xmlns: ns.vcard_temp }).tag("PHOTO").text_tag("BINVAL", data).reset())
						: way.includes("id")
							? iq("set", pubsub(item(ns.avatar_data, data.slice(0, 1024 * 1024), note("small"))))
							: iq("set", pubsub(item(ns.avatar_data, "abc", st.stanza("data", { xmlns: ns.avatar_data }).text(data)))),
				);
				await eventually(() => expect(romeo.ended).toBeDefined());
				// Nothing of it is there, and the account goes on
				const again = await stage.client("romeo", "phone");
				return brief(await ask(again, iq("get", pubsub(st.stanza("items", { node: ns.avatar_data })))));
			});
			expect(ours).toEqual(prosodys);
			expect(ours).toContain("item-not-found");
		},
		60_000,
	);
});

describe("bookmarks that are none", () => {
	it("are refused, or kept as they are, as on a real Prosody", async () => {
		const said = await both_say({ accounts: ["pep", "private", "bookmarks"] }, () => {
			const conference = (attributes: Record<string, string>): Stanza =>
				iq(
					"set",
					st
						.stanza("query", { xmlns: ns.private })
						.tag("storage", { xmlns: ns.legacy_bookmarks })
						.tag("conference", attributes)
						.reset(),
				);
			const published = (id: string, payload: Stanza): Stanza => iq("set", pubsub(item(ns.bookmarks, id, payload)));
			return [
				conference({ jid: "@" }),
				conference({ jid: "hall@conference.localhost", autojoin: "perhaps" }),
				published("hall@conference.localhost", note("no bookmark")),
				published("no room", st.stanza("conference", { xmlns: ns.bookmarks, autojoin: "maybe" })),
				iq("get", st.stanza("query", { xmlns: ns.private }).tag("storage", { xmlns: ns.legacy_bookmarks }).reset()),
				iq("get", pubsub(st.stanza("items", { node: ns.legacy_bookmarks }))),
				iq("set", pubsub(item(ns.legacy_bookmarks, "current", note("no bookmarks")))),
			];
		});
		expect(said.length).toBe(7);
	});
});

describe("archives", () => {
	it("are searched with absurd pages, and the server goes on", async () => {
		const romeo = await log_in();
		for (let number = 0; number < 5; number++) romeo.send(st.message({ to: "romeo@localhost", id: `m${number}` }, "Hm"));
		const pages: readonly Readonly<Record<string, string>>[] = [
			{ max: "-1" },
			{ max: "1e308" },
			{ max: "99999999999999999999999" },
			{ max: "0x10" },
			{ max: "" },
			{ max: "NaN" },
			{ index: "-5" },
			{ index: "1e9", max: "2" },
			{ before: "x".repeat(100_000) },
			{ after: "__proto__" },
			{ before: "a", after: "b" },
			{ before: "", max: "0" },
		];
		for (const page of pages) {
			const set = st.stanza("set", { xmlns: ns.rsm });
			for (const [name, value] of Object.entries(page)) set.text_tag(name, value);
			const answer = await ask(romeo, iq("set", st.stanza("query", { xmlns: ns.mam }).add_child(set.reset()).reset()));
			expect(brief(answer), JSON.stringify(page).slice(0, 60)).toMatch(
				/^(result|error modify item-not-found|error modify bad-request)/,
			);
		}
		expect((await ask(romeo, iq("get", st.stanza("prefs", { xmlns: ns.mam })))).attr["type"]).toBe("result");
	});
});

describe("blocklists", () => {
	it("of ten thousand are kept, shown, and hold", async () => {
		const romeo = await log_in({ config: { "*": { storage: "internal" } } });
		const tybalt = await running?.client("tybalt", "street");
		const many = (name: string, from: number, to: number): Stanza => {
			const list = st.stanza(name, { xmlns: ns.blocking });
			for (let number = from; number < to; number++) list.tag("item", { jid: `tybalt${number}@verona.example` }).up();
			return iq("set", list.reset());
		};
		for (let from = 0; from < 10_000; from += 2000)
			expect(brief(await ask(romeo, many("block", from, from + 2000)))).toBe("result");
		const more = st.stanza("block", { xmlns: ns.blocking }).tag("item", { jid: "tybalt@localhost" }).up();
		for (const jid of ["__proto__", "constructor@localhost"]) more.tag("item", { jid }).up();
		expect(brief(await ask(romeo, iq("set", more.reset())))).toBe("result");
		const list = await ask(romeo, iq("get", st.stanza("blocklist", { xmlns: ns.blocking })));
		expect(list.first_tag?.tags.length).toBe(10_003);
		tybalt?.send(st.message({ to: "romeo@localhost/orchard", type: "chat", id: "duel" }, "Turn, villain!"));
		await tybalt?.settle(true);
		await romeo.settle(true);
		expect(romeo.queue.filter(({ attr }) => attr["id"] === "duel")).toEqual([]);
		expect(brief(await ask(romeo, iq("set", st.stanza("unblock", { xmlns: ns.blocking }))))).toBe("result");
		const none = await ask(romeo, iq("get", st.stanza("blocklist", { xmlns: ns.blocking })));
		expect(none.first_tag?.tags.length).toBe(0);
	}, 60_000);
});

describe("private data", () => {
	const odd = ["urn:a:b:c", "__proto__", "http://example.com/?a=b&c='d'", "\u{1f339}", " ", "x".repeat(50_000), "storage:other"];

	it.each(["memory", "internal", "sql"])("is kept apart by odd namespaces, in %s", async (storage) => {
		const romeo = await log_in({ config: { "*": { storage } } });
		const query = (name: string, xmlns: string, text?: string): Stanza => {
			const content = st.stanza("query", { xmlns: ns.private }).tag(name, { xmlns });
			return iq(text === undefined ? "get" : "set", (text === undefined ? content : content.text(text)).reset());
		};
		for (const [index, xmlns] of odd.entries()) {
			for (const name of ["data", "__proto__"]) {
				expect(brief(await ask(romeo, query(name, xmlns, `${name} ${index}`))), xmlns.slice(0, 30)).toBe("result");
			}
		}
		for (const [index, xmlns] of odd.entries()) {
			for (const name of ["data", "__proto__"]) {
				const answer = await ask(romeo, query(name, xmlns));
				expect(answer.first_tag?.first_tag?.get_text(), `${name} ${xmlns.slice(0, 30)}`).toBe(`${name} ${index}`);
			}
		}
	});
});
