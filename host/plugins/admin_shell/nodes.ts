// No counterpart: a line that is typed at one node of a cluster, and concerns others.

import type { ModuleApi, Question } from "../../core/types.ts";
import { fields_of, list_of, text_of } from "../../util/cluster/read.ts";
import * as jid from "../../util/jid.ts";
import type { Command, LineAnswer, Shell, ShellValue } from "./command.ts";

/** A line for another node, and how wide its answer may be. */
interface AskedLine {
	readonly line: string;
	readonly width: number;
}

/** What came of it. */
interface ToldLine extends LineAnswer {
	/** What was printed before. */
	readonly printed: readonly string[];
}

const shell_line: Question<AskedLine, ToldLine> = {
	name: "shell-line",
	read_asked(given) {
		const fields = fields_of(given);
		const [line, width] = [text_of(fields?.["line"]), fields?.["width"]];
		return line === undefined || typeof width !== "number" ? undefined : { line, width };
	},
	read_answer(given) {
		const fields = fields_of(given);
		const [text, printed] = [text_of(fields?.["text"]), list_of(fields?.["printed"], text_of)];
		return text === undefined || printed === undefined ? undefined : { text, printed, is_error: fields?.["is_error"] === true };
	},
};

/** A shell of another node's administrator: what is printed is collected, and nobody can be asked. */
function collecting_shell(width: number, printed: string[]): Shell {
	let begun = "";
	const print = (...values: readonly string[]): void => {
		printed.push(begun + values.join("\t"));
		begun = "";
	};
	return {
		width,
		is_interactive: false,
		print,
		print_certainly: print,
		write: (text) => {
			begun += text;
		},
		request_password: () => Promise.reject(new Error("nobody can be asked on another node")),
		gone: new Promise(() => {}),
		is_connected: () => true,
	};
}

/** The words of a result behind `OK: ` and the like. */
const result_form = /^(?:OK|Error|Result): (.*)$/s;

type Told = readonly [node: string, answer: LineAnswer];

/** What was said, without the word that it begins with. */
function words_of({ text }: LineAnswer): string {
	return result_form.exec(text)?.[1] ?? text;
}

function one_after_the_other(told: readonly Told[]): string {
	return told.map(([node, answer]) => `${node}: ${words_of(answer)}`).join("; ");
}

/** One text of those of all processes of a server: what all of them say is said once. */
function said_once(told: readonly Told[]): string {
	const texts = new Set(told.map(([, answer]) => words_of(answer)));
	return texts.size === 1 ? [...texts].join("") : one_after_the_other(told);
}

/** One text of those of all nodes: the same words with the numbers added up, or one after the other. */
function added_up(told: readonly Told[]): string {
	const texts = told.map(([, answer]) => words_of(answer));
	const words = new Set(texts.map((text) => text.replace(/\b\d+\b/g, "#")));
	if (words.size === 1 && told.every(([, { is_error }]) => !is_error)) {
		const numbers = texts.map((text) => (text.match(/\b\d+\b/g) ?? []).map(Number));
		let place = 0;
		return (texts[0] ?? "").replace(/\b\d+\b/g, () => {
			const total = numbers.reduce((sum, own) => sum + (own[place] ?? 0), 0);
			place++;
			return String(total);
		});
	}
	return one_after_the_other(told);
}

/** Takes lines to other nodes. */
export class ShellNodes {
	constructor(private readonly module: ModuleApi) {}

	/**
	 * Runs lines of other nodes.
	 * @returns what ends that
	 */
	answer(handle: (shell: Shell, line: string) => LineAnswer | Promise<LineAnswer>): () => void {
		return this.module.server.nodes.answer(shell_line, async ({ line, width }) => {
			const printed: string[] = [];
			const { text, is_error } = await handle(collecting_shell(width, printed), line);
			return { text, is_error, printed };
		});
	}

	/**
	 * Runs a command where it has to be run.
	 * @param here runs it on this node
	 */
	run(
		shell: Shell,
		command: Command,
		args: readonly ShellValue[],
		line: string,
		here: () => LineAnswer | Promise<LineAnswer>,
	): LineAnswer | Promise<LineAnswer> {
		const { cluster } = this.module.server;
		if (cluster === undefined || command.nodes === undefined) return here();
		if (command.nodes === "all") return this.run_everywhere(shell, line, here, added_up);
		if (command.nodes === "workers") return cluster.neighbours ? this.run_everywhere(shell, line, here, said_once) : here();
		const [about] = args;
		const key = typeof about === "string" ? jid.bare(jid.prep(about)) : undefined;
		// What is wrong with the argument is said by the command
		if (key === undefined || !this.module.server.hosts.has(jid.host(key) ?? "")) return here();
		return this.run_there(shell, key, line);
	}

	/** @param in_one makes one text of what all have said */
	private async run_everywhere(
		shell: Shell,
		line: string,
		here: () => LineAnswer | Promise<LineAnswer>,
		in_one: (told: readonly Told[]) => string,
	): Promise<LineAnswer> {
		const { nodes } = this.module.server;
		const asking = nodes.ask_others(shell_line, { line, width: shell.width });
		shell.print(`Node ${nodes.own}:`);
		const told: Told[] = [[nodes.own, await here()]];
		const { answers, missing } = await asking;
		for (const { node, answer } of answers) {
			shell.print(`Node ${node}:`);
			for (const one of answer.printed) shell.print(one);
			told.push([node, answer]);
		}
		for (const [node, why] of missing) told.push([node, { text: `Error: ${why}`, is_error: true }]);
		const is_error = told.some(([, answer]) => answer.is_error);
		return { text: `${is_error ? "Error" : "OK"}: ${in_one(told)}`, is_error };
	}

	private async run_there(shell: Shell, key: string, line: string): Promise<LineAnswer> {
		const told = await this.module.server.nodes.ask_owner(key, shell_line, { line, width: shell.width });
		if (!told.ok) return { text: `Error: ${told.error}`, is_error: true };
		const { printed, text, is_error } = told.value.answer;
		for (const one of printed) shell.print(one);
		return { text, is_error };
	}
}
