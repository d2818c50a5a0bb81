// Counterpart: lparser.c of Lua 5.4 (attribs), which fengari's parser of 5.3 has not

import { failed, ok, type Result } from "../../host/util/error.ts";

const attribute = "[ \\t\\r\\n]*<[ \\t\\r\\n]*(?:const|close)[ \\t\\r\\n]*>";
const name = "[A-Za-z_][A-Za-z0-9_]*";
const attributed_name = `${name}(?:${attribute})?`;

/** Comments and strings, in which nothing is looked for, and the names that a statement declares. */
const pieces = new RegExp(
	[
		"--\\[(=*)\\[[^]*?\\]\\1\\]",
		"--[^\\n]*",
		"\\[(=*)\\[[^]*?\\]\\2\\]",
		'"(?:\\\\[^]|[^"\\\\\\n])*"',
		"'(?:\\\\[^]|[^'\\\\\\n])*'",
		`(\\blocal[ \\t\\r\\n]+${attributed_name}(?:[ \\t\\r\\n]*,[ \\t\\r\\n]*${attributed_name})*)`,
	].join("|"),
	"g",
);
const any_attribute = new RegExp(attribute);
const each_attribute = new RegExp(`(${name})(${attribute})`, "g");

/**
 * Takes `<const>` out of code, which only says what the code does not do anyway; its lines stay where they are. Code with `<close>`
 * is refused, since nothing would be closed.
 * @param code one character for each byte
 */
export function without_attributes(code: string): Result<string, string> {
	if (!any_attribute.test(code)) return ok(code);
	let problem: string | undefined;
	const plain = code.replace(pieces, (piece, _comment, _text, declared: string | undefined, position: number) => {
		if (declared === undefined) return piece;
		return piece.replace(each_attribute, (whole, variable: string, given: string, at: number) => {
			if (given.includes("close")) {
				const line = code.slice(0, position + at).split("\n").length;
				problem ??= `${line}: <close> is not offered here: close '${variable}' where it is no longer used`;
			}
			return whole.replace(given, given.replace(/[^\n]/g, " "));
		});
	});
	return problem === undefined ? ok(plain) : failed(problem);
}
