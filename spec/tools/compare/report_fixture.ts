import { type Stanza, xml_escape } from "../../../host/util/stanza.ts";
import { compare_transcripts } from "../../../tools/compare/transcripts.ts";
import type {
	CompareResult,
	Comparison,
	KnownDifference,
	Play,
	PlayStep,
	Received,
	Transcript,
} from "../../../tools/compare/types.ts";
import { build, parse_markup } from "../../../tools/scansion/markup.ts";

/** A stanza from its XML. */
export function xml(text: string): Stanza {
	const markup = parse_markup(text, 1);
	if (!markup.ok) throw new Error(`${text}: ${markup.error.message}`);
	const [template] = markup.value;
	if (!template) throw new Error(`${text}: expected an element`);
	return build(template, new Map());
}

/** What clients receive, as XML by their names; `ended` is how their stream ended. */
export interface Receipts {
	readonly [player: string]: readonly string[];
}

/** A step with what each server causes by it; the subject does as the reference where nothing else is said. */
export interface StepFixture {
	readonly step: PlayStep;
	readonly reference: Receipts;
	readonly subject?: Receipts;
	/** What a third server causes, which otherwise does as the reference. */
	readonly also?: Receipts;
	/** How the streams of clients end on the subject, by their names. */
	readonly subject_ended?: Readonly<Record<string, string>>;
}

/** A step in which somebody sends something. */
export function sends(player: string, label: string, text: string, line?: number): PlayStep {
	const step = { kind: "send" as const, player, label, xml: text };
	return line === undefined ? step : { ...step, line };
}

const resources = { reference: "from-the-reference", subject: "from-the-subject", also: "from-the-third" } as const;

type About = Pick<Play, "title" | "source"> & { readonly players?: readonly string[] };

/** Makes a comparison as a run would, out of what the servers are said to have sent. */
export function comparison(about: About, steps: readonly StepFixture[], known: readonly KnownDifference[] = []): Comparison {
	return comparisons(about, steps, known).own;
}

/** Makes comparisons of two servers with the same reference. */
export function comparisons(
	about: About,
	steps: readonly StepFixture[],
	known: readonly KnownDifference[] = [],
): { readonly own: Comparison; readonly third: Comparison } {
	const names = about.players ?? ["Romeo", "Juliet"];
	const players = names.map((name) => ({ name, jid: `${name.toLowerCase()}@localhost`, password: "a secret password" }));
	const play: Play = { title: about.title, source: about.source, players, steps: steps.map(({ step }) => step) };
	const transcript = (side: keyof typeof resources): Transcript => ({
		steps: steps.map((fixture) => {
			const receipts = fixture[side] ?? fixture.reference;
			return names.map((player): Received => {
				const stanzas = (receipts[player] ?? []).map((text) =>
					xml(text.replaceAll("RESOURCE", xml_escape(`${player.toLowerCase()}@localhost/${resources[side]}`))),
				);
				const ended = side === "subject" ? fixture.subject_ended?.[player] : undefined;
				return ended === undefined ? { player, stanzas } : { player, stanzas, ended };
			});
		}),
		jids: steps.map(() => new Map(names.map((name) => [name, `${name.toLowerCase()}@localhost/${resources[side]}`]))),
	});
	const reference = transcript("reference");
	const with_reference = (side: "subject" | "also"): Comparison => compare_transcripts(play, reference, transcript(side), known);
	return { own: with_reference("subject"), third: with_reference("also") };
}

/** A run of these comparisons. */
export function result_of(comparisons: readonly Comparison[], more: Partial<CompareResult> = {}): CompareResult {
	return {
		reference: "Prosody 0.12.3",
		subject: "Enjamb 0.1.0",
		comparisons,
		known: [],
		outdated: [],
		shrunk: [],
		again: "",
		...more,
	};
}

/** A run with a third server. */
export function result_of_three(
	all: readonly { readonly own: Comparison; readonly third: Comparison }[],
	known: readonly KnownDifference[] = [],
): CompareResult {
	const also = { name: third_name, known, comparisons: all.map(({ third }) => third) };
	return result_of(
		all.map(({ own }) => own),
		{ known, also },
	);
}

export const third_name = "Enjamb 0.1.0 with Prosody's rooms in Lua";

const muc_user = "http://jabber.org/protocol/muc#user";

/** A room's presence of Romeo, with a status code. */
export function joined(code: string, extra = ""): string {
	return `<presence from='room@conference.localhost/Romeo' to='RESOURCE' id='made-up-${code}'><x xmlns='${muc_user}'><item affiliation='owner' role='moderator'/><status code='${code}'/>${extra}</x></presence>`;
}

export const join = sends(
	"Romeo",
	"join",
	"<presence to='room@conference.localhost/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
	12,
);

export const said = "<message from='room@conference.localhost/Romeo' type='groupchat'><body>But soft</body></message>";

/** Accepts other status codes. */
export const other_codes: KnownDifference = {
	id: "other-status-codes",
	reason: "This server counts in another way, and clients do not mind.",
	matches: ({ path }) => path === "presence/x/status@code",
};

/** One play: an equal step, one in which a status code differs, and one in which a message is missing. */
export function small_comparison(known: readonly KnownDifference[] = []): Comparison {
	return comparison(
		{ title: "A room is entered", source: "scripts/enter.scs" },
		[
			{ step: { kind: "connect", player: "Romeo", line: 9 }, reference: { Romeo: [said] } },
			{ step: join, reference: { Romeo: [joined("110")], Juliet: [said] }, subject: { Romeo: [joined("100")], Juliet: [said] } },
			{
				step: sends("Juliet", "message", "<message/>"),
				reference: { Romeo: [said], Juliet: [said] },
				subject: { Juliet: [said] },
			},
		],
		known,
	);
}

/** A play of so many steps, each different in a way of its own. */
export function large_comparison(steps: number): Comparison {
	return comparison(
		{ title: "random play 3 of seed 7", source: `7:3:${steps}` },
		Array.from({ length: steps }, (_, number) => ({
			step: sends("Romeo", `thing ${number}`, `<presence id='p${number}'/>`),
			reference: { Juliet: [joined("110"), `<message><body>${number}</body></message>`] },
			subject: { Juliet: [joined("110"), `<message><body>other ${number}</body></message>`] },
		})),
	);
}

/**
 * One play on three servers: an equal step; one in which ours sends another status code and the third one an element too many; one in
 * which both send something else, and the third one a message more; and one in which only the third one sends nothing.
 */
export function three_comparisons(known: readonly KnownDifference[] = []): {
	readonly own: Comparison;
	readonly third: Comparison;
} {
	const text = (body: string): string => said.replace("But soft", body);
	return comparisons(
		{ title: "Three rooms are entered", source: "scripts/three.scs" },
		[
			{ step: { kind: "connect", player: "Romeo", line: 9 }, reference: { Romeo: [said] } },
			{
				step: join,
				reference: { Romeo: [joined("110")], Juliet: [said] },
				subject: { Romeo: [joined("100")], Juliet: [said] },
				also: { Romeo: [joined("110", "<hat><name>a</name></hat>")], Juliet: [said] },
			},
			{
				step: sends("Juliet", "message", "<message/>", 20),
				reference: { Romeo: [text("soft")] },
				subject: { Romeo: [text("what light")] },
				also: { Romeo: [text("what window"), "<message from='room@conference.localhost'><subject/></message>"] },
			},
			{ step: sends("Juliet", "leave", "<presence type='unavailable'/>", 24), reference: { Juliet: [said] }, also: {} },
		],
		known,
	);
}
