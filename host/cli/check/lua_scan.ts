// No counterpart: what a Lua module asks its host for, as far as its source tells without being run.

/** What this host offers to Lua modules. */
export interface LuaSurface {
	/** What `require` finds, as `util.jid`, without the prefix `prosody.`. */
	readonly libraries: ReadonlySet<string>;
	/** The source of a library in Lua on the machine, where Lua looks for it: LUA_PATH, the system's folders. */
	library_source(name: string): string | undefined;
	/** What can be called on `module:`. */
	readonly module_methods: ReadonlySet<string>;
	/** Compiles a source without running it: says where it goes wrong, if it does, or why the module is refused. */
	syntax_error(source: string, file: string): string | undefined;
	/** Why what is built in is taken in place of a module even where its Lua is preferred; undefined where it is not. */
	replaced_since?(source: string, file: string): string | undefined;
}

/** One thing that a source needs. */
export interface LuaNeed {
	/** A library by `require`, another module by `module:depends`, a part by `module:require`, or a method of `module`. */
	readonly kind: "library" | "module" | "part" | "method";
	readonly name: string;
	/** Where it is asked for first, from 1. */
	readonly line: number;
	/** Whether the source goes on without it: `pcall(require, …)`, and `module:depends(…, true)`. */
	readonly optional: boolean;
	/** Whether it is only asked for within functions or under a condition, so that the module may be loaded without it. */
	readonly later: boolean;
}

/** A word, a string or a sign of a Lua source. */
export interface LuaToken {
	readonly kind: "name" | "string" | "number" | "mark";
	/** For a string, what is between its quotes. */
	readonly text: string;
	/** From 1. */
	readonly line: number;
}

/** Where a bracket of level n opens: `[[`, `[=[`, … */
const long_bracket = /\[(=*)\[/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const several_dots = /\.{2,3}/y;
const number = /[0-9](?:[eEpP][+-]|[A-Za-z0-9.])*/y;

/** The words, texts and marks of a source; comments are left out. */
export function lua_tokens(source: string): LuaToken[] {
	const tokens: LuaToken[] = [];
	let line = 1;
	let index = source.startsWith("#") ? line_end(0) : 0;

	function line_end(from: number): number {
		const end = source.indexOf("\n", from);
		return end < 0 ? source.length : end;
	}

	function match(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = index;
		return pattern.exec(source);
	}

	/** The end of a long bracket's content; a bracket that is never closed goes to the end. */
	function closing(level: string, from: number): number {
		const end = source.indexOf(`]${level}]`, from);
		return end < 0 ? source.length : end;
	}

	function advance(to: number): void {
		for (let at = source.indexOf("\n", index); at >= 0 && at < to; at = source.indexOf("\n", at + 1)) line++;
		index = to;
	}

	function short_string(quote: string): void {
		const start = line;
		let text = "";
		let at = index + 1;
		while (at < source.length && source[at] !== quote && source[at] !== "\n") {
			if (source[at] === "\\") at++;
			text += source[at] ?? "";
			at++;
		}
		tokens.push({ kind: "string", text, line: start });
		advance(Math.min(at + 1, source.length));
	}

	while (index < source.length) {
		const character = source[index] ?? "";
		if (source.startsWith("--", index)) {
			index += 2;
			const level = match(long_bracket)?.[1];
			advance(level === undefined ? line_end(index) : closing(level, index) + level.length + 2);
			continue;
		}
		const level = character === "[" ? match(long_bracket)?.[1] : undefined;
		if (level !== undefined) {
			const start = index + level.length + 2;
			const end = closing(level, start);
			tokens.push({ kind: "string", text: source.slice(start, end).replace(/^\r?\n/, ""), line });
			advance(Math.min(end + level.length + 2, source.length));
			continue;
		}
		if (character === '"' || character === "'") {
			short_string(character);
			continue;
		}
		const word = match(name)?.[0];
		if (word !== undefined) {
			tokens.push({ kind: "name", text: word, line });
			index += word.length;
			continue;
		}
		const digits = match(number)?.[0];
		if (digits !== undefined) {
			tokens.push({ kind: "number", text: digits, line });
			index += digits.length;
			continue;
		}
		// Two dots join strings; a name after them is not a field.
		const dots = match(several_dots)?.[0];
		if (dots !== undefined) {
			tokens.push({ kind: "mark", text: dots, line });
			index += dots.length;
			continue;
		}
		if (!/\s/.test(character)) tokens.push({ kind: "mark", text: character, line });
		advance(index + 1);
	}
	return tokens;
}

/** A library's name without the prefix that 13 gave it; some modules write it as its file, `util/jid`. */
function plain_library(text: string): string {
	const dotted = /^(?:prosody\/)?(?:util|core|net)\//.test(text) ? text.replaceAll("/", ".") : text;
	return dotted.replace(/^prosody\./, "");
}

/** Fields of `module` that are not methods, and fields that modules set themselves. */
const module_fields: ReadonlySet<string> = new Set([
	"_log",
	"command",
	"environment",
	"event_handlers",
	"global",
	"host",
	"items",
	"load",
	"name",
	"path",
	"ready",
	"reloading",
	"resource_path",
	"restore",
	"save",
	"saved_state",
	"add_host",
	"uninstall",
	"unload",
]);

/** Everything that a source needs, each thing once. Names that are built while it runs cannot be seen. */
export function lua_needs(source: string): LuaNeed[] {
	const tokens = lua_tokens(source);
	const found = new Map<string, LuaNeed>();

	/** Blocks that are open, and how many of them are functions. */
	const blocks: string[] = [];
	let functions = 0;

	function follow_blocks(word: string): void {
		if (word === "function" || word === "if" || word === "do" || word === "repeat") blocks.push(word);
		if (word === "function") functions++;
		if ((word === "end" || word === "until") && blocks.pop() === "function") functions--;
	}

	function add(kind: LuaNeed["kind"], name: string, line: number, optional: boolean): void {
		const key = `${kind} ${name}`;
		const known = found.get(key);
		const later = functions > 0 || blocks.includes("if");
		// A real need counts more than an optional one
		const is_stronger = known !== undefined && ((known.optional && !optional) || (known.later && !later && !optional));
		if (known === undefined || is_stronger) found.set(key, { kind, name, line, optional, later });
	}

	/** The text that a call at this place begins with, in parentheses or not. */
	function text_argument(at: number): string | undefined {
		const next = tokens[at]?.text === "(" && tokens[at]?.kind === "mark" ? tokens[at + 1] : tokens[at];
		return next?.kind === "string" ? next.text : undefined;
	}

	function is_mark(at: number, text: string): boolean {
		return tokens[at]?.kind === "mark" && tokens[at]?.text === text;
	}

	/** A method that is read as a value, to be called: `local metric = module.metric`, `module.metric(module, …)`. */
	function method_value(at: number): string | undefined {
		const field = is_mark(at + 1, ".") && tokens[at + 2]?.kind === "name" ? tokens[at + 2]?.text : undefined;
		if (field === undefined || module_fields.has(field)) return undefined;
		const is_called = is_mark(at + 3, "(");
		const has_fallback = ["or", "and"].includes(tokens[at + 3]?.text ?? "");
		const is_taken = is_mark(at - 1, "=") && !is_mark(at - 2, "=") && !is_mark(at - 2, "~") && !has_fallback;
		const goes_on = is_mark(at + 3, ".") || is_mark(at + 3, ":") || is_mark(at + 3, "[");
		return is_called || (is_taken && !goes_on) ? field : undefined;
	}

	tokens.forEach((token, at) => {
		if (token.kind !== "name" || is_mark(at - 1, ".") || is_mark(at - 1, ":")) return;
		follow_blocks(token.text);
		if (token.text === "require") {
			// pcall(require, "x"): the name is the next argument
			const is_guarded = is_mark(at + 1, ",");
			const library = is_guarded ? text_argument(at + 2) : text_argument(at + 1);
			if (library !== undefined) add("library", plain_library(library), token.line, is_guarded);
		}
		const read = token.text === "module" ? method_value(at) : undefined;
		if (read !== undefined) add("method", read, token.line, false);
		if (token.text !== "module" || !is_mark(at + 1, ":") || tokens[at + 2]?.kind !== "name") return;
		const method = tokens[at + 2]?.text ?? "";
		const argument = text_argument(at + 3);
		const { line } = token;
		add("method", method, line, false);
		if (argument === undefined) return;
		if (method === "require") add("part", argument, line, false);
		if (method === "depends") {
			const is_soft = is_mark(at + 3, "(") && is_mark(at + 5, ",") && tokens[at + 6]?.text === "true";
			add("module", argument, line, is_soft);
		}
	});
	return [...found.values()];
}

/** The functions that a module itself puts on `module`, as `function module.add_host`; seen by all its parts. */
export function own_methods(source: string): ReadonlySet<string> {
	const defined = source.matchAll(/\bfunction\s+module[.:]([A-Za-z_]\w*)|\bmodule\.([A-Za-z_]\w*)\s*=[^=]/g);
	return new Set([...defined].map(([, declared, assigned]) => declared ?? assigned ?? ""));
}

/** Whether `require` finds a library, and with it what that asks for when it is loaded. */
function has_library(name: string, surface: LuaSurface, on_the_way: readonly string[] = []): boolean {
	if (surface.libraries.has(name) || surface.libraries.has(`prosody.${name}`) || on_the_way.includes(name)) return true;
	const source = surface.library_source(name);
	if (source === undefined) return false;
	return lua_needs(source).every(
		(need) => need.kind !== "library" || need.optional || need.later || has_library(need.name, surface, [...on_the_way, name]),
	);
}

/**
 * What a source asks for by `require` and on `module:` that our host does not offer.
 * @param own what the module puts on `module` itself
 */
export function missing_in_surface(source: string, surface: LuaSurface, own = own_methods(source)): LuaNeed[] {
	return lua_needs(source).filter(({ kind, name }) => {
		if (kind === "library") return !has_library(name, surface);
		return kind === "method" && !surface.module_methods.has(name) && !own.has(name);
	});
}

/** The options that a source reads through `module:get_option…("name", …)`. */
export function lua_options(source: string): string[] {
	const tokens = lua_tokens(source);
	const found = tokens
		.filter(({ kind }, at) => {
			if (kind !== "string") return false;
			const call = tokens[at - 1]?.text === "(" ? at - 2 : at - 1;
			return tokens[call]?.text.startsWith("get_option") === true && tokens[call - 2]?.text === "module";
		})
		.map(({ text }) => text);
	return [...new Set(found)];
}
