// No counterpart: loads of what people do with their accounts: presence and publications to all contacts, copies, archives.

import { calculate_hash } from "../../host/util/caps.ts";
import { ns } from "../../host/util/ns.ts";
import { parse } from "../../host/util/xml.ts";
import { BenchClient, open_accounts } from "./client.ts";
import { measure } from "./load.ts";
import { each, quiet } from "./rooms.ts";
import { timed_body } from "./stanza_counter.ts";
import type { Scenario, Subject } from "./types.ts";

/** Contacts whose clients read the times in what they get. */
const timed_contacts = 20;
/** Changes that may be under way to all contacts. */
const changes_under_way = 10;

const name_of = (index: number): string => `contact${index}`;
const jid_of = (name: string): string => `${name}@localhost`;

/** Waits until the server has done all that this client has said. */
function settled(client: BenchClient): Promise<void> {
	return client.ask(`<iq type='get' id='settled' to='localhost'><query xmlns='${ns.disco_items}'/></iq>`, "id='settled'");
}

/** Somebody with many contacts, all of whom are there; each sees the other's presence (RFC 6121, with approvals ahead, §3.4). */
async function befriend(subject: Subject, contacts: number, presence: string): Promise<{ one: BenchClient; all: BenchClient[] }> {
	const one = await BenchClient.open(subject.port, subject.carrier, { name: "popular", resource: "one" });
	const names = Array.from({ length: contacts }, (_, index) => name_of(index));
	const all = await open_accounts(
		subject.port,
		names.map((name) => ({ name, resource: "one" })),
	);
	for (const client of [one, ...all]) await settled(client);
	for (const name of names) one.send(`<presence type='subscribed' to='${jid_of(name)}'/>`);
	await settled(one);
	await each(all, 20, async (client) => {
		client.send(`<presence type='subscribed' to='${jid_of("popular")}'/><presence type='subscribe' to='${jid_of("popular")}'/>`);
		await settled(client);
	});
	for (const name of names) one.send(`<presence type='subscribe' to='${jid_of(name)}'/>`);
	// Once more, for servers that know no approvals ahead
	for (const name of names) one.send(`<presence type='subscribed' to='${jid_of(name)}'/>`);
	await settled(one);
	await each(all, 20, async (client) => {
		client.send(`<presence type='subscribed' to='${jid_of("popular")}'/>`);
		await settled(client);
	});
	await one.ask("<presence/>", "<presence");
	// The first alone, so that its client is asked what it can do, and those after it are known by the same hash
	const [first, ...others] = all;
	await first?.ask(presence, "<presence");
	await answer_discovery(first, presence);
	await each(others, 20, (client) => client.ask(presence, "<presence"));
	await quiet([one, ...all]);
	return { one, all };
}

const close_all = (clients: readonly BenchClient[]): void => {
	for (const client of clients) client.close();
};

const tune = "http://jabber.org/protocol/tune";
const discovered = `<identity category='client' type='pc' name='bench'/><feature var='${tune}+notify'/>`;
const query = parse(`<query xmlns='${ns.disco_info}'>${discovered}</query>`);
const version = query === undefined ? "" : calculate_hash(query);
const capable = `<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:bench' ver='${version}'/></presence>`;

/** Answers what servers ask a client that says what it can do: a question for its own account, and one for each contact. */
async function answer_discovery(client: BenchClient | undefined, presence: string): Promise<void> {
	if (client === undefined || presence !== capable) return;
	let text = "";
	client.onpiece = (piece) => {
		text += piece;
		for (const [whole = "", attributes = ""] of text.matchAll(/<iq([^>]*)>(?:(?!<\/iq>).)*disco#info(?:(?!<\/iq>).)*<\/iq>/g)) {
			text = text.replace(whole, "");
			if (!/type=['"]get/.test(attributes)) continue;
			const [, id = ""] = /\bid=['"]([^'"]*)/.exec(attributes) ?? [];
			const [, from = ""] = /\bfrom=['"]([^'"]*)/.exec(attributes) ?? [];
			const answer = `<query xmlns='${ns.disco_info}' node='urn:bench#${version}'>${discovered}</query>`;
			client.send(`<iq type='result' id='${id}' to='${from}'>${answer}</iq>`);
		}
	};
	// Said once more, since the questions came with what was said first
	client.send(presence);
	const deadline = performance.now() + 2000;
	while (performance.now() < deadline) await settled(client);
	client.onpiece = undefined;
}

const presence_to = (contacts: number): Scenario => ({
	id: "roster-presence",
	title: `Presence to a roster of ${contacts}`,
	unit: "delivery",
	accounts: { modules: ["roster"] },
	floor: false,
	async run(subject, effort) {
		const { one, all } = await befriend(subject, contacts, "<presence/>");
		const act = (): void => one.send(`<presence><status>${timed_body(performance.now())}</status></presence>`);
		const load = { clients: all, marker: "</presence>", fan: contacts, window: changes_under_way };
		try {
			return await measure(subject, [{ ...load, timed: all.slice(0, timed_contacts), act }], effort);
		} finally {
			close_all([one, ...all]);
		}
	},
});

const publications_to = (contacts: number): Scenario => ({
	id: "roster-pep",
	title: `Publications to a roster of ${contacts} with +notify`,
	unit: "delivery",
	accounts: { modules: ["roster", "pep", "carbons", "mam"] },
	floor: false,
	async run(subject, effort) {
		const { one, all } = await befriend(subject, contacts, capable);
		const act = (index: number): void => {
			const item = `<item id='current'><tune xmlns='${tune}'><title>${timed_body(performance.now())}</title></tune></item>`;
			const publish = `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${tune}'>${item}</publish></pubsub>`;
			one.send(`<iq type='set' id='p${index}'>${publish}</iq>`);
		};
		const load = { clients: all, marker: "</tune>", fan: contacts, window: changes_under_way };
		try {
			return await measure(subject, [{ ...load, timed: all.slice(0, timed_contacts), act }], effort);
		} finally {
			close_all([one, ...all]);
		}
	},
});

const pairs = 20;
const copies = 5;

const carbons: Scenario = {
	id: "carbons",
	title: `Messages to ${pairs} people with ${copies} clients each (carbons)`,
	unit: "delivery",
	accounts: { modules: ["roster", "carbons"] },
	floor: false,
	async run(subject, effort) {
		const senders = await open_accounts(
			subject.port,
			Array.from({ length: pairs }, (_, index) => ({ name: `sender${index}`, resource: "one" })),
		);
		const receivers = await open_accounts(
			subject.port,
			Array.from({ length: pairs * copies }, (_, index) => ({
				name: name_of(Math.floor(index / copies)),
				resource: `client${index % copies}`,
			})),
		);
		await each(receivers, 20, async (client) => {
			await client.ask("<iq type='set' id='on'><enable xmlns='urn:xmpp:carbons:2'/></iq>", "id='on'");
			await client.ask("<presence/>", "<presence");
		});
		await quiet(receivers);
		const operations = senders.map((sender, person) => {
			const clients = receivers.slice(person * copies, (person + 1) * copies);
			const to = `${jid_of(name_of(person))}/client0`;
			const act = (index: number): void => {
				const body = timed_body(performance.now());
				sender.send(`<message type='chat' id='m${index}' to='${to}'><body>${body}</body></message>`);
			};
			// A copy has a message within a message
			return { clients, marker: "</body>", fan: copies, window: 5, timed: clients.slice(0, 1), act };
		});
		try {
			return await measure(subject, operations, effort);
		} finally {
			close_all([...senders, ...receivers]);
		}
	},
};

const archived = 1000;
const page = 50;

/** Asks for a page; answers with the id of its last item. */
async function last_of_page(client: BenchClient, after: string | undefined): Promise<string> {
	let text = "";
	client.onpiece = (piece) => {
		text += piece;
	};
	await client.ask(`<iq type='set' id='page'>${archive_query(after)}</iq>`, "</fin>");
	client.onpiece = undefined;
	return /<last>([^<]*)<\/last>/.exec(text)?.[1] ?? "";
}

function archive_query(after: string | undefined): string {
	const from = after === undefined ? "" : `<after>${after}</after>`;
	return `<query xmlns='${ns.mam}'><set xmlns='${ns.rsm}'><max>${page}</max>${from}</set></query>`;
}

const catch_up: Scenario = {
	id: "catch-up",
	title: `Archives of accounts, all pages of ${page} in turn`,
	unit: "result",
	accounts: { modules: ["roster", "mam"], archive: true },
	floor: false,
	async run(subject, effort) {
		const readers = await open_accounts(
			subject.port,
			Array.from({ length: 10 }, (_, index) => ({ name: "reader", resource: `client${index}` })),
		);
		const [writer] = readers;
		if (writer === undefined) throw new RangeError("a load needs clients");
		for (let index = 0; index < archived; index++) {
			writer.send(`<message type='chat' id='w${index}' to='${jid_of("nobody")}'><body>${timed_body(index)}</body></message>`);
			if (index % 50 === 49) await settled(writer);
		}
		const starts: (string | undefined)[] = [undefined];
		for (let done = page; done < archived; done += page) starts.push(await last_of_page(writer, starts.at(-1)));
		const act = (index: number): void => {
			const reader = readers[index % readers.length];
			reader?.send(`<iq type='set' id='q${index}'>${archive_query(starts[index % starts.length])}</iq>`);
		};
		try {
			return await measure(subject, [{ clients: readers, marker: "</result>", fan: page, window: 10, act }], effort);
		} finally {
			close_all(readers);
		}
	},
};

/** What people do with their accounts; one of them has so many contacts. */
export function account_scenarios(contacts: number): readonly Scenario[] {
	return [presence_to(contacts), carbons, publications_to(contacts), catch_up];
}
