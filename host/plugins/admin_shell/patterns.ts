// Counterpart: lstrlib.c (what of Lua's patterns is typed into a console)

import { BadArgument } from "./command.ts";

const classes: Readonly<Record<string, string>> = {
	a: "A-Za-z",
	d: "0-9",
	l: "a-z",
	p: "!-/:-@\\[-`{-~",
	s: "\\t-\\r ",
	u: "A-Z",
	w: "A-Za-z0-9",
	x: "A-Fa-f0-9",
	c: "\\0-\\x1f\\x7f",
	g: "!-~",
};

/** One letter behind a `%`, in brackets or outside. */
function escaped(letter: string, in_set: boolean): string {
	const lower = letter.toLowerCase();
	const known = classes[lower];
	if (known === undefined) return letter.replace(/[\\\]^\-$.*+?()[{}|/]/g, "\\$&");
	if (letter === lower) return in_set ? known : `[${known}]`;
	if (in_set) throw new BadArgument(`%${letter} in brackets is not understood here`);
	return `[^${known}]`;
}

/**
 * Makes a test of a pattern in Lua's spelling: `^a`, `%d+`, `[aeiou].-x`. `%b`, `%f` and repeated captures are refused.
 * Throws a {@link BadArgument} where it makes no sense.
 */
export function lua_pattern(pattern: string): (text: string) => boolean {
	let source = "";
	let in_set = false;
	for (let at = 0; at < pattern.length; at++) {
		const sign = pattern.charAt(at);
		if (sign === "%") {
			const letter = pattern.charAt(++at);
			if (letter === "" || /[bf0-9]/.test(letter)) throw new BadArgument(`the pattern ${pattern} is not understood here`);
			source += escaped(letter, in_set);
		} else if (in_set) {
			const is_first = /\[\^?$/.test(source);
			if (sign === "]" && !is_first) in_set = false;
			source += sign === "\\" || (sign === "]" && is_first) || sign === "[" ? `\\${sign}` : sign;
		} else if (sign === "[") {
			in_set = true;
			source += sign;
		} else if (sign === "^" || sign === "$") {
			const is_anchor = sign === "^" ? at === 0 : at === pattern.length - 1;
			source += is_anchor ? sign : `\\${sign}`;
		} else if (sign === "-") source += source === "" || source === "^" ? "\\-" : "*?";
		else source += /[\\{}|/\]]/.test(sign) ? `\\${sign}` : sign;
	}
	try {
		const expression = new RegExp(source, "s");
		return (text) => expression.test(text);
	} catch {
		throw new BadArgument(`the pattern ${pattern} makes no sense`);
	}
}
