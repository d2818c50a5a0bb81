// Counterpart: plugins/mod_admin_shell.lua (handle_line, process_cmd_line)

import { parse_arguments } from "../../util/argparse.ts";
import { type ConsoleStep, read_console_line, read_words } from "../../util/console_line.ts";
import {
	BadArgument,
	type Command,
	type LineAnswer,
	type Outcome,
	refused,
	result,
	type Shell,
	type ShellValue,
	show_value,
} from "./command.ts";
import { show_help, show_overview } from "./help.ts";
import type { CommandTable } from "./table.ts";

export type { LineAnswer } from "./command.ts";

const nothing: LineAnswer = { text: "", is_error: false };

function failure(text: string): LineAnswer {
	return { text, is_error: true };
}

function answer_of(outcome: Outcome): LineAnswer {
	switch (outcome.kind) {
		case "ok":
			return { text: `OK: ${outcome.message}`, is_error: false };
		case "error":
			return failure(`Error: ${outcome.message}`);
		case "result":
			return { text: `Result: ${show_value(outcome.value)}`, is_error: false };
		case "object":
			return { text: `Result: ${outcome.object.show()}`, is_error: false };
	}
}

/** Asks more of what a command answered with. */
async function follow(outcome: Outcome, steps: readonly ConsoleStep[]): Promise<Outcome> {
	let current = outcome;
	for (const { name, args } of steps) {
		if (current.kind === "error") return current;
		if (current.kind !== "object") return refused(`there is nothing to ask '${name}' of`);
		const next = current.object.call(name, args ?? []);
		if (next === undefined) return refused(`there is no method '${name}'`);
		current = await next;
	}
	return current;
}

/** Runs a command, and what is asked of its answer. What takes no time is answered at once, in the same turn. */
function run(
	shell: Shell,
	command: Command,
	args: readonly ShellValue[],
	steps: readonly ConsoleStep[],
): LineAnswer | Promise<LineAnswer> {
	const here = (): LineAnswer | Promise<LineAnswer> => {
		const outcome = command.run(shell, args, undefined);
		if (!(outcome instanceof Promise) && steps.length === 0) return answer_of(outcome);
		return Promise.resolve(outcome)
			.then((first) => follow(first, steps))
			.then(answer_of);
	};
	return shell.spread?.(command, args, here) ?? here();
}

/** Explains that there is no such command, to somebody who typed it. */
function unknown_command(table: CommandTable, section: string): string {
	return table.has(section)
		? `Command not found or necessary module not loaded. Try 'help ${section} for a list of available commands.`
		: "Command not found. Is the necessary module loaded?";
}

/** Runs the words of a command line: section, command, and arguments, which are all texts. */
function run_words(shell: Shell, table: CommandTable, words: readonly string[]): LineAnswer | Promise<LineAnswer> {
	const [section = "", name = "", ...rest] = words;
	if (section === "help") return help(shell, table, words.slice(1));
	const command = table.find(section, name);
	if (command === undefined) return failure(`Error: ${unknown_command(table, section)}`);
	if (command.flags !== undefined) {
		const parsed = parse_arguments(rest, command.flags);
		if (!parsed.ok) {
			const { kind, param } = parsed.error;
			return failure(`Error: ${kind === "missing-value" ? "Expected value after " : "Unknown parameter: "}${param}`);
		}
		const outcome = command.run(shell, parsed.value.positional, parsed.value.flags);
		return outcome instanceof Promise ? outcome.then(answer_of) : answer_of(outcome);
	}
	// muc room tea@rooms.example.com :get_name
	const steps: { name: string; args: string[] }[] = [];
	const args: string[] = [];
	for (const word of rest) {
		if (word.startsWith(":")) steps.push({ name: word.slice(1), args: [] });
		else (steps.at(-1)?.args ?? args).push(word);
	}
	return run(shell, command, args, steps);
}

function help(shell: Shell, table: CommandTable, words: readonly string[]): LineAnswer {
	const [topic] = words;
	if (topic === undefined) show_overview(shell, table);
	else show_help(shell, table, topic);
	return nothing;
}

function run_call(
	shell: Shell,
	table: CommandTable,
	first: string,
	steps: readonly ConsoleStep[],
): LineAnswer | Promise<LineAnswer> {
	const [step, ...rest] = steps;
	if (step === undefined) return answer_of(result(table.has(first) || first === "help" ? {} : undefined));
	if (first === "help") return answer_of(show_help(shell, table, step.name));
	const command = table.find(first, step.name);
	if (command === undefined && !table.has(first)) {
		return failure(`Sorry, I couldn't understand that... there is no section '${first}': 'help' lists all`);
	}
	if (command === undefined || step.args === undefined) {
		return failure(`Sorry, I couldn't understand that... '${first}' has no command '${step.name}': 'help ${first}' lists all`);
	}
	return run(shell, command, step.args, rest);
}

/** Runs Lua; undefined where there is none. */
export type LuaRunner = (code: string, print: (text: string) => void) => LineAnswer | undefined;

function run_line(shell: Shell, table: CommandTable, line: string, run_lua: LuaRunner): LineAnswer | Promise<LineAnswer> {
	if (line.startsWith(">")) return run_lua(line.slice(1), (text) => shell.print(text)) ?? failure("Error: There is no Lua here");
	const asked = /^\s*help(?:\s+(\w+))?\s*$/i.exec(line);
	if (asked) return help(shell, table, asked[1] === undefined ? [] : [asked[1]]);
	const words = line.startsWith("{") ? read_words(line) : undefined;
	if (words !== undefined) return run_words(shell, table, words);
	const read = read_console_line(line);
	if (!read.ok) return failure(`Sorry, I couldn't understand that... ${read.error.replace(/^line 1: /, "")}`);
	if (read.value.kind === "value") return answer_of(result(read.value.value));
	return run_call(shell, table, read.value.first, read.value.steps);
}

/**
 * Runs what was typed.
 * @param report told of what a command throws that is no answer to whoever typed it
 */
export function handle_line(
	shell: Shell,
	table: CommandTable,
	line: string,
	run_lua: LuaRunner,
	report: (error: unknown) => void,
): LineAnswer | Promise<LineAnswer> {
	const explain = (error: unknown): LineAnswer => {
		if (error instanceof BadArgument) return failure(`Error: ${error.message}`);
		report(error);
		return failure(error instanceof Error ? error.message : String(error));
	};
	try {
		const answer = run_line(shell, table, line, run_lua);
		return answer instanceof Promise ? answer.catch(explain) : answer;
	} catch (error) {
		return explain(error);
	}
}
