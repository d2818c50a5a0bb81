// Counterpart: plugins/mod_admin_shell.lua (new_session, request_repl_input)

import * as id from "../../util/id.ts";
import { type Stanza, stanza } from "../../util/stanza.ts";
import type { Shell } from "./command.ts";

/** Where nothing is said: many tables are a bit wide for 80, and this was another common width of terminals. */
const default_width = 132;
/** What stands before each line at the other end: `| `. */
const margin = 2;
const most_width = 10_000;
/** Questions that may wait for an answer at once; the oldest one gives way. */
const most_inputs = 5;

const not_xml = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Text that can go over a stream. */
function sendable(text: string): string {
	return text.replace(not_xml, "\ufffd");
}

interface PendingInput {
	submit(text: string): void;
	cancel(reason: string): void;
}

/** Where what is printed goes, and whether anybody is there. */
export interface ShellListener {
	readonly destroyed: boolean;
	/** Whether it can be asked for something. */
	readonly takes_questions: boolean;
	/** Sends `<repl-output/>`, `<repl-result/>` or `<repl-request-input/>`. */
	send(stanza: Stanza): unknown;
	/** Runs what sends something that has nothing to do with what is stored. */
	send_certainly(send: () => void): void;
}

/** Whoever is connected to the socket and types commands. */
export class ShellSession {
	private readonly inputs = new Map<string, PendingInput>();
	private leave: () => void = () => {};
	private is_over = false;
	private readonly gone = new Promise<void>((resolve) => {
		this.leave = resolve;
	});

	constructor(private readonly admin: ShellListener) {}

	/** What a command sees of whoever typed it, for one line. */
	for_line(line: Stanza): Shell {
		const given = Number(line.attr["width"] ?? "");
		const width = Number.isInteger(given) && given > 0 && given <= most_width ? given : default_width;
		return {
			width: Math.max(width - margin, 1),
			is_interactive: line.attr["repl"] !== "0",
			print: (...values) => this.print(values),
			print_certainly: (...values) => this.admin.send_certainly(() => this.print(values)),
			write: (text) => void this.admin.send(stanza("repl-output", { eol: "0" }).text(sendable(text))),
			request_password: () => this.request("password"),
			gone: this.gone,
			is_connected: () => !this.is_over && !this.admin.destroyed,
		};
	}

	private print(values: readonly string[]): void {
		this.admin.send(stanza("repl-output").text(sendable(values.join("\t"))));
	}

	/** Ends what was typed; an error shows as one. */
	answer(text: string, is_error: boolean): void {
		this.admin.send(stanza("repl-result", is_error ? { type: "error" } : {}).text(sendable(text)));
	}

	private request(type: string): Promise<string> {
		if (!this.admin.takes_questions) return Promise.reject(new Error("nobody can be asked here"));
		const [oldest] = this.inputs.keys();
		if (this.inputs.size >= most_inputs && oldest !== undefined) this.finish(oldest)?.cancel("cancelled");
		const input_id = id.short();
		const asked = new Promise<string>((submit, reject) => {
			this.inputs.set(input_id, { submit, cancel: (reason) => reject(new Error(reason)) });
		});
		this.admin.send(stanza("repl-request-input", { type, id: input_id }));
		return asked;
	}

	private finish(input_id: string): PendingInput | undefined {
		const input = this.inputs.get(input_id);
		this.inputs.delete(input_id);
		return input;
	}

	/** Takes what was asked for. */
	receive(answer: Stanza): void {
		const input = this.finish(answer.attr["id"] ?? "");
		const text = answer.get_text() ?? "";
		if (input === undefined) this.answer("Internal error - unexpected input", true);
		else if ((answer.attr["status"] ?? "submit") === "submit") input.submit(text);
		else input.cancel(answer.attr["status"] === "cancel" && text !== "" ? text : "cancelled");
	}

	/** Nobody is there any more. */
	end(): void {
		this.is_over = true;
		for (const input_id of [...this.inputs.keys()]) this.finish(input_id)?.cancel("cancelled");
		this.leave();
	}
}
