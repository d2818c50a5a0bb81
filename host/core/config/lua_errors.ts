// Counterpart: util/startup.lua (read_config) and core/configmanager.lua, where they put Lua's errors into an administrator's words
import { nearest_name } from "./nearest_name.ts";

/** The words a configuration may begin a statement with, besides option names. */
const vocabulary = [
	"VirtualHost",
	"Component",
	"Include",
	"Host",
	"FileContents",
	"FileLine",
	"FileLines",
	"Credential",
	"RunScript",
	"Lua",
] as const;

const ran_too_long = /^ran longer than ([0-9.]+) s\b/;
const called_nil = /^attempt to call a nil value \(global '([^']*)'\)$/;
const used_nil = /^attempt to [a-z ]+ a nil value \(global '([^']*)'\)/;

/** Hints by what the compiler's message looks like; the first that fits is added. */
const syntax_hints: readonly (readonly [RegExp, string])[] = [
	[/^unfinished (?:long )?string/, "the closing quote is missing"],
	[/near '@'$/, 'an address needs quotes: "user@example.com"'],
	[/near '<\\\d+>'$/, 'text needs plain quotes: "text"; typographic quotes and letters outside quotes are not understood'],
	[/^'=' expected/, "expected name = value"],
	[/^'}' expected/, "expected a comma or semicolon between the items of a list, and quotes around text"],
	[/near <eof>$/, "the file ends too early: a closing bracket, quote or value is missing"],
	[/^stack overflow/, "a function calls itself without end"],
	[/^(?:syntax error|unexpected symbol) near/, "expected name = value, with quotes around text and host names"],
];

function explain_call(name: string): string {
	const meant = nearest_name(name, vocabulary);
	if (meant !== undefined) return `'${name}' is not known here; did you mean ${meant}?`;
	if (/^[A-Z]/.test(name)) return `'${name}' is not known here; expected VirtualHost, Component or Include, or name = value`;
	return `'${name}' is not set in this section, so nothing can be added to it; expected ${name} = value (is the '=' missing?)`;
}

/** Puts an error message of Lua's compiler or interpreter, without its position, into words that say what was expected. */
export function explain_error(message: string): string {
	const seconds = ran_too_long.exec(message)?.[1];
	if (seconds !== undefined) return `gave up after ${seconds} seconds; is there a loop that does not end?`;
	const called = called_nil.exec(message)?.[1];
	if (called !== undefined) return explain_call(called);
	const used = used_nil.exec(message)?.[1];
	if (used !== undefined) return `${message}; '${used}' is not set in this section, you may be missing quotes around it`;
	if (message === "attempt to load a binary chunk (mode is 't')")
		return "compiled Lua is not accepted; expected the text of a configuration";
	const hint = syntax_hints.find(([pattern]) => pattern.test(message))?.[1];
	return hint === undefined ? message : `${message}; ${hint}`;
}
