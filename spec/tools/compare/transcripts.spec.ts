import { describe, expect, it } from "vitest";
import type { Stanza } from "../../../host/util/stanza.ts";
import { compare_transcripts } from "../../../tools/compare/transcripts.ts";
import type {
	Comparison,
	Difference,
	KnownDifference,
	Play,
	PlayStep,
	Received,
	Transcript,
} from "../../../tools/compare/types.ts";
import { build, parse_markup } from "../../../tools/scansion/markup.ts";

const romeo = { name: "Romeo", jid: "romeo@localhost", password: "secret" };
const juliet = { name: "Juliet", jid: "juliet@localhost", password: "secret", resource: "balcony" };
const sent: PlayStep = { kind: "send", player: "Romeo", xml: "<presence id='chosen' to='room@host/Romeo'/>", label: "join" };

function stanzas(xml: string): Stanza[] {
	const markup = parse_markup(xml, 1);
	if (!markup.ok) throw new Error(markup.error.message);
	return markup.value.map((template) => build(template, new Map()));
}

/** What Romeo got in a step, as XML; or more about it. */
type Got = string | Received;

function received(got: Got): Received {
	return typeof got === "string" ? { player: "Romeo", stanzas: stanzas(got) } : got;
}

function transcript(got: readonly Got[], romeo_jid: string): Transcript {
	return {
		steps: got.map((one) => [received(one)]),
		jids: got.map(
			() =>
				new Map([
					["Romeo", romeo_jid],
					["Juliet", "juliet@localhost/balcony"],
				]),
		),
	};
}

/** Compares what Romeo got from both servers, step by step. Each server gave him another resource. */
function compare(reference: readonly Got[], subject: readonly Got[], known: readonly KnownDifference[] = []): Comparison {
	const play: Play = { title: "A play", source: "a.scs", players: [romeo, juliet], steps: reference.map(() => sent) };
	return compare_transcripts(
		play,
		transcript(reference, "romeo@localhost/abc"),
		transcript(subject, "romeo@localhost/xyz"),
		known,
	);
}

function differences(reference: Got, subject: Got): Pick<Difference, "kind" | "path" | "reference" | "subject">[] {
	return compare([reference], [subject]).differences.map(({ kind, path, reference: here, subject: there }) => ({
		kind,
		path,
		reference: here,
		subject: there,
	}));
}

/** How a play writes a variable. */
const variable = (name: string): string => `\${${name}}`;

const sid = "urn:xmpp:sid:0";

describe("compare_transcripts", () => {
	it("takes the same for the same, in any order of attributes and children", () => {
		const here = "<message from='r@h' to='romeo@localhost/abc' id='chosen'><a xmlns='x'/><b xmlns='x' c='1'>text</b></message>";
		const there = "<message id='chosen' to='romeo@localhost/xyz' from='r@h'><b c='1' xmlns='x'>text</b><a xmlns='x'/></message>";
		expect(compare([here], [there])).toMatchObject({ differences: [], steps: ["equal"] });
	});

	it("finds stanzas that one server does not send", () => {
		expect(differences("<message from='a'/><message from='b'/>", "<message from='b'/><presence from='c'/>")).toEqual([
			{ kind: "missing stanza", path: "message", reference: "<message from='a'/>", subject: undefined },
			{ kind: "extra stanza", path: "presence", reference: undefined, subject: "<presence from='c'/>" },
		]);
		expect(differences("<message from='a'/>", "<message from='a'/><message from='a'/>")).toMatchObject([
			{ kind: "extra stanza" },
		]);
	});

	it("finds another stanza in answer to the same", () => {
		expect(differences("<presence id='chosen' type='error'/>", "<message id='chosen' type='error'/>")).toEqual([
			{ kind: "name", path: "presence", reference: "presence", subject: "message" },
		]);
		// Without an id that a client chose, nothing says that both are answers to one.
		expect(differences("<presence id='made-up'/>", "<message id='made-up'/>").map(({ kind }) => kind)).toEqual([
			"missing stanza",
			"extra stanza",
		]);
	});

	it("finds attributes and texts that differ", () => {
		expect(differences("<message a='1'><body>Hail</body></message>", "<message b='2'><body>Hark</body></message>")).toEqual([
			{ kind: "attribute", path: "message@a", reference: "1", subject: undefined },
			{ kind: "attribute", path: "message@b", reference: undefined, subject: "2" },
			{ kind: "text", path: "message/body", reference: "Hail", subject: "Hark" },
		]);
	});

	it("finds elements that one server leaves out or adds, in their namespace", () => {
		expect(
			differences("<message><x xmlns='one'><status code='104'/></x></message>", "<message><x xmlns='one'/></message>"),
		).toEqual([{ kind: "missing element", path: "message/x/status", reference: "<status code='104'/>", subject: undefined }]);
		expect(
			differences("<message><x xmlns='one'/></message>", "<message><x xmlns='two'/></message>").map(({ kind }) => kind),
		).toEqual(["missing element", "extra element"]);
	});

	it("finds another order of what one sender sends, and leaves that of several senders alone", () => {
		const [one, two] = ["<message from='r@h/A'><body>1</body></message>", "<message from='r@h/A'><body>2</body></message>"];
		expect(differences(one + two, two + one)).toMatchObject([{ kind: "order", path: "message" }]);
		const other = "<message from='r@h/B'><body>1</body></message>";
		expect(differences(one + other, other + one)).toEqual([]);
	});

	it("leaves the order of presences alone that a room itself sends", () => {
		const [one, two] = ["<presence from='r@h'><a/></presence>", "<presence from='r@h'><b/></presence>"];
		expect(differences(one + two, two + one)).toEqual([]);
		const [here, there] = ["<presence from='r@h/A'><a/></presence>", "<presence from='r@h/A'><b/></presence>"];
		expect(differences(here + there, there + here)).toMatchObject([{ kind: "order" }]);
	});

	it("finds that the connection ends on one server, or in another way", () => {
		const ends = (ended?: string): Received =>
			ended === undefined ? { player: "Romeo", stanzas: [] } : { player: "Romeo", stanzas: [], ended };
		expect(differences(ends("stream error conflict"), ends())).toEqual([
			{ kind: "stream ended", path: "stream", reference: "stream error conflict", subject: undefined },
		]);
		expect(differences(ends("a"), ends("b"))).toMatchObject([{ kind: "stream ended", reference: "a", subject: "b" }]);
		expect(differences(ends("a"), ends("a"))).toEqual([]);
	});

	it("finds what a player gets that gets nothing from the other server", () => {
		const play: Play = { title: "", source: "", players: [romeo, juliet], steps: [sent] };
		const nobody: Transcript = { steps: [[]], jids: [new Map()] };
		const somebody: Transcript = { steps: [[{ player: "Juliet", stanzas: stanzas("<message/>") }]], jids: [new Map()] };
		expect(compare_transcripts(play, nobody, somebody, []).differences).toMatchObject([
			{ kind: "extra stanza", player: "Juliet" },
		]);
		expect(compare_transcripts(play, somebody, nobody, []).differences).toMatchObject([
			{ kind: "missing stanza", player: "Juliet" },
		]);
	});

	it("says where a difference was, with both stanzas", () => {
		const { differences: found } = compare(["", "<message a='1'/>"], ["", "<message a='2'/>"]);
		expect(found).toMatchObject([{ step: 1, player: "Romeo", signature: "join: attribute message@a" }]);
		expect([String(found[0]?.reference_stanza), String(found[0]?.subject_stanza)]).toEqual([
			"<message a='1'/>",
			"<message a='2'/>",
		]);
	});

	it("blames the stanza that is most alike", () => {
		const [one, two] = ["<iq from='r' type='a' n='1'><query/></iq>", "<iq from='r' type='b' n='2'><other/></iq>"];
		expect(differences(one + two, two.replace("n='2'", "n='3'") + one.replace("n='1'", "n='4'")).map(({ path }) => path)).toEqual(
			["iq@n", "iq@n", "iq"],
		);
	});
});

describe("values that servers make up", () => {
	const said = (id: string) => `<message from='r@h/A' id='${id}'/>`;
	const archived = (id: string) => `<message from='r@h'><result xmlns='urn:xmpp:mam:2' id='${id}'/></message>`;
	const marked = (id: string) => `<message from='r@h/A'><stanza-id xmlns='${sid}' by='r@h' id='${id}'/></message>`;

	it("may differ, but stand for each other all through the play", () => {
		expect(compare([said("a"), said("b"), said("a")], [said("1"), said("2"), said("1")]).differences).toEqual([]);
		expect(compare([marked("a"), archived("a")], [marked("1"), archived("1")]).differences).toEqual([]);
	});

	it("are found when one comes again on one server only", () => {
		expect(compare([said("a"), said("b")], [said("1"), said("1")]).differences).toMatchObject([
			{ kind: "reuse", path: "message@id", step: 1, reference: "b", subject: "1" },
		]);
		expect(compare([marked("a"), archived("a")], [marked("1"), archived("2")]).differences).toMatchObject([
			{ kind: "reuse", path: "message/result@id", step: 1 },
		]);
	});

	it("are not what clients chose", () => {
		expect(differences(said("chosen"), said("made-up"))).toEqual([
			{ kind: "attribute", path: "message@id", reference: "chosen", subject: "made-up" },
		]);
		expect(differences(said("made-up"), said("chosen"))).toMatchObject([{ kind: "attribute" }]);
	});

	it("are what a variable stands for, and ids are chosen as XML spells them", () => {
		const play = (xml: string): Play => ({ title: "", source: "", players: [romeo], steps: [{ ...sent, xml }] });
		const of = (xml: string, here: string, there: string) =>
			compare_transcripts(play(xml), transcript([said(here)], ""), transcript([said(there)], ""), []).differences.map(
				({ kind }) => kind,
			);
		expect(of(`<iq id='${variable("captured")}'/>`, variable("captured"), "1")).toEqual([]);
		expect(of("<iq id='a&amp;b'/>", "a&amp;b", "a&amp;b")).toEqual([]);
		expect(of("<iq id='a&amp;b'/>", "a&amp;b", "1")).toEqual(["attribute"]);
	});

	it("are also those of stanzas that others carry", () => {
		const forwarded = (id: string) =>
			`<message from='r@h'><forwarded xmlns='f'><message xmlns='jabber:client' id='${id}'/></forwarded></message>`;
		expect(compare([said("a"), forwarded("a")], [said("1"), forwarded("1")]).differences).toEqual([]);
		expect(compare([said("a"), forwarded("a")], [said("1"), forwarded("2")]).differences).toMatchObject([{ kind: "reuse" }]);
	});

	it("are points in time, as far as they are such", () => {
		const delayed = (stamp: string) => `<message from='r@h'><delay xmlns='urn:xmpp:delay' stamp='${stamp}'/></message>`;
		expect(differences(delayed("2026-01-02T03:04:05Z"), delayed("2026-01-02T03:04:06.5Z"))).toEqual([]);
		expect(differences(delayed("2026-01-02T03:04:05Z"), delayed("now"))).toMatchObject([{ kind: "attribute" }]);
		const idle = (seconds: string) => `<iq from='r@h'><query xmlns='jabber:iq:last' seconds='${seconds}'/></iq>`;
		expect(differences(idle("1"), idle("20"))).toEqual([]);
		expect(differences(idle("1"), idle("-1"))).toMatchObject([{ kind: "attribute" }]);
	});

	it("are texts, too", () => {
		const page = (first: string) =>
			`<iq from='r@h'><fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><first xmlns='http://jabber.org/protocol/rsm'>${first}</first></set></fin></iq>`;
		expect(compare([archived("a") + page("a")], [archived("1") + page("1")]).differences).toEqual([]);
		expect(compare([archived("a") + page("a")], [archived("1") + page("2")]).differences).toMatchObject([
			{ kind: "reuse", path: "iq/fin/set/first" },
		]);
	});

	it("are the resources of players", () => {
		const seen = (jid: string) => `<presence from='r@h/A'><item jid='${jid}'>${jid} came</item></presence>`;
		expect(differences(seen("romeo@localhost/abc"), seen("romeo@localhost/xyz"))).toEqual([]);
		expect(differences(seen("romeo@localhost/abc"), seen("romeo@localhost/abc"))).toHaveLength(2);
		expect(differences(seen("romeo@localhost/abc"), seen("juliet@localhost/balcony"))).toMatchObject([
			{ kind: "attribute", reference: variable("Romeo's full JID"), subject: variable("Juliet's full JID") },
			{ kind: "text" },
		]);
	});

	it("do not get mixed up by stanzas that were only tried", () => {
		const both = (first: string, second: string) =>
			`<message from='r@h/A' id='${first}'><a/></message><message from='r@h/A' id='${second}'><b/></message>`;
		const again = (id: string) => `<message from='r@h/A' id='${id}'><c/></message>`;
		const swapped = "<message from='r@h/A' id='2'><b/></message><message from='r@h/A' id='1'><a/></message>";
		expect(compare([both("a", "b"), again("a")], [swapped, again("1")]).differences.map(({ kind }) => kind)).toEqual(["order"]);
	});
});

describe("known differences", () => {
	const known: KnownDifference = {
		id: "shouting",
		reason: "It is louder here.",
		matches: ({ path }, step) => path === "message/body" && step.kind === "send" && step.label === "join",
	};

	it("are told apart from others, which weigh more", () => {
		const result = compare(
			["<message><body>a</body></message>", "<message x='1'><body>a</body></message>", "<message/>"],
			["<message><body>A</body></message>", "<message x='2'><body>A</body></message>", "<message/>"],
			[known],
		);
		expect(result.steps).toEqual(["known", "different", "equal"]);
		expect(result.differences.map(({ path, known: id }) => [path, id])).toEqual([
			["message/body", "shouting"],
			["message@x", undefined],
			["message/body", "shouting"],
		]);
	});
});
