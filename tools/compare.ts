// No counterpart: `enjamb compare` plays the same on a real Prosody and on ours, and shows what differs.

import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { failed, ok, type Result } from "../host/util/error.ts";
import { random_account_play } from "./compare/accounts/random.ts";
import { create_servers, type ServerOptions, type Servers } from "./compare/endpoints.ts";
import { play_from_script } from "./compare/from_script.ts";
import { perform } from "./compare/perform.ts";
import { create_progress } from "./compare/progress.ts";
import { random_play } from "./compare/random.ts";
import { html_report } from "./compare/report_html.ts";
import { json_report } from "./compare/report_json.ts";
import { text_report } from "./compare/report_text.ts";
import { same_thing, shrink } from "./compare/shrink.ts";
import { on_stage } from "./compare/stage.ts";
import { script_from_play } from "./compare/to_script.ts";
import { compare_transcripts } from "./compare/transcripts.ts";
import type { CompareResult, Comparison, KnownDifference, Play, Transcript } from "./compare/types.ts";
import { find_scripts, read_script } from "./scansion.ts";

/** How many random plays are wanted. */
export interface RandomPlays {
	readonly plays: number;
	readonly steps: number;
	readonly seed: number;
}

/** What to compare, and where the results go. */
export interface CompareOptions extends ServerOptions {
	/** Scripts, or folders of them. */
	readonly scripts: readonly string[];
	/** How many random plays, of how many steps, from which seed. */
	readonly random: RandomPlays | undefined;
	/** The same for plays of what clients do with their accounts. */
	readonly accounts?: RandomPlays | undefined;
	/** Differences that are accepted. */
	readonly known: readonly KnownDifference[];
	/** Where the HTML page goes. */
	readonly html?: string | undefined;
	/** Prints JSON in place of the report for people. */
	readonly json?: boolean | undefined;
	/** Folder for the scripts that differing random plays are reduced to; without it, they are not reduced. */
	readonly shrink_to?: string | undefined;
	/** The command line, for the page. */
	readonly command: string;
	/** Options that change plays, as text for a shell. */
	readonly again?: string | undefined;
	readonly write: (text: string) => void;
	readonly complain: (text: string) => void;
}

/** Exit statuses of {@link run}. */
export const status = { equal: 0, different: 1, not_compared: 2 } as const;

/** How many shorter plays are tried for one difference. */
const shrink_tries = 150;

/** The plays that the options ask for. */
function read_plays(options: CompareOptions): Result<Play[], string> {
	const plays: Play[] = [];
	const files = options.scripts.length > 0 ? find_scripts(options.scripts) : ok([]);
	if (!files.ok) return files;
	for (const file of files.value) {
		const script = read_script(file);
		if (!script.ok) return failed(`${file}:${script.error.line}: ${script.error.message}`);
		plays.push(play_from_script(script.value));
	}
	const { random, accounts } = options;
	for (let number = 1; accounts !== undefined && number <= accounts.plays; number++) {
		plays.push(random_account_play(accounts.seed, number, accounts.steps));
	}
	for (let number = 1; random !== undefined && number <= random.plays; number++) {
		plays.push(random_play(random.seed, number, random.steps));
	}
	if (plays.length === 0)
		return failed("there is nothing to compare: name scripts, or ask for random plays with --random or --accounts");
	return ok(plays.map((play) => on_stage(play, options.stage)));
}

/** A play on one server. */
interface Performance {
	readonly name: string;
	readonly transcript: Transcript;
}

interface Performed {
	readonly reference: Performance;
	readonly subject: Performance;
	readonly also: Performance | undefined;
}

/** Plays a play on new servers, on all at the same time. */
async function perform_on_all(play: Play, servers: Omit<Servers, "end">): Promise<Result<Performed, string>> {
	const started = await Promise.all([servers.reference(), servers.subject(), ...(servers.also ? [servers.also()] : [])]);
	try {
		const performances: Performance[] = [];
		const played = await Promise.all(started.map((server) => (server.ok ? perform(play, server.value) : server)));
		for (const [index, transcript] of played.entries()) {
			const server = started[index];
			if (server === undefined || !server.ok) return server ?? failed("a server is missing");
			if (!transcript.ok) return transcript;
			performances.push({ name: server.value.name, transcript: transcript.value });
		}
		const [reference, subject, also] = performances;
		return reference && subject ? ok({ reference, subject, also }) : failed("a server is missing");
	} finally {
		await Promise.all(started.map((server) => (server.ok ? server.value.stop() : undefined)));
	}
}

/** The known differences that hold for a reference: "0.12" for "Prosody 0.12.3". */
function known_for(reference_name: string, known: readonly KnownDifference[], also = false): KnownDifference[] {
	const version = reference_name.slice(reference_name.indexOf(" ") + 1);
	return known.filter(
		(entry) => (also || !entry.only_also) && (entry.reference === undefined || version.startsWith(entry.reference)),
	);
}

/** Known differences whose script was played without showing them. */
function outdated(known: readonly KnownDifference[], comparisons: readonly Comparison[]): KnownDifference[] {
	return known.filter((entry) => {
		const shown_by = entry.shown_by;
		if (shown_by === undefined) return false;
		const played = comparisons.filter(({ play }) => basename(play.source) === shown_by);
		return (
			played.length > 0 && !comparisons.some(({ differences }) => differences.some((difference) => difference.known === entry.id))
		);
	});
}

/** Reduces the first difference of a play to a script of its own; returns the script's path. */
async function write_shrunk(
	comparison: Comparison,
	servers: Servers,
	options: CompareOptions,
	folder: string,
): Promise<string | undefined> {
	const difference = comparison.differences.find(({ known }) => known === undefined);
	if (!difference) return undefined;
	const wanted = same_thing(difference);
	let last: Performed | undefined;
	const play = await shrink(
		comparison.play,
		difference.step,
		async (shorter) => {
			const performed = await perform_on_all(shorter, { reference: servers.reference, subject: servers.subject });
			if (!performed.ok) return false;
			const { reference, subject } = performed.value;
			const accepted = known_for(reference.name, options.known);
			const { differences } = compare_transcripts(shorter, reference.transcript, subject.transcript, accepted);
			const shows = differences.some((found) => found.known === undefined && same_thing(found) === wanted);
			if (shows) last = performed.value;
			return shows;
		},
		shrink_tries,
	);
	const file = join(folder, `${comparison.play.title.replace(/[^A-Za-z0-9]+/g, "-")}.scs`);
	const why = `${difference.signature}: the reference has ${difference.reference ?? "nothing"}, the other ${difference.subject ?? "nothing"}`;
	writeFileSync(
		file,
		script_from_play(play, last?.reference.transcript ?? comparison.reference, why.replace(/\s+/g, " ").slice(0, 300)),
	);
	return `${file} (${play.steps.length} steps)`;
}

/**
 * Compares a reference and our server, and reports.
 * @returns the exit status, one of {@link status}
 */
export async function run(options: CompareOptions): Promise<number> {
	const refuse = (problem: string): number => {
		options.complain(`enjamb: ${problem}\n`);
		return status.not_compared;
	};
	const plays = read_plays(options);
	if (!plays.ok) return refuse(plays.error);
	const servers = await create_servers(options);
	if (!servers.ok) return refuse(servers.error);
	try {
		return await compare(plays.value, servers.value, options, refuse);
	} finally {
		await servers.value.end();
	}
}

async function compare(
	plays: readonly Play[],
	servers: Servers,
	options: CompareOptions,
	refuse: (problem: string) => number,
): Promise<number> {
	const progress = create_progress(options.json ? () => undefined : options.complain, plays);
	const comparisons: Comparison[] = [];
	const third: { name: string; known: KnownDifference[]; comparisons: Comparison[] } = { name: "", known: [], comparisons: [] };
	let names = { reference: "Prosody", subject: "Enjamb" };
	let known: KnownDifference[] = [];
	for (const play of plays) {
		const performed = await perform_on_all(play, servers);
		if (!performed.ok) {
			progress.end();
			return refuse(performed.error);
		}
		const { reference, subject, also } = performed.value;
		names = { reference: reference.name, subject: subject.name };
		known = known_for(reference.name, options.known);
		const comparison = compare_transcripts(play, reference.transcript, subject.transcript, known);
		comparisons.push(comparison);
		if (also) {
			third.name = also.name;
			third.known = known_for(reference.name, options.known, true);
			third.comparisons.push(compare_transcripts(play, reference.transcript, also.transcript, third.known));
		}
		progress.played(comparison, ...third.comparisons.slice(-1));
	}
	progress.end();

	const shrunk: string[] = [];
	for (const comparison of options.shrink_to === undefined ? [] : comparisons) {
		const is_random = comparison.play.source.startsWith("seed:");
		const file = is_random ? await write_shrunk(comparison, servers, options, options.shrink_to ?? ".") : undefined;
		if (file !== undefined) shrunk.push(file);
	}
	const only_third = third.known.filter(({ only_also }) => only_also);
	const unmet = [...outdated(known, comparisons), ...outdated(only_third, third.comparisons)];
	const result: CompareResult = {
		...names,
		comparisons,
		known,
		outdated: unmet,
		shrunk,
		again: options.again ?? "",
		...(servers.also ? { also: third } : {}),
	};
	if (options.html !== undefined) {
		const date = new Date().toISOString().slice(0, 10);
		writeFileSync(options.html, html_report(result, { date, command: options.command }));
	}
	options.write(options.json ? json_report(result) : text_report(result));
	const differs = [...comparisons, ...third.comparisons].some(({ steps }) => steps.includes("different"));
	return differs || unmet.length > 0 ? status.different : status.equal;
}
