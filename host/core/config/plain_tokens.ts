// Counterpart: llex.c, of which a configuration needs little
type Kind = "name" | "constant" | "text" | "number" | "sign" | "end" | "other";

/** Words of Lua's own that values are made of. */
const constants: ReadonlySet<string> = new Set(["true", "false", "nil"]);
const keywords: ReadonlySet<string> = new Set(
	"and break do else elseif end for function goto if in local not or repeat return then until while".split(" "),
);

/** Escapes with one letter; those with numbers, and lines that go on, are left to Lua. */
const escapes: ReadonlyMap<string, string> = new Map([
	["a", "\x07"],
	["b", "\b"],
	["f", "\f"],
	["n", "\n"],
	["r", "\r"],
	["t", "\t"],
	["v", "\v"],
	["\\", "\\"],
	['"', '"'],
	["'", "'"],
]);

/** A long bracket with what is in it, up to the closing one with as many signs. */
const long_bracket = /\[(=*)\[([\s\S]*?)\]\1\]/y;
/** The same for a comment, which is looked for where such a bracket begins. */
const opening = /(?=\[=*\[)/y;
const blank = /[ \t\v\f\n]+/y;
const line_comment = /[^\n]*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
/** As Lua reads them: everything that could belong to it. */
const numeral = /[0-9](?:[0-9A-Za-z_.]|[eEpP][+-])*/y;
const sign = /[={}[\](),;*-]/y;
const quoted = /(["'])((?:[^\\\n"']|\\[^\n]|(?!\1)["'])*)\1/y;

/**
 * The words of a file, one after the other. What it does not know has the kind `other`, which nobody takes.
 */
export class PlainTokens {
	/** Of the word that comes next. */
	kind: Kind = "end";
	/** The line on which it is, from 1; of a text over several lines, the last. */
	line = 1;
	/** The line of the word before. */
	last_line = 1;
	private value = "";
	private position = 0;

	constructor(private readonly text: string) {
		// Other ends of lines, and what only the beginning of a file may have
		if (text.includes("\r") || text.includes("\0") || text.startsWith("\ufeff") || text.startsWith("#")) this.kind = "other";
		else this.read();
	}

	/** Whether this sign comes next. */
	is(sign: string): boolean {
		return this.kind === "sign" && this.value === sign;
	}

	/** Whether one of `true`, `false` and `nil` comes next. */
	is_constant(word: string): boolean {
		return this.kind === "constant" && this.value === word;
	}

	/** Goes past a sign where it comes next. */
	take(sign: string): boolean {
		if (!this.is(sign)) return false;
		this.next();
		return true;
	}

	/** What comes next, past which it goes. */
	next(): string {
		const { value } = this;
		this.last_line = this.line;
		this.read();
		return value;
	}

	private match(pattern: RegExp): RegExpExecArray | undefined {
		pattern.lastIndex = this.position;
		const found = pattern.exec(this.text) ?? undefined;
		if (found !== undefined) {
			this.position = pattern.lastIndex;
			for (let index = found[0].indexOf("\n"); index >= 0; index = found[0].indexOf("\n", index + 1)) this.line++;
		}
		return found;
	}

	private set(kind: Kind, value: string): void {
		this.kind = kind;
		this.value = value;
	}

	/** Goes past blanks and comments; answers whether what follows can be read. */
	private skip(): boolean {
		for (;;) {
			this.match(blank);
			if (!this.text.startsWith("--", this.position)) return true;
			this.position += 2;
			if (this.match(opening) === undefined) this.match(line_comment);
			else if (this.match(long_bracket) === undefined) return false;
		}
	}

	private read(): void {
		this.set("other", "");
		if (!this.skip()) return;
		if (this.position >= this.text.length) {
			this.set("end", "");
			return;
		}
		const character = this.text.charAt(this.position);
		if (character === '"' || character === "'") {
			const inside = this.match(quoted)?.[2];
			const text = inside === undefined ? undefined : unescaped(inside);
			if (text !== undefined) this.set("text", text);
			return;
		}
		const word = this.match(name)?.[0];
		if (word !== undefined) {
			if (constants.has(word)) this.set("constant", word);
			else if (!keywords.has(word)) this.set("name", word);
			return;
		}
		const number = this.match(numeral)?.[0];
		if (number !== undefined) {
			this.set("number", number);
			return;
		}
		const long = this.match(long_bracket)?.[2];
		// The first end of a line does not belong to it
		if (long !== undefined) this.set("text", long.startsWith("\n") ? long.slice(1) : long);
		else if (this.match(sign) !== undefined) this.set("sign", character);
	}
}

/** What is between quotes, without its escapes; undefined where one of them is left to Lua. */
function unescaped(text: string): string | undefined {
	if (!text.includes("\\")) return text;
	let is_known = true;
	const plain = text.replace(/\\(.)/gs, (_all, letter: string) => {
		const meant = escapes.get(letter);
		if (meant === undefined) is_known = false;
		return meant ?? "";
	});
	return is_known ? plain : undefined;
}
