// No counterpart: stanzas from one client to another, or to the server: nothing is shared, so that each costs all that a stanza costs.

import { ns } from "../../host/util/ns.ts";
import { type BenchClient, open_accounts } from "./client.ts";
import { measure } from "./load.ts";
import { each, quiet } from "./rooms.ts";
import { timed_body } from "./stanza_counter.ts";
import type { Measurement, Scenario, Subject } from "./types.ts";

/** Pairs of people, and what each may have under way. */
const pairs = 50;
const under_way = 2;

const person = (index: number): string => `person${index}`;
const address_of = (index: number): string => `${person(index)}@localhost/one`;

/** People who are there, two and two. */
async function with_people(
	subject: Subject,
	run: (people: readonly BenchClient[]) => Promise<Measurement>,
): Promise<Measurement> {
	const people = await open_accounts(
		subject.port,
		Array.from({ length: 2 * pairs }, (_, index) => ({ name: person(index), resource: "one" })),
	);
	await each(people, 20, (client) => client.ask("<presence/>", "<presence"));
	await quiet(people);
	try {
		return await run(people);
	} finally {
		for (const client of people) client.close();
	}
}

/** The first and the second of each pair, and the second's address. */
function in_pairs(people: readonly BenchClient[]): { one: BenchClient; other: BenchClient; to: string }[] {
	return people.slice(0, pairs).flatMap((one, index) => {
		const other = people[index + pairs];
		return other === undefined ? [] : [{ one, other, to: address_of(index + pairs) }];
	});
}

const modules = ["roster", "ping", "version", "carbons"];

const chat: Scenario = {
	id: "single-chat",
	title: `Messages from one client to another, ${pairs} pairs`,
	unit: "delivery",
	floor: false,
	accounts: { modules },
	run: (subject, effort) =>
		with_people(subject, (people) =>
			measure(
				subject,
				in_pairs(people).map(({ one, other, to }) => ({
					clients: [other],
					marker: "</message>",
					fan: 1,
					window: under_way,
					timed: [other],
					act: (index) =>
						one.send(`<message type='chat' id='m${index}' to='${to}'><body>${timed_body(performance.now())}</body></message>`),
				})),
				effort,
			),
		),
};

/** Has a client answer each question that comes, whatever it asks. */
function answer_all(client: BenchClient, content: string): void {
	let text = "";
	client.onpiece = (piece) => {
		text += piece;
		let end = 0;
		for (const { 0: whole, 1: attributes = "", index } of text.matchAll(/<iq([^>]*)>.*?<\/iq>/g)) {
			end = index + whole.length;
			const [, id = ""] = /\bid=['"]([^'"]*)/.exec(attributes) ?? [];
			const [, from = ""] = /\bfrom=['"]([^'"]*)/.exec(attributes) ?? [];
			client.send(`<iq type='result' id='${id}' to='${from}'>${content}</iq>`);
		}
		text = text.slice(end);
	};
}

/** What clients ask of each other, and what is answered. */
const questions = {
	version: [`<query xmlns='${ns.version}'/>`, `<query xmlns='${ns.version}'><name>bench</name><version>1</version></query>`],
	disco: [
		`<query xmlns='${ns.disco_info}'/>`,
		`<query xmlns='${ns.disco_info}'><identity category='client' type='pc'/>${["a", "b", "c", "d", "e", "f"]
			.map((name) => `<feature var='urn:bench:${name}'/>`)
			.join("")}</query>`,
	],
} as const;

function between_clients(name: keyof typeof questions): Scenario {
	const [question, answer] = questions[name];
	return {
		id: `single-iq-${name}`,
		title: `Questions of one client to another, and answers (${name}), ${pairs} pairs`,
		unit: "answer",
		floor: false,
		accounts: { modules },
		run: (subject, effort) =>
			with_people(subject, (people) => {
				const couples = in_pairs(people);
				for (const { other } of couples) answer_all(other, answer);
				return measure(
					subject,
					couples.map(({ one, to }) => ({
						clients: [one],
						marker: "</query>",
						fan: 1,
						window: under_way,
						act: (index) => one.send(`<iq type='get' id='i${index}' to='${to}'>${question}</iq>`),
					})),
					effort,
				);
			}),
	};
}

/** Questions to the server itself. */
function to_server(name: string, question: string, marker: string): Scenario {
	return {
		id: `single-${name}`,
		title: `Questions to the server (${name}), ${pairs} clients`,
		unit: "answer",
		floor: false,
		accounts: { modules },
		run: (subject, effort) =>
			with_people(subject, (people) =>
				measure(
					subject,
					in_pairs(people).map(({ one }) => ({
						clients: [one],
						marker,
						fan: 1,
						window: under_way,
						act: (index) => one.send(`<iq type='get' id='i${index}' to='localhost'>${question}</iq>`),
					})),
					effort,
				),
			),
	};
}

/** Single stanzas, which every server can be asked for. */
export const single_scenarios: readonly Scenario[] = [
	chat,
	between_clients("version"),
	between_clients("disco"),
	to_server("ping", `<ping xmlns='${ns.ping}'/>`, "result"),
	to_server("disco", `<query xmlns='${ns.disco_info}'/>`, "</query>"),
];
