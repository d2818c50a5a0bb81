// Counterpart: util/prosodyctl/shell.lua

import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { version } from "../composition.ts";
import { AdminClient, type AdminListener, type LineResult } from "../core/admin_client.ts";
import { refuse } from "./opening.ts";
import { find_place, type Place, type PlaceOptions, placed, print_output, run_there, terminal_width } from "./place.ts";

/** The same name and layout as Prosody's, so that lines typed there are known here. */
const history_name = ".shell_history";
const longest_history = 1000;
const leaving: ReadonlySet<string> = new Set(["quit", "exit", "bye"]);

/** Asks for a password at the terminal, or takes it from what is piped in. */
async function ask(type: string): Promise<string | undefined> {
	if (type !== "password") return undefined;
	const { ask_password } = await import("../core/adduser.ts");
	const password = await ask_password("the account");
	return password === "" ? undefined : password;
}

/** What can be typed, as the server's help tells it: sections, and the commands of each. */
class Vocabulary {
	private lines: string[] | undefined;
	private readonly commands = new Map<string, string[]>();
	private sections: string[] | undefined;

	constructor(private readonly help: (topic: string) => Promise<void>) {}

	/** Takes a line that the server prints while the help is asked for; false where it is for people. */
	take(text: string): boolean {
		this.lines?.push(...text.split("\n"));
		return this.lines !== undefined;
	}

	private async ask(topic: string): Promise<string[]> {
		this.lines = [];
		await this.help(topic);
		const lines = this.lines;
		this.lines = undefined;
		return lines;
	}

	/** What may follow what was typed. */
	async complete(typed: string): Promise<[string[], string]> {
		const [, section, begun = ""] = /^(\w+):(\w*)$/.exec(typed) ?? [];
		if (section === undefined) {
			this.sections ??= (await this.ask("help")).flatMap((line) => /^(\w+)\s+\| /.exec(line)?.[1] ?? []).slice(1);
			const [, before = "", word = ""] = /^(help )?(\w*)$/.exec(typed) ?? [];
			if (!/^(?:help )?\w*$/.test(typed)) return [[], typed];
			return [this.sections.filter((name) => name.startsWith(word)).map((name) => (before === "" ? `${name}:` : name)), word];
		}
		let known = this.commands.get(section);
		if (known === undefined) {
			known = (await this.ask(`help ${section}`)).flatMap((line) => /^\w+:(\w+)\(/.exec(line)?.[1] ?? []);
			this.commands.set(section, known);
		}
		return [known.filter((name) => name.startsWith(begun)).map((name) => `${section}:${name}(`), typed];
	}
}

/** Lines that were typed before, newest first. */
function read_history(path: string): string[] {
	try {
		return readFileSync(path, "utf8").split("\n").filter(Boolean).slice(-longest_history).reverse();
	} catch {
		return [];
	}
}

/** Keeps a line for the next time, where that can be. */
function remember(path: string, line: string): void {
	try {
		appendFileSync(path, `${line}\n`, { mode: 0o600 });
	} catch {
		// A history is nothing that anything depends on
	}
}

/** Asks for one line; undefined at the end of the input. */
function read_line(prompt: string, history: string[], vocabulary: Vocabulary): Promise<string | undefined> {
	const reader = createInterface({
		input: process.stdin,
		output: process.stdout,
		history: [...history],
		historySize: longest_history,
		removeHistoryDuplicates: true,
		completer: (typed: string, callback: (error: Error | null, found: [string[], string]) => void) => {
			vocabulary.complete(typed).then(
				(found) => callback(null, found),
				() => callback(null, [[], typed]),
			);
		},
	});
	return new Promise((resolve) => {
		reader.on("close", () => resolve(undefined));
		reader.question(prompt, (line) => {
			resolve(line);
			reader.close();
		});
	});
}

/** What is typed at a terminal, or piped in. */
async function* typed_lines(prompt: string, history: string[], vocabulary: Vocabulary): AsyncGenerator<string, void> {
	if (!process.stdin.isTTY) {
		yield* createInterface({ input: process.stdin });
		return;
	}
	for (;;) {
		const line = await read_line(prompt, history, vocabulary);
		if (line === undefined) return;
		history.unshift(line);
		yield line;
	}
}

function show(text: string, is_error: boolean): void {
	const lines = `${is_error ? "!" : "|"} ${text}`;
	process.stdout.write(is_error && process.stdout.isTTY ? `\u001b[31m${lines}\u001b[0m\n` : `${lines}\n`);
}

/** What is shown first: the option's own text, or ours where it names one of Prosody's (`full`, `graphic`, `short`) or none. */
function banner_of(option: unknown): string {
	const is_own = typeof option === "string" && !["full", "graphic", "short"].includes(option);
	return is_own ? option : `Enjamb ${version}. For a list of commands, type: help`;
}

/** Reads commands and shows their answers until somebody has enough of it. */
async function converse(place: Place): Promise<void> {
	const prompt = place.config.get("*", "admin_shell_prompt");
	const history_path = join(place.data, history_name);
	const history = read_history(history_path);
	const listener: AdminListener = {
		output(text, is_error) {
			if (!vocabulary.take(text)) show(text, is_error);
		},
		// What is piped in is commands
		...(process.stdin.isTTY ? { ask } : {}),
	};
	const connected = await AdminClient.connect(place.socket, listener);
	if (!connected.ok) refuse(connected.error);
	const client = connected.value;
	const run = (line: string): Promise<LineResult | undefined> => client.run(line, terminal_width(), true);
	const vocabulary = new Vocabulary(async (topic) => void (await run(topic)));
	client.ended.then(() => {
		process.stdout.write("--- session closed ---\n");
		process.exit(0);
	});
	process.stdout.write(`${banner_of(place.config.get("*", "console_banner"))}\n`);
	for await (const line of typed_lines(typeof prompt === "string" ? prompt : "enjamb> ", history, vocabulary)) {
		if (leaving.has(line.trim())) break;
		if (line.trim() === "") continue;
		if (process.stdin.isTTY) remember(history_path, line);
		const result = await run(line);
		if (result !== undefined) show(result.text, result.is_error);
	}
	process.exit(0);
}

/** Runs one command, and ends with 1 where it was refused. */
async function run_once(place: Place, words: readonly string[]): Promise<void> {
	const ran = await run_there(place, words, { ...print_output, ask });
	if (!ran.ok) refuse(ran.error);
	const { text, is_error } = ran.value;
	(is_error ? process.stderr : process.stdout).write(`${text}\n`);
	process.exitCode = is_error ? 1 : 0;
}

export function add_shell(program: Command): void {
	program.enablePositionalOptions();
	placed(program.command("shell"))
		.description("type commands into a running server; with words, only that one: shell user list example.com")
		.argument("[words...]", "a section, a command and its arguments, or a whole line such as 'c2s:show()'")
		.passThroughOptions()
		.action(async (words: string[], options: PlaceOptions) => {
			const place = await find_place(options);
			await (words.length === 0 ? converse(place) : run_once(place, words));
		});
}
