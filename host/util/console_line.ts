// Counterpart: plugins/mod_admin_shell.lua (handle_line, process_cmd_line), which has Lua run what is typed

import type { Result } from "./error.ts";
import type { LuaValue } from "./luatable.ts";
import { read } from "./serialization/reader.ts";

/** One step of what is typed: `:show("romeo@example.com")` has arguments, `.name` has none. */
export interface ConsoleStep {
	readonly name: string;
	readonly args: readonly (LuaValue | undefined)[] | undefined;
}

/** What is typed: a value, or a name with steps behind it, such as `muc:room("tea@rooms.example.com"):get_name()`. */
export type ConsoleLine =
	| { readonly kind: "value"; readonly value: LuaValue | undefined }
	| { readonly kind: "call"; readonly first: string; readonly steps: readonly ConsoleStep[] };

/** Words that are values and no names. */
const value_words: ReadonlySet<string> = new Set(["nil", "true", "false", "not"]);

/** Reads a line of the console. Nothing is run: an error says what was expected instead of what was found. */
export function read_console_line(line: string): Result<ConsoleLine, string> {
	const begins_with = /^\s*([A-Za-z_]\w*)/.exec(line)?.[1];
	return read(line, (reader) => {
		if (begins_with === undefined || value_words.has(begins_with)) {
			const value = reader.value(1);
			reader.expect_end();
			return { kind: "value", value };
		}
		const first = reader.expect_name();
		const steps: ConsoleStep[] = [];
		for (;;) {
			if (reader.take(":")) steps.push({ name: reader.expect_name(), args: reader.call_arguments() });
			else if (reader.take(".")) {
				const name = reader.expect_name();
				steps.push({ name, args: reader.has_arguments ? reader.call_arguments() : undefined });
			} else break;
		}
		reader.skip_semicolons();
		reader.expect_end();
		return { kind: "call", first, steps };
	});
}

/** Reads the words of a command line that came as a Lua list of texts; undefined where it is none. */
export function read_words(line: string): string[] | undefined {
	const list = read(line, (reader) => {
		const value = reader.value(1);
		reader.expect_end();
		return value;
	});
	if (!list.ok || !Array.isArray(list.value)) return undefined;
	const words = list.value.filter((word) => typeof word === "string");
	return words.length === list.value.length ? words : undefined;
}
