// Counterpart: plugins/mod_admin_shell.lua (commands.help, def_env.help, help_topic)

import { format_table } from "../../util/human/table.ts";
import { available_columns } from "./columns.ts";
import { type Command, done, type Outcome, type Shell } from "./command.ts";
import type { CommandTable } from "./table.ts";

interface Topic {
	readonly desc: string;
	show(shell: Shell): void;
}

function text_topic(desc: string, text: string): Topic {
	return { desc, show: (shell) => shell.print(text) };
}

/** Every column that sessions can be listed with. */
function show_columns(shell: Shell): void {
	shell.print("The columns shown by c2s:show() and s2s:show() can be customizied via the");
	shell.print("'columns' argument as described here.");
	shell.print("");
	shell.print('Columns can be specified either as "id jid ipv" or as {"id", "jid", "ipv"}.');
	shell.print("Available columns are:");
	const rows = [...available_columns()]
		.map(([id, { title, desc }]) => ({ id, title, desc }))
		.sort((a, b) => (a.id < b.id ? -1 : 1));
	const widest = (field: "id" | "title" | "desc", least: number): number =>
		Math.max(least, ...rows.map((row) => row[field].length));
	const table = format_table<(typeof rows)[number]>(
		[
			{ title: "ID", width: widest("id", 5), value: ({ id }) => id },
			{ title: "Column Title", width: widest("title", 12), value: ({ title }) => title },
			{ title: "Description", width: widest("desc", 12), value: ({ desc }) => desc },
		],
		shell.width,
	);
	shell.print(table.titles());
	for (const row of rows) shell.print(table.row(row));
	shell.print("");
	shell.print("Most fields on the internal session structures can also be used as columns");
}

const topics: ReadonlyMap<string, Topic> = new Map([
	["columns", { desc: "Information about customizing session listings", show: show_columns }],
	[
		"console",
		text_topic(
			"Help regarding the console itself",
			`Type 'quit' or press Ctrl+D to leave the console.

A command is SECTION:COMMAND(ARGUMENTS); its arguments are texts in quotes, numbers, true, false, nil, or tables such
as { "a", "b" }. On a command line, its parts are words: SECTION COMMAND ARGUMENT…

A line that begins with > is Lua, and reaches everything that modules in Lua do. Nothing keeps it from breaking things.
`,
		),
	],
	[
		"roles",
		text_topic(
			"Show information about user roles",
			`Roles may grant access or restrict users from certain operations.

Built-in roles are:
  prosody:guest      - Guest/anonymous user
  prosody:registered - Registered user
  prosody:member     - Provisioned user
  prosody:admin      - Host administrator
  prosody:operator   - Server administrator

To view roles and policies, see the commands in 'help role'.

Roles can be assigned using the user management commands (see 'help user').
`,
		),
	],
]);

/** All sections and topics. */
export function show_overview(shell: Shell, table: CommandTable): void {
	shell.print("Commands are divided into multiple sections. For help on a particular section, ");
	shell.print("type: help SECTION (for example, 'help c2s'). Sections are: ");
	shell.print("");
	const sections = format_table<string>(
		[
			{ title: "Section", width: 7, value: (name) => name },
			{ title: "Description", width: "100%", value: (name) => table.desc(name) },
		],
		shell.width,
	);
	shell.print(sections.titles());
	for (const name of table.names()) shell.print(sections.row(name));
	shell.print("");
	shell.print("In addition to info about commands, the following general topics are available:");
	shell.print("");
	for (const [name, { desc }] of topics) shell.print(`${name} - ${desc}`);
}

function show_flags(shell: Shell, { flags = {} }: Command): void {
	const names = (params: Readonly<Record<string, unknown>> | undefined): string[] => Object.keys(params ?? {}).sort();
	const dashed = (name: string): string => `      --${name.replaceAll("_", "-")}`;
	shell.print("");
	shell.print("    Flags:");
	for (const name of names(flags.kv_params)) shell.print(dashed(name));
	for (const name of names(flags.value_params)) shell.print(`${dashed(name)} <${name}>`);
	for (const name of names(flags.array_params)) shell.print(`${dashed(name)} <${name}>, ...`);
}

function show_command(shell: Shell, section: string, command: Command): void {
	const { name, args, desc } = command;
	if (shell.is_interactive) {
		shell.print(`${section}:${name}(${args.map((arg) => arg.name).join(", ")}) - ${desc}`);
		return;
	}
	shell.print(`${section} ${name} ${args.map((arg) => `<${arg.name}>`).join(" ")}`);
	shell.print(`    ${desc}`);
	if (command.flags !== undefined) show_flags(shell, command);
	shell.print("");
}

/** Help about a section or a topic. */
export function show_help(shell: Shell, table: CommandTable, name: string): Outcome {
	const topic = topics.get(name);
	if (!table.has(name) && topic !== undefined) {
		topic.show(shell);
		shell.print("");
		return done(`Showing help topic '${name}'`);
	}
	const listed = table.commands(name).filter(({ hidden }) => hidden !== true);
	if (table.has(name)) {
		const desc = table.desc(name);
		shell.print(`Help: ${name}`);
		if (desc !== undefined) shell.print(desc);
		shell.print("-".repeat((desc ?? name).length));
		shell.print("");
		for (const command of listed) show_command(shell, name, command);
	} else shell.print(`Unknown topic: ${name}`);
	shell.print("");
	return done(`${listed.length} command(s) listed`);
}
