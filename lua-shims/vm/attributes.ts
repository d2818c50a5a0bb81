// Counterpart: lparser.c of Lua 5.4 (attribs), which fengari's parser of 5.3 has not

import { failed, ok, type Result } from "../../host/util/error.ts";
import { constant_problem } from "./constants.ts";
import { expressions_end, line_of, match_attribute, token_at } from "./tokens.ts";

/** The text by which the machine recognises the function that marks a variable to be closed; no code contains it by chance. */
export const closing_mark = "\u0001 to be closed";
/** The same as code writes it. */
const written_mark = "\\001 to be closed";

/** Names that a statement declares, and their attributes. */
interface Declared {
	readonly closed: string | undefined;
	/** Where attributes stand. */
	readonly attributes: readonly { readonly start: number; readonly end: number }[];
	readonly end: number;
}

function declared_at(code: string, from: number): Result<Declared, string> | undefined {
	const attributes: { start: number; end: number }[] = [];
	let closed: string | undefined;
	for (let at = from; ; ) {
		const variable = token_at(code, at);
		if (variable?.kind !== "name") return undefined;
		let next = token_at(code, variable.end);
		if (next?.text === "<") {
			const given = match_attribute(code, variable.end);
			if (given === undefined) return undefined;
			const { name, start, end } = given;
			const line = line_of(code, start);
			if (name !== "const" && name !== "close") return failed(`${line}: unknown attribute '${name}'`);
			if (name === "close") {
				if (closed !== undefined) return failed(`${line}: multiple to-be-closed variables in local list`);
				closed = variable.text;
			}
			attributes.push({ start, end });
			next = token_at(code, end);
			if (next?.text !== ",") return ok({ closed, attributes, end });
		} else if (next?.text !== ",") return ok({ closed, attributes, end: variable.end });
		at = next.end;
	}
}

/**
 * Removes the attributes of Lua 5.4 from code without moving lines. `<const>` needs nothing else. After a variable to be closed, a
 * function that uses it is inserted: so the compiler knows where its block ends, and the machine knows that it is to be closed (see
 * closing.ts).
 * @param code one character for each byte
 */
export function without_attributes(code: string): Result<string, string> {
	if (!/<[ \t\r\n]*\w+[ \t\r\n]*>/.test(code)) return ok(code);
	const problem = constant_problem(code);
	if (problem !== undefined) return failed(problem);
	let plain = "";
	let copied = 0;
	/** What is still to be inserted, and where. */
	const marks: { readonly at: number; readonly text: string }[] = [];
	const copy_to = (end: number): void => {
		while (marks.length > 0) {
			const [mark] = marks;
			if (mark === undefined || mark.at > end) break;
			marks.shift();
			plain += code.slice(copied, mark.at) + mark.text;
			copied = mark.at;
		}
		plain += code.slice(copied, end);
		copied = end;
	};
	for (let token = token_at(code, 0); token !== undefined; token = token_at(code, token.end)) {
		if (token.kind !== "name" || token.text !== "local") continue;
		const found = declared_at(code, token.end);
		if (found === undefined) continue;
		if (!found.ok) return found;
		const { closed, attributes, end } = found.value;
		for (const { start, end: behind } of attributes) {
			copy_to(start);
			plain += code.slice(start, behind).replace(/[^\n]/g, " ");
			copied = behind;
		}
		if (closed === undefined) continue;
		const next = token_at(code, end);
		const at = next?.text === "=" ? expressions_end(code, next.end) : end;
		marks.push({ at, text: ` local ${closed}_closing = function() return ${closed}, "${written_mark}" end ` });
		marks.sort((one, other) => one.at - other.at);
	}
	copy_to(code.length);
	return ok(plain);
}

/** Code as fengari's parser reads it: without a first line for the system, and without what only Lua 5.4 has. */
export function readable_code(code: Uint8Array): Result<Uint8Array, string> {
	const bytes = Buffer.from(code.buffer, code.byteOffset, code.byteLength);
	const is_script = bytes[0] === 0x23;
	if (!is_script && !bytes.includes("const") && !bytes.includes("close")) return ok(code);
	const text = without_attributes(bytes.toString("latin1").replace(/^#/, "--"));
	return text.ok ? ok(Uint8Array.from(Buffer.from(text.value, "latin1"))) : text;
}
