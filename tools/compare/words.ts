// No counterpart: part of `enjamb compare`. What the reports say, in words for who runs a server and does not write one.

import { attribute_name } from "../scansion/match.ts";
import type { Difference, Play, PlayStep } from "./types.ts";

/** The two servers' names, as a report writes them: "Prosody 0.12.3". */
export interface Names {
	readonly reference: string;
	readonly subject: string;
}

/** 2431 as "2,431", whatever the system's language is. */
export function grouped(number: number): string {
	return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 step", "2,431 steps". */
export function counted(number: number, noun: string): string {
	return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Names without versions where these differ, whole ones otherwise: two versions of Prosody are still told apart. What a server has
 * that others of its name have not stays: "Enjamb with Prosody's rooms in Lua".
 */
export function short_names(names: Names): Names {
	const without_version = (name: string): string => name.replace(/^(\S+)(?:(?! with ).)*/s, "$1");
	const [reference, subject] = [without_version(names.reference), without_version(names.subject)];
	if (reference !== subject) return { reference, subject };
	return names.reference === names.subject ? { reference: "the reference", subject: "the other" } : names;
}

/** What a client does in a step: "Romeo sends". */
export function what_happens(step: PlayStep): string {
	switch (step.kind) {
		case "connect":
			return `${step.player} connects`;
		case "disconnect":
			return `${step.player} disconnects`;
		case "vanish":
			return `${step.player} is cut off without a goodbye`;
		case "register":
			return `${step.player} registers an account`;
		case "resume":
			return `${step.player} resumes a stream`;
		case "send":
			return `${step.player} sends`;
		case "capture":
			return `${step.player} takes note of a value for later steps`;
	}
}

/** Splits a difference's path: attributes can be in namespaces, whose names have slashes; elements cannot. */
export function split_path(path: string): { readonly elements: string; readonly attribute: string | undefined } {
	const at = path.indexOf("@");
	return at < 0 ? { elements: path, attribute: undefined } : { elements: path.slice(0, at), attribute: path.slice(at + 1) };
}

/** Where in a stanza: "attribute code of presence/x/status". */
function place(difference: Difference): string {
	const { elements, attribute } = split_path(difference.path);
	return attribute === undefined ? elements : `attribute ${attribute_name(attribute)} of ${elements}`;
}

/** The kind of a difference, without the values: what all differences of one signature have in common. */
export function in_general(difference: Difference): string {
	const where = place(difference);
	switch (difference.kind) {
		case "missing stanza":
			return `${with_article(where)} is missing`;
		case "extra stanza":
			return `${with_article(where)} too many`;
		case "missing element":
			return `${where} is missing`;
		case "extra element":
			return `${where} is there, and should not be`;
		case "attribute":
			return `${where} differs`;
		case "text":
			return `the text of ${where} differs`;
		case "name":
			return `another element in place of ${where}`;
		case "order":
			return `${with_article(where)} comes in another order`;
		case "reuse":
			return `${where}: a made-up value comes again on one server only`;
		case "stream ended":
			return "the connection ends in another way";
	}
}

function with_article(name: string): string {
	return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

/** A difference with its values: who sends what. Values are as long as they are. */
export function in_particular(difference: Difference, names: Names): string {
	const { reference, subject } = short_names(names);
	const where = place(difference);
	const value = (text: string | undefined): string => (text === undefined ? "none" : text === "" ? "an empty one" : `“${text}”`);
	switch (difference.kind) {
		case "missing stanza":
			return `${reference} sends this ${where}, ${subject} does not`;
		case "extra stanza":
			return `${subject} sends this ${where}, ${reference} does not`;
		case "missing element":
			return `${where}: ${reference} sends it, ${subject} does not`;
		case "extra element":
			return `${where}: ${subject} sends it, ${reference} does not`;
		case "attribute":
		case "name":
			return `${where}: ${reference} sends ${value(difference.reference)}, ${subject} ${value(difference.subject)}`;
		case "text":
			return `text of ${where}: ${reference} sends ${value(difference.reference)}, ${subject} ${value(difference.subject)}`;
		case "order":
			return `order of this ${where}: from ${reference} it ${difference.reference ?? "comes"}, from ${subject} it ${difference.subject ?? "comes"}`;
		case "reuse":
			return `${where}: one server sends a value that it sent before, the other a new one (${reference} ${value(difference.reference)}, ${subject} ${value(difference.subject)})`;
		case "stream ended":
			return `${stream_end(reference, difference.reference)}, ${stream_end(subject, difference.subject)}`;
	}
}

function stream_end(name: string, end: string | undefined): string {
	return end === undefined ? `${name} keeps the connection` : `${name} ends the connection (${end})`;
}

/** A word of a command line as a shell takes it. */
export function shell_word(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The command that plays a random play again; undefined for a script.
 * @param options as {@link CompareResult.again} has them
 */
export function repeat_command({ source, title, steps }: Play, options: string): string | undefined {
	if (!/^(seed:)?[0-9:]+$/.test(source)) return undefined;
	const [, of_accounts, number, seed] = /^random (account )?play ([0-9]+) of seed ([0-9]+)$/.exec(title) ?? [];
	if (number === undefined || seed === undefined) return undefined;
	const what = of_accounts === undefined ? "--random" : "--accounts";
	return `enjamb compare ${options === "" ? "" : `${options} `}${what} ${number} --steps ${steps.length} --seed ${seed}`;
}

/**
 * Makes control characters and those that turn the direction of text visible: stanzas come from a network, and must neither control
 * a terminal nor look like something else. Tabs and line breaks stay.
 */
export function visible(text: string): string {
	return text.replace(
		/[^\P{Cc}\t\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
		(character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
	);
}

const longest = 300;

/** The beginning and the end of a long text, and how much is left out. */
export function shorten(text: string): string {
	if (text.length <= longest) return text;
	const [head, tail] = [text.slice(0, longest * 0.7), text.slice(-longest * 0.2)];
	return `${head} [… ${text.length - head.length - tail.length} characters …] ${tail}`;
}

/** Text between tags as it has to be written there. */
export function xml_text(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An attribute's value in the quotation marks that need the least escaping, on one line. */
export function xml_value(value: string): string {
	const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
	const escaped = xml_text(value).replaceAll("\n", "&#10;");
	return `${mark}${mark === "'" ? escaped.replaceAll("'", "&apos;") : escaped}${mark}`;
}
