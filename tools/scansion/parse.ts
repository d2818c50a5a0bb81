// No counterpart in Prosody: reads scripts of its test player, https://matthewwild.co.uk/projects/scansion

import { failed, ok, type Result } from "../../host/util/error.ts";
import { split } from "../../host/util/jid.ts";
import { parse_markup, type ScriptError, type Template, texts_of, variables_in } from "./markup.ts";
import { read_pattern } from "./pattern.ts";

/** A `[Client]` of a script. */
export interface Character {
	readonly name: string;
	readonly line: number;
	/** Bare JID. */
	readonly jid: string;
	readonly password: string;
	/** Wanted resource; the server chooses where it is missing. */
	readonly resource: string | undefined;
	/** Where to connect instead of the server that the script is played on. */
	readonly connect_host: string | undefined;
	readonly connect_port: number | undefined;
}

/**
 * An action without stanzas. `line` is that of the action, from 1. Two of them Prosody's own player does not know: who vanishes drops the
 * connection without closing the stream, who registers makes the account, before it connects.
 */
export interface PlainStep {
	readonly action: "connects" | "disconnects" | "vanishes" | "registers" | "receives nothing";
	readonly who: string;
	readonly line: number;
}

/** An action with stanzas to send, or to wait for one after the other. */
export interface ExchangeStep {
	readonly action: "sends" | "receives";
	readonly who: string;
	readonly line: number;
	readonly stanzas: readonly Template[];
}

/** One action of a script. */
export type Step = PlainStep | ExchangeStep;

/** A script that can be played. */
export interface Script {
	/** The name it was read under, for reports. */
	readonly file: string;
	/** First comment of the script, or its file name. */
	readonly title: string;
	/** Lines `## tag` and `## tag: value`. */
	readonly tags: ReadonlyMap<string, string>;
	readonly characters: ReadonlyMap<string, Character>;
	readonly steps: readonly Step[];
}

interface Line {
	readonly number: number;
	readonly text: string;
}

class Problem extends Error {
	constructor(
		readonly line: number,
		message: string,
	) {
		super(message);
	}
}

const properties = ["jid", "password", "resource", "connect_host", "connect_port"];
const verbs = ["connects", "disconnects", "vanishes", "registers", "sends", "receives"] as const;
type Verb = (typeof verbs)[number];

function is_indented(text: string): boolean {
	return text.startsWith(" ") || text.startsWith("\t");
}

/** Comments, the `-----` between cast and play, and empty lines. */
function is_passed_over(text: string): boolean {
	return text.trim() === "" || text.startsWith("#") || text.startsWith("//") || text.startsWith("--");
}

/** Gives lines and indented blocks, one after the other. */
class Lines {
	private index = 0;
	private readonly lines: readonly Line[];

	constructor(text: string) {
		this.lines = text.split(/\r?\n/).map((line, index) => ({ number: index + 1, text: line }));
	}

	/** The next line that is not empty. */
	next(): Line | undefined {
		for (;;) {
			const line = this.lines[this.index];
			if (line === undefined) return undefined;
			this.index++;
			if (!is_passed_over(line.text)) return line;
		}
	}

	/** The indented lines from here on, empty ones among them included. */
	block(): Line[] {
		const block: Line[] = [];
		for (;;) {
			const line = this.lines[this.index];
			if (line === undefined || (line.text.trim() !== "" && !is_indented(line.text))) return block;
			block.push(line);
			this.index++;
		}
	}
}

function read_head(text: string, file: string): { title: string; tags: Map<string, string> } {
	let title: string | undefined;
	const tags = new Map<string, string>();
	for (const line of text.split(/\r?\n/)) {
		const tag = /^##\s*([^:]+?)\s*(?::\s*(.*?)\s*)?$/.exec(line);
		if (tag?.[1] !== undefined) tags.set(tag[1], tag[2] ?? "");
		else if (title === undefined) title = /^#\s*(.*\S)\s*$/.exec(line)?.[1];
		if (line.startsWith("[")) break;
	}
	return { title: title ?? file, tags };
}

function read_port(value: string, line: number): number {
	const port = Number(value);
	if (!/^\d+$/.test(value) || port < 1 || port > 65535)
		throw new Problem(line, `connect_port: ${value}: expected a number from 1 to 65535`);
	return port;
}

function read_character(header: Line, lines: Lines): Character {
	const head = /^\[([^\]]*)\]\s*(.*?)\s*$/.exec(header.text);
	const kind = head?.[1];
	const name = head?.[2];
	if (kind !== "Client" || name === undefined || name === "") {
		throw new Problem(header.number, `${header.text.trim()}: expected [Client] and a name`);
	}
	const found = new Map<string, Line>();
	for (const line of lines.block()) {
		if (is_passed_over(line.text.trim())) continue;
		const property = /^\s+([A-Za-z_]+)\s*:\s*(.*?)\s*$/.exec(line.text);
		const key = property?.[1];
		if (key === undefined || !properties.includes(key)) {
			throw new Problem(line.number, `${line.text.trim()}: expected a property of ${name}, one of ${properties.join(", ")}`);
		}
		if (found.has(key)) throw new Problem(line.number, `${key} of ${name} is given twice`);
		found.set(key, { number: line.number, text: property?.[2] ?? "" });
	}
	const jid = found.get("jid");
	const password = found.get("password");
	if (jid === undefined) throw new Problem(header.number, `${name} has no jid; expected a line "jid: user@host"`);
	if (password === undefined) throw new Problem(header.number, `${name} has no password; expected a line "password: …"`);
	const { node, host, resource } = split(jid.text);
	if (node === undefined || host === undefined) throw new Problem(jid.number, `jid: ${jid.text}: expected user@host`);
	const port = found.get("connect_port");
	return {
		name,
		line: header.number,
		jid: `${node}@${host}`,
		password: password.text,
		resource: found.get("resource")?.text ?? resource,
		connect_host: found.get("connect_host")?.text,
		connect_port: port === undefined ? undefined : read_port(port.text, port.number),
	};
}

/** Splits an action into who and what; the longest name wins, since one may begin another ("Juliet", "Juliet's phone"). */
function read_action(line: Line, characters: ReadonlyMap<string, Character>): { who: string; verb: Verb; rest: string } {
	let who = "";
	for (const name of characters.keys()) {
		if (name.length > who.length && line.text.startsWith(`${name} `)) who = name;
	}
	if (who === "") {
		const known = [...characters.keys()].join(", ");
		throw new Problem(
			line.number,
			`${line.text.trim()}: expected a line that begins with a client's name (${known || "none is defined"})`,
		);
	}
	const action = /^\s*([a-z]+)\s*:?\s*(.*?)\s*$/.exec(line.text.slice(who.length));
	const verb = verbs.find((known) => known === action?.[1]);
	if (verb === undefined) {
		throw new Problem(line.number, `${line.text.trim()}: expected "${who}" and one of ${verbs.join(", ")}`);
	}
	return { who, verb, rest: action?.[2] ?? "" };
}

function read_stanzas(line: Line, rest: string, lines: Lines): Template[] {
	const block = lines.block();
	const text = [rest, ...block.map((each) => each.text)].join("\n");
	const parsed = parse_markup(text, line.number);
	if (!parsed.ok) throw new Problem(parsed.error.line, parsed.error.message);
	if (parsed.value.length === 0)
		throw new Problem(line.number, `${line.text.trim()}: expected an indented stanza on the next line`);
	return parsed.value;
}

function read_step(line: Line, lines: Lines, characters: ReadonlyMap<string, Character>): Step {
	const { who, verb, rest } = read_action(line, characters);
	const at = { who, line: line.number };
	if (verb === "sends") return { action: "sends", ...at, stanzas: read_stanzas(line, rest, lines) };
	if (verb === "receives" && rest === "nothing") return { action: "receives nothing", ...at };
	if (verb === "receives") return { action: "receives", ...at, stanzas: read_stanzas(line, rest, lines) };
	if (rest !== "") throw new Problem(line.number, `${line.text.trim()}: expected nothing after ${verb}`);
	return { action: verb, ...at };
}

/** Refuses patterns where none are allowed, and variables that get no value. */
function check_texts(steps: readonly Step[], characters: ReadonlyMap<string, Character>): void {
	const known = new Set<string>();
	for (const name of characters.keys()) known.add(`${name}'s JID`).add(`${name}'s full JID`);
	for (const step of steps) {
		if (step.action !== "sends" && step.action !== "receives") continue;
		for (const template of step.stanzas) {
			for (const { text, line } of texts_of(template)) {
				for (const name of variables_in(text)) {
					if (!known.has(name)) throw new Problem(line, `${name} has no value; expected one of ${[...known].join(", ")}`);
				}
				const pattern = read_pattern(text);
				if (!pattern.ok) throw new Problem(line, pattern.error);
				if (step.action === "receives" && pattern.value.kind === "capture") known.add(pattern.value.name);
			}
		}
	}
}

/**
 * Reads a script.
 * @param text its content
 * @param file its name, for reports
 * @returns the script, or the first error with its line and what was expected there
 */
export function parse_script(text: string, file: string): Result<Script, ScriptError> {
	const lines = new Lines(text.startsWith("\ufeff") ? text.slice(1) : text);
	const characters = new Map<string, Character>();
	const steps: Step[] = [];
	try {
		for (let line = lines.next(); line !== undefined; line = lines.next()) {
			if (is_indented(line.text))
				throw new Problem(line.number, `${line.text.trim()}: expected an action, which is not indented`);
			if (line.text.startsWith("[")) {
				const character = read_character(line, lines);
				const earlier = characters.get(character.name);
				if (earlier) throw new Problem(line.number, `${character.name} is already defined on line ${earlier.line}`);
				characters.set(character.name, character);
			} else steps.push(read_step(line, lines, characters));
		}
		if (steps.length === 0) throw new Problem(1, 'the script does nothing; expected actions such as "Romeo connects"');
		check_texts(steps, characters);
	} catch (problem) {
		if (!(problem instanceof Problem)) throw problem;
		return failed({ line: problem.line, message: problem.message });
	}
	return ok({ file, ...read_head(text, file), characters, steps });
}
