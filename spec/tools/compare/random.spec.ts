import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Dice } from "../../../tools/compare/grammar/dice.ts";
import { random_labels, random_play } from "../../../tools/compare/random.ts";
import type { Play, PlayStep } from "../../../tools/compare/types.ts";
import { parse_markup, type Template } from "../../../tools/scansion/markup.ts";
import { read_pattern } from "../../../tools/scansion/pattern.ts";

/** Enough to meet everything that a play can hold. */
const plays: readonly Play[] = Array.from({ length: 400 }, (_, number) => random_play(7, number, 80));
const steps: readonly PlayStep[] = plays.flatMap((play) => play.steps);

function digest(value: unknown): string {
	return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function templates(step: PlayStep): Template[] {
	if (!("xml" in step)) return [];
	const markup = parse_markup(step.xml, 1);
	if (!markup.ok) throw new Error(`${step.xml}: ${markup.error.message}`);
	return markup.value;
}

function* descendants(template: Template): Generator<Template> {
	yield template;
	for (const child of template.children) if (typeof child !== "string") yield* descendants(child);
}

/** All elements of a name that are sent. */
function sent(name: string, xmlns: string): Template[] {
	return steps
		.filter((step) => step.kind === "send")
		.flatMap((step) => templates(step).flatMap((template) => [...descendants(template)]))
		.filter((element) => element.name === name && element.xmlns === xmlns);
}

function children(template: Template): Template[] {
	return template.children.filter((child) => typeof child !== "string");
}

function values(field: Template): string[] {
	return children(field).map((value) => value.children.join(""));
}

describe("Dice", () => {
	it("gives the numbers of sfc32, which are the same everywhere", () => {
		const dice = new Dice(1, 2);
		expect([dice.next(), dice.next(), dice.next()]).toEqual([2238190143, 61101710, 3916794307]);
	});

	it("tells seeds and numbers apart, beyond 32 bits too", () => {
		const first = (seed: number, number: number) => new Dice(seed, number).next();
		const all = [first(0, 0), first(0, 1), first(1, 0), first(2 ** 32, 0), first(0, 2 ** 32), first(-1, 0), first(2 ** 52, 7)];
		expect(new Set(all).size).toBe(all.length);
		expect(() => new Dice(0.5, 0)).toThrow("expected a whole number");
		expect(() => new Dice(0, Number.NaN)).toThrow("expected a whole number");
	});

	it("is fair", () => {
		const dice = new Dice(3, 4);
		const counts = new Array<number>(6).fill(0);
		for (let roll = 0; roll < 60_000; roll++) {
			const face = dice.below(6);
			counts[face] = (counts[face] ?? 0) + 1;
		}
		for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
	});

	it("takes some of several in their order, and nothing of nothing", () => {
		const dice = new Dice(5, 6);
		for (let round = 0; round < 200; round++) {
			const some = dice.some([1, 2, 3, 4], 2);
			expect(some.length).toBeGreaterThanOrEqual(2);
			expect(some).toEqual([...some].sort((a, b) => a - b));
		}
		expect(dice.maybe([])).toBeUndefined();
		expect(() => dice.pick([])).toThrow("expected something to pick from");
	});
});

describe("random_play", () => {
	it("makes the same play of the same arguments", () => {
		expect(random_play(1, 2, 60)).toEqual(random_play(1, 2, 60));
		expect(digest(random_play(1, 2, 60))).not.toBe(digest(random_play(1, 3, 60)));
		expect(digest(random_play(1, 2, 60))).not.toBe(digest(random_play(2, 2, 60)));
		// Changes with the grammar: then reports of earlier runs cannot be repeated, which the changelog has to say.
		expect(digest(random_play(1, 2, 60))).toBe("db3ec6bc87843d4f5b812206514892f8f079083b3ecb8e0b3274128002547190");
	});

	it("begins a longer play as a shorter one, and has as many steps as asked for", () => {
		const long = random_play(4, 5, 200).steps;
		for (const count of [0, 1, 5, 30, 61, 199]) expect(random_play(4, 5, count).steps).toEqual(long.slice(0, count));
		expect(long).toHaveLength(200);
	});

	it("says what it is", () => {
		const { title, source, players } = random_play(8, 9, 10);
		expect({ title, source }).toEqual({ title: "random play 9 of seed 8", source: "seed:8:9:10" });
		expect(players).toHaveLength(6);
		expect(players.every(({ resource }) => resource !== undefined)).toBe(true);
		expect(new Set(players.map(({ jid, resource }) => `${jid}/${resource}`)).size).toBe(6);
		expect(new Set(players.map(({ jid }) => jid)).size).toBe(5);
		expect(players.some(({ jid }) => jid === "admin@localhost")).toBe(true);
	});

	it("only lets players act that there are, and that are connected", () => {
		for (const play of plays) {
			const connected = new Set<string>();
			for (const { kind, player } of play.steps) {
				expect(connected.has(player)).toBe(kind !== "connect");
				if (kind === "connect") connected.add(player);
				else if (kind === "disconnect" || kind === "vanish") connected.delete(player);
			}
		}
	});

	it("meets everything that there is, under the labels that are listed", () => {
		const met = new Set(steps.flatMap((step) => (step.kind === "send" ? [step.label] : [`(${step.kind})`])));
		const kinds = ["connect", "disconnect", "vanish", "capture"];
		const listed = [...random_labels.filter((label) => !kinds.includes(label)), ...kinds.map((kind) => `(${kind})`)];
		expect([...met].sort()).toEqual(listed.sort());
		expect(new Set(random_labels).size).toBe(random_labels.length);
		expect(listed.length).toBeGreaterThan(380);
	});

	it("opens a room soon in most plays, and leaves some closed", () => {
		const opened = plays.filter((play) =>
			play.steps.slice(0, 20).some((step) => step.kind === "send" && /^(instant room|configure)/.test(step.label)),
		).length;
		expect(opened).toBeGreaterThan(plays.length / 2);
		expect(opened).toBeLessThan(plays.length);
	});

	it("writes XML that can be read, and patterns that capture", () => {
		for (const step of steps) {
			const found = templates(step);
			expect(found).toHaveLength("xml" in step ? 1 : 0);
			if (step.kind !== "capture") continue;
			const captures = found
				.flatMap((template) => [...descendants(template)])
				.flatMap((element) => [...element.attributes.values()])
				.map(read_pattern)
				.filter((pattern) => pattern.ok && pattern.value.kind === "capture");
			expect(captures).toHaveLength(1);
		}
	});

	it("gives each stanza an id of its own, if it has one", () => {
		for (const play of plays.slice(0, 50)) {
			const ids = play.steps
				.filter((step) => step.kind === "send")
				.flatMap((step) => templates(step).map((template) => template.attributes.get("id")))
				.filter((id) => id !== undefined && id !== "");
			expect(new Set(ids).size).toBe(ids.length);
			expect(ids.length).toBeGreaterThan(50);
		}
	});

	it("keeps the rooms of different plays apart", () => {
		const rooms = (play: Play) =>
			new Set(JSON.stringify(play.steps).match(/(garden|hall|tomb|court\d)\.[0-9.]+@conference\.localhost/g));
		const [one, other] = [rooms(random_play(1, 1, 100)), rooms(random_play(1, 2, 100))];
		expect([...one].filter((room) => other.has(room))).toEqual([]);
		expect(one.size).toBeGreaterThan(1);
	});
});

describe("what would break the reference, or leave the outcome to chance", () => {
	const fields = sent("field", "jabber:x:data");
	const field_values = (name: string) => fields.filter((field) => field.attributes.get("var") === name).map(values);

	it("is no list query without item", () => {
		const queries = steps
			.filter((step) => step.kind === "send")
			.flatMap(templates)
			.filter((stanza) => stanza.name === "iq" && stanza.attributes.get("type") === "get")
			.flatMap(children)
			.filter((query) => query.xmlns === "http://jabber.org/protocol/muc#admin");
		expect(queries.length).toBeGreaterThan(50);
		expect(queries.every((query) => children(query).length > 0)).toBe(true);
	});

	it("is no value that Prosody asserts or loops on", () => {
		const whois = field_values("muc#roomconfig_whois");
		expect(new Set(whois.flat())).toEqual(new Set(["moderators", "anyone"]));
		expect(whois.every((list) => list.length === 1)).toBe(true);
		expect(field_values("muc#roomconfig_presencebroadcast").every((list) => list.length > 0)).toBe(true);
		const lengths = field_values("muc#roomconfig_historylength").flat();
		expect(lengths.length).toBeGreaterThan(20);
		expect(lengths.every((length) => !(Number(length) < 0) && !(Number(length) > 2 ** 53))).toBe(true);
		expect(field_values("FORM_TYPE").every((list) => list.length === 1)).toBe(true);
	});

	it("is no form with two fields whose order matters", () => {
		const entangled = ["persistentroom", "membersonly", "whois", "historylength", "defaulthistorymessages", "presencebroadcast"];
		const several = steps.filter((step) => step.kind === "send" && step.label === "configure several fields").flatMap(templates);
		expect(several.length).toBeGreaterThan(50);
		for (const stanza of several) {
			const names = [...descendants(stanza)].map((element) => element.attributes.get("var")?.replace("muc#roomconfig_", ""));
			expect(names.filter((name) => name !== undefined && entangled.includes(name)).length).toBeLessThan(2);
		}
	});

	it("is no history by the second", () => {
		const histories = sent("history", "http://jabber.org/protocol/muc");
		for (const { attributes } of histories) {
			const seconds = attributes.get("seconds");
			if (seconds === "0") expect(attributes.get("maxstanzas")).toBe("0");
			else if (seconds !== undefined) expect(Math.abs(Number(seconds)) > 3600 || !(Number(seconds) > 0)).toBe(true);
		}
		expect(histories.length).toBeGreaterThan(50);
	});

	it("is no nick that is reserved for two", () => {
		const holders = new Map<string, Set<string>>();
		for (const item of sent("item", "http://jabber.org/protocol/muc#admin")) {
			const [jid, nick] = [item.attributes.get("jid"), item.attributes.get("nick")];
			if (jid === undefined || nick === undefined) continue;
			const known = holders.get(nick) ?? new Set();
			holders.set(nick, known.add(jid));
		}
		expect(holders.size).toBeGreaterThan(5);
		expect([...holders.values()].every((jids) => jids.size === 1)).toBe(true);
	});
});
