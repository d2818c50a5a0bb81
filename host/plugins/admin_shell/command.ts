// Counterpart: plugins/mod_admin_shell.lua (new_section, describe_command), teal-src/module.d.tl (shell-command)

import type { FlagSettings, ParsedArguments } from "../../util/argparse.ts";
import type { LuaValue } from "../../util/luatable.ts";

/** What is handed to a command, or comes of one: Lua's values, undefined for nil. */
export type ShellValue = LuaValue | undefined;

/** What a command answers with that more can be asked of: `muc:room(…):get_name()`, `stats:show():histogram()`. */
export interface ShellObject {
	/** Calls a method; undefined where there is none of that name. */
	call(name: string, args: readonly ShellValue[]): Outcome | Promise<Outcome> | undefined;
	/** How it shows where nothing more is asked of it. */
	show(): string;
}

/**
 * What came of a command: `Result: …` where it is only a value, `OK: …` where there is a message, `Error: …` where it was refused.
 */
export type Outcome =
	| { readonly kind: "result"; readonly value: ShellValue }
	| { readonly kind: "ok"; readonly message: string }
	| { readonly kind: "error"; readonly message: string }
	| { readonly kind: "object"; readonly object: ShellObject };

export function done(message: string): Outcome {
	return { kind: "ok", message };
}

export function refused(message: string): Outcome {
	return { kind: "error", message };
}

export function result(value: ShellValue): Outcome {
	return { kind: "result", value };
}

/** What is sent when a line is done. */
export interface LineAnswer {
	readonly text: string;
	readonly is_error: boolean;
}

/** Whoever typed a command, as the command sees it. */
export interface Shell {
	/** Characters that a line may have. */
	readonly width: number;
	/** Whether somebody types, and not a command line that only wants this one answer. */
	readonly is_interactive: boolean;
	/** Prints a line; several values stand apart by tabs. */
	print(...values: readonly string[]): void;
	/** The same for lines that have nothing to do with what is stored, such as those of the log. */
	print_certainly(...values: readonly string[]): void;
	/** Prints a part of a line. */
	write(text: string): void;
	/** Asks for a password; the promise fails where none is given. */
	request_password(): Promise<string>;
	/** Resolved when nobody is there any more. */
	readonly gone: Promise<void>;
	is_connected(): boolean;
	/**
	 * Has a command run on those nodes of a cluster that it is for; undefined where it is to run here in any case.
	 * @param here runs it on this node
	 */
	readonly spread?: (
		command: Command,
		args: readonly ShellValue[],
		here: () => LineAnswer | Promise<LineAnswer>,
	) => LineAnswer | Promise<LineAnswer>;
}

/** What stands between the parentheses of a command, by name. */
export interface ShellArgument {
	readonly name: string;
	readonly type?: string;
}

/** What can be typed: `SECTION:NAME(ARGUMENTS)`. */
export interface Command {
	readonly name: string;
	readonly args: readonly ShellArgument[];
	/** What it does, in one line. */
	readonly desc: string;
	/** Not shown by the help. */
	readonly hidden?: boolean;
	/**
	 * In a cluster: it runs on all nodes, on all that are the processes of one server, or on the one that serves its first argument, which is
	 * a JID. Where nothing is said, on that one where it was typed.
	 */
	readonly nodes?: "all" | "workers" | "owner";
	/** Words with dashes that it takes on a command line; they come as a table behind the arguments. */
	readonly flags?: FlagSettings;
	run(shell: Shell, args: readonly ShellValue[], flags: ParsedArguments["flags"] | undefined): Outcome | Promise<Outcome>;
}

/** Commands that belong together. */
export interface Section {
	readonly name: string;
	readonly desc: string;
	readonly commands: readonly Command[];
}

type Run = Command["run"];

/**
 * A command.
 * @param usage how it is called, as the help shows it: `show(jid, columns)`
 */
export function command(usage: string, desc: string, run: Run, extra: Pick<Command, "hidden" | "flags" | "nodes"> = {}): Command {
	const [, name = usage, args = ""] = /^(\w+)\((.*)\)$/.exec(usage) ?? [];
	return { name, args: [...args.matchAll(/\w+/g)].map(([word]) => ({ name: word })), desc, ...extra, run };
}

/** What a module offers by `module:add_item("shell-command", …)`. */
export interface ShellCommandItem extends Command {
	readonly section: string;
	readonly section_desc?: string;
	readonly help?: string;
	/** The argument whose host decides which host's module is meant; needed where the module is loaded on a host. */
	readonly host_selector?: string;
	/** The module that offers it. */
	readonly provided_by?: string;
}

declare module "../../core/types.ts" {
	interface ItemTypes {
		"shell-command": ShellCommandItem;
	}
	interface EventMap {
		/**
		 * A command was typed that no module offers; a handler answers with the one that is in `env`, the shared table `admin_shell/env`,
		 * where modules in Lua put functions by section and name. Not fired by Prosody.
		 */
		"shell-command-wanted": { readonly env: ReadonlyMap<string, unknown>; readonly section: string; readonly name: string };
	}
}

/** A value as Lua shows it. */
export function show_value(value: ShellValue): string {
	if (value === undefined) return "nil";
	if (typeof value !== "object") return String(value);
	return "table";
}

/** Thrown where an argument is not what a command needs: what was expected, for whoever typed it. */
export class BadArgument extends Error {}

/** A text among the arguments. Throws a {@link BadArgument} that names it where it is missing. */
export function text_of(value: ShellValue, name: string): string {
	if (typeof value === "string") return value;
	if (typeof value === "number") return String(value);
	throw new BadArgument(`expected ${name} as a text, got ${value === undefined ? "nothing" : typeof value}`);
}

/** The same, where it may be left out. */
export function optional_text(value: ShellValue, name: string): string | undefined {
	return value === undefined ? undefined : text_of(value, name);
}
