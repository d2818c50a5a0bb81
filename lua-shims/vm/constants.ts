// Counterpart: lparser.c of Lua 5.4 (check_readonly): constants are not assigned to, which fengari's parser of 5.3 cannot tell

import { expressions_end, group_end, line_of, match_attribute, type Token, token_at } from "./tokens.ts";

/** What is known of a name in a block: whether it is a constant. */
type Scope = Map<string, boolean>;

interface Frame {
	readonly kind: "block" | "bracket";
	readonly scope: Scope;
}

/** Words that cannot stand for a variable. */
const keywords: ReadonlySet<string> = new Set(
	"and break do else elseif end false for function goto if in local nil not or repeat return then true until while".split(" "),
);
/** Behind these a statement begins. */
const beginners: ReadonlySet<string> = new Set(["do", "then", "else", "repeat", "end", "break", "true", "false", "nil"]);

function is_variable(token: Token | undefined): token is Token {
	return token?.kind === "name" && !keywords.has(token.text);
}

/** Whether a name behind this begins a statement, since an expression has ended here, or cannot have begun. */
function ends_statement(token: Token | undefined): boolean {
	if (token === undefined || token.kind === "literal") return true;
	if (token.kind === "name") return beginners.has(token.text) || !keywords.has(token.text);
	return [")", "]", "}", ";", "...", "::"].includes(token.text);
}

/** What is behind a place where something is assigned to: `.field`, `[index]`, a call. */
function suffix_end(code: string, from: number): number {
	let at = from;
	for (let token = token_at(code, at); token !== undefined; token = token_at(code, at)) {
		if (token.text === "." || token.text === ":") at = token_at(code, token.end)?.end ?? code.length;
		else if (token.kind === "symbol" && ["(", "[", "{"].includes(token.text)) at = group_end(code, token);
		else if (token.kind === "literal") at = token.end;
		else break;
	}
	return at;
}

/** The names that a statement which begins here assigns to, with the place behind each. */
function assigned_names(code: string, first: Token): { readonly name: string; readonly behind: number }[] {
	const names: { name: string; behind: number }[] = [];
	for (let target: Token | undefined = first; target !== undefined; ) {
		const is_group: boolean = target.kind === "symbol" && target.text === "(";
		if (!is_group && !is_variable(target)) return [];
		const start: number = is_group ? group_end(code, target) : target.end;
		const end = suffix_end(code, start);
		const next = token_at(code, end);
		if (end === start && !is_group) names.push({ name: target.text, behind: next?.start ?? end });
		if (next?.text === "=") return names;
		if (next?.text !== ",") return [];
		target = token_at(code, next.end);
	}
	return [];
}

/** The error of an assignment to a constant: its line and what is wrong; undefined for code without one. */
export function constant_problem(code: string): string | undefined {
	const frames: Frame[] = [{ kind: "block", scope: new Map() }];
	/** Names that are there from a place on. */
	const pending: { readonly at: number; readonly scope: Scope; readonly names: Scope }[] = [];
	/** Names of a loop or of a function, for the block that comes. */
	let coming: Scope | undefined;
	const scope = (): Scope => frames.at(-1)?.scope ?? new Map();
	const is_constant = (name: string): boolean => frames.findLast((frame) => frame.scope.has(name))?.scope.get(name) === true;
	const open = (names: Scope = new Map()): void => void frames.push({ kind: "block", scope: names });
	const problem = (name: string, at: number): string => `${line_of(code, at)}: attempt to assign to const variable '${name}'`;

	/** Reads `a <const>, b` or `a, b`; answers with the place behind. */
	function declare(from: number, names: Scope): number {
		for (let at = from; ; ) {
			const variable = token_at(code, at);
			if (!is_variable(variable)) return at;
			const attribute = match_attribute(code, variable.end);
			names.set(variable.text, attribute !== undefined);
			const end = attribute?.end ?? variable.end;
			const next = token_at(code, end);
			if (next?.text !== ",") return end;
			at = next.end;
		}
	}

	let before: Token | undefined;
	for (let token = token_at(code, 0); token !== undefined; ) {
		const here: Token = token;
		let next_at = here.end;
		while (pending[0] !== undefined && pending[0].at <= here.start) {
			const [declared] = pending.splice(0, 1);
			for (const [name, constant] of declared?.names ?? []) declared?.scope.set(name, constant);
		}
		if (here.kind === "symbol") {
			if (["(", "[", "{"].includes(here.text)) frames.push({ kind: "bracket", scope: new Map() });
			else if ([")", "]", "}"].includes(here.text)) frames.pop();
		} else if (here.kind === "name") {
			switch (here.text) {
				case "local": {
					const behind = token_at(code, here.end);
					if (behind?.text === "function") {
						const named = token_at(code, behind.end);
						if (is_variable(named)) scope().set(named.text, false);
						break;
					}
					const names: Scope = new Map();
					next_at = declare(here.end, names);
					const sign = token_at(code, next_at);
					const at = sign?.text === "=" ? expressions_end(code, sign.end) : next_at;
					pending.push({ at, scope: scope(), names });
					pending.sort((one, other) => one.at - other.at);
					break;
				}
				case "for":
					coming = new Map();
					next_at = declare(here.end, coming);
					break;
				case "function": {
					let behind = token_at(code, here.end);
					const is_statement = before?.text !== "local" && is_variable(behind);
					if (is_statement && behind !== undefined) {
						const end = suffix_of_name(code, behind.end);
						if (end === behind.end && is_constant(behind.text)) {
							return problem(behind.text, group_end(code, here));
						}
					}
					const is_method = /^[^()]*:/.test(code.slice(here.end, code.indexOf("(", here.end)));
					while (behind !== undefined && behind.text !== "(") behind = token_at(code, behind.end);
					const names: Scope = new Map(is_method ? [["self", false]] : []);
					next_at = behind === undefined ? code.length : declare(behind.end, names);
					const dots = token_at(code, next_at);
					if (dots?.text === "," || dots?.text === "...") {
						next_at = (dots.text === "," ? token_at(code, dots.end)?.end : dots.end) ?? code.length;
					}
					// the bracket that closes the parameters
					next_at = token_at(code, next_at)?.end ?? code.length;
					open(names);
					before = { ...here, text: ")", kind: "symbol" };
					token = token_at(code, next_at);
					continue;
				}
				case "do":
				case "repeat":
				case "then":
					open(coming);
					coming = undefined;
					break;
				case "else":
					frames.pop();
					open();
					break;
				case "elseif":
				case "end":
				case "until":
					frames.pop();
					break;
				default:
					if (frames.at(-1)?.kind === "block" && is_variable(here) && ends_statement(before)) {
						const wrong = assigned_names(code, here).find(({ name }) => is_constant(name));
						if (wrong !== undefined) return problem(wrong.name, wrong.behind);
					}
			}
		}
		before = here;
		token = token_at(code, next_at);
	}
	return undefined;
}

/** Where `.b.c:d` behind the name of a function ends. */
function suffix_of_name(code: string, from: number): number {
	let at = from;
	for (let token = token_at(code, at); token?.text === "." || token?.text === ":"; token = token_at(code, at)) {
		at = token_at(code, token.end)?.end ?? code.length;
	}
	return at;
}
