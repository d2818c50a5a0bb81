// No counterpart in Prosody: what came of playing scripts, for people and for programs

import { ns } from "../../host/util/ns.ts";
import { Stanza, xml_escape } from "../../host/util/stanza.ts";
import type { ScriptError } from "./markup.ts";
import { attribute_name } from "./match.ts";
import type { Failure, Outcome } from "./play.ts";

/** A script was played, or could not be read. */
export type ScriptResult =
	| { readonly kind: "played"; readonly outcome: Outcome }
	| { readonly kind: "unreadable"; readonly file: string; readonly error: ScriptError };

/** Called with each result as soon as it is there, and at the end. */
export interface Reporter {
	begin(scripts: number): void;
	result(result: ScriptResult): void;
	end(): void;
}

/** For a terminal, in the Test Anything Protocol (version 13), or as one JSON document. */
export type ReportFormat = "text" | "tap" | "json";

type Style = "red" | "green" | "yellow" | "bold" | "dim";

const codes: Record<Style, [number, number]> = { red: [31, 39], green: [32, 39], yellow: [33, 39], bold: [1, 22], dim: [2, 22] };

/** What a terminal may be sent: stanzas come from a network, and control characters in them must not control it. */
function printable(text: string): string {
	return text.replace(/[^\P{Cc}\t\n]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function open_tag(element: Stanza, parent_xmlns: string): string {
	let text = `<${element.name}`;
	const xmlns = element.attr["xmlns"] ?? parent_xmlns;
	if (xmlns !== parent_xmlns) text += ` xmlns='${xml_escape(xmlns)}'`;
	for (const [name, value] of Object.entries(element.attr)) {
		if (name !== "xmlns" && value !== undefined) text += ` ${attribute_name(name)}='${xml_escape(value)}'`;
	}
	return text;
}

/**
 * A stanza, one element a line, without namespaces that are those of the parent; fit for a terminal.
 * @param indent put before each line
 */
export function layout(element: Stanza, indent = "", parent_xmlns: string = ns.client): string {
	const open = indent + printable(open_tag(element, parent_xmlns));
	const text = element.get_text();
	if (text !== undefined) return text === "" ? `${open}/>` : `${open}>${printable(xml_escape(text))}</${element.name}>`;
	const lines = [`${open}>`];
	for (const child of element.children) {
		if (child instanceof Stanza) lines.push(layout(child, `${indent}  `, element.attr["xmlns"] ?? parent_xmlns));
		else if (typeof child === "string" && child.trim() !== "") lines.push(`${indent}  ${printable(xml_escape(child.trim()))}`);
	}
	lines.push(`${indent}</${element.name}>`);
	return lines.join("\n");
}

function count(number: number, noun: string): string {
	return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function where_came(failure: Failure): string {
	if (failure.came.length === 0) return "nothing was waiting";
	return `came, and was not asked for before (${count(failure.came.length, "stanza")})`;
}

type Paint = (style: Style, text: string) => string;

function text_failure(failure: Failure, file: string, paint: Paint): string {
	const at = `${printable(file)}:${failure.line}`;
	const lines = [`  ${at}: ${paint("bold", printable(failure.step))}: ${printable(failure.message)}`];
	if (failure.wanted) lines.push(`  ${paint("green", "wanted")}`, layout(failure.wanted, "      "));
	if (failure.wanted || failure.came.length > 0) lines.push(`  ${paint("red", where_came(failure))}`);
	for (const [index, stanza] of failure.came.entries()) {
		const mark = `${index + 1}`.padStart(4);
		lines.push(`${mark}  ${layout(stanza, "      ").trimStart()}`);
	}
	const { difference } = failure;
	if (difference) {
		const where = `of stanza ${difference.index + 1}, line ${difference.line}, ${difference.path}: ${printable(difference.what)}`;
		lines.push(
			`  ${paint("yellow", "first difference")} ${where}`,
			`      wanted  ${paint("green", printable(difference.wanted))}`,
			`      came    ${paint("red", printable(difference.came))}`,
		);
	}
	return lines.join("\n");
}

/** The last part of a path: enough beside a title. */
function base_name(file: string): string {
	return file.slice(file.lastIndexOf("/") + 1);
}

class TextReporter implements Reporter {
	private passed = 0;
	private failed = 0;
	private milliseconds = 0;

	constructor(
		private readonly write: (text: string) => void,
		private readonly colour: boolean,
	) {}

	begin(): void {}

	result(result: ScriptResult): void {
		if (result.kind === "unreadable") {
			this.failed++;
			const { file, error } = result;
			this.write(`${this.paint("red", "✗")} ${printable(`${file}:${error.line}: ${error.message}`)}\n`);
			return;
		}
		const { script, failure, milliseconds, steps } = result.outcome;
		this.milliseconds += milliseconds;
		const extent = this.paint("dim", `(${count(steps, "step")}, ${Math.round(milliseconds)} ms)`);
		const head = `${printable(`${base_name(script.file)}  ${script.title}`)} ${extent}\n`;
		if (failure) {
			this.failed++;
			this.write(`${this.paint("red", "✗")} ${head}${text_failure(failure, script.file, (...text) => this.paint(...text))}\n`);
		} else {
			this.passed++;
			this.write(`${this.paint("green", "✓")} ${head}`);
		}
	}

	end(): void {
		const failures = this.failed === 0 ? "" : `, ${this.paint("red", `${this.failed} failed`)}`;
		const seconds = (this.milliseconds / 1000).toFixed(1);
		this.write(`\n${count(this.passed + this.failed, "script")}: ${this.passed} passed${failures} (${seconds} s)\n`);
	}

	private paint(style: Style, text: string): string {
		if (!this.colour) return text;
		const [on, off] = codes[style];
		return `\u001b[${on}m${text}\u001b[${off}m`;
	}
}

function failure_as_data(failure: Failure) {
	const { line, step, message, wanted, came, difference } = failure;
	return { line, step, message, wanted: wanted?.toString(), came: came.map((stanza) => stanza.toString()), difference };
}

function result_as_data(result: ScriptResult) {
	if (result.kind === "unreadable") {
		const { file, error } = result;
		return { file, title: file, passed: false, error };
	}
	const { script, failure, milliseconds, steps } = result.outcome;
	return {
		file: script.file,
		title: script.title,
		passed: failure === undefined,
		milliseconds: Math.round(milliseconds),
		steps,
		failure: failure && failure_as_data(failure),
	};
}

class JsonReporter implements Reporter {
	private readonly scripts: ReturnType<typeof result_as_data>[] = [];

	constructor(private readonly write: (text: string) => void) {}

	begin(): void {}

	result(result: ScriptResult): void {
		this.scripts.push(result_as_data(result));
	}

	end(): void {
		const passed = this.scripts.filter((script) => script.passed).length;
		this.write(`${JSON.stringify({ passed, failed: this.scripts.length - passed, scripts: this.scripts }, undefined, "\t")}\n`);
	}
}

class TapReporter implements Reporter {
	private number = 0;

	constructor(private readonly write: (text: string) => void) {}

	begin(scripts: number): void {
		this.write(`TAP version 13\n1..${scripts}\n`);
	}

	result(result: ScriptResult): void {
		this.number++;
		const data = result_as_data(result);
		const name = printable(`${base_name(data.file)} ${data.title}`)
			.replaceAll("\n", " ")
			.replaceAll("\\", "\\\\")
			.replaceAll("#", "\\#");
		this.write(`${data.passed ? "ok" : "not ok"} ${this.number} - ${name}\n`);
		if (data.passed) return;
		// A JSON document on one line is YAML, too.
		const problem = JSON.stringify("failure" in data ? data.failure : data.error);
		this.write(`  ---\n  ${problem}\n  ...\n`);
	}

	end(): void {}
}

/** Makes a reporter. `colour` only counts for `text`. */
export function create_reporter(format: ReportFormat, write: (text: string) => void, colour: boolean): Reporter {
	if (format === "json") return new JsonReporter(write);
	return format === "tap" ? new TapReporter(write) : new TextReporter(write, colour);
}
