// Counterpart: core/configmanager.lua (parser.load), for files that only say what options are, as most do. What needs a Lua to know what
// it means, or gets a warning or an error, is left to one.
import { isUtf8 } from "node:buffer";
import { dirname, resolve } from "node:path";
import { nameprep } from "../../util/encodings.ts";
import { Config, type ConfigValue, component_module, global_section, type SourceLocation } from "./config.ts";
import { expand_glob, is_glob, read_limited } from "./config_files.ts";
import type { ConfigLimits, LoadedConfig } from "./lua_sandbox.ts";
import { PlainTokens } from "./plain_tokens.ts";

/** Names that stand for something else than options. */
const words: ReadonlySet<string> = new Set([
	"VirtualHost",
	"Host",
	"host",
	"Component",
	"component",
	"Include",
	"include",
	"RunScript",
	"FileContents",
	"FileLine",
	"FileLines",
	"Credential",
	// Lua's own: where all other names are looked for
	"_ENV",
]);

/** Tables deeper than this are left to Lua, which refuses those that are much deeper. */
const max_depth = 32;

/** Raised where a file says something that only Lua understands. */
class NotPlain extends Error {}

function not_plain(): never {
	throw new NotPlain();
}

function number_from(text: string): number {
	// Whole numbers of Lua have 64 bits; those that are the same here stay exact
	if (!/^[0-9]{1,15}(\.[0-9]{1,6})?$/.test(text)) not_plain();
	return Number(text);
}

class PlainReader {
	readonly config = new Config();
	readonly files: string[] = [];

	constructor(private readonly limits: ConfigLimits) {}

	read(path: string, parents: readonly string[]): void {
		const at = resolve(path);
		if (parents.includes(at) || parents.length > this.limits.include_depth || this.files.length >= this.limits.files) not_plain();
		const content = read_limited(path, this.limits.file_bytes);
		if (!content.ok || !isUtf8(content.value)) not_plain();
		this.files.push(path);
		const file = new PlainFile(this, path, new PlainTokens(content.value.toString()), [...parents, at]);
		file.read();
	}
}

class PlainFile {
	private section = global_section;
	private readonly assigned = new Set<string>();

	constructor(
		private readonly reader: PlainReader,
		private readonly path: string,
		private readonly tokens: PlainTokens,
		private readonly parents: readonly string[],
	) {}

	read(): void {
		const { tokens } = this;
		for (;;) {
			while (tokens.take(";"));
			if (tokens.kind === "end") return;
			const line = tokens.line;
			const name = this.name();
			if (words.has(name)) this.word(name, line);
			else this.assign(name);
		}
	}

	private name(): string {
		if (this.tokens.kind !== "name") not_plain();
		return this.tokens.next();
	}

	private text(): string {
		if (this.tokens.kind !== "text") not_plain();
		return this.tokens.next();
	}

	private assign(option: string): void {
		const { tokens, section, assigned } = this;
		if (!tokens.take("=")) not_plain();
		const path = `${section}/${option}`;
		if (assigned.has(path)) not_plain();
		assigned.add(path);
		const value = tokens.is_constant("nil") ? void tokens.next() : this.value(0);
		// As Lua counts: where the statement ends
		this.reader.config.set(section, option, value, this.location(tokens.last_line));
	}

	private location(line: number): SourceLocation {
		return { file: this.path, line };
	}

	private word(name: string, line: number): void {
		const argument = this.text();
		switch (name) {
			case "VirtualHost":
			case "Host":
			case "host":
				this.enter(argument);
				this.reader.config.set(this.section, "defined", true, this.location(line));
				break;
			case "Component":
			case "component": {
				this.enter(argument);
				const module = this.tokens.kind === "text" ? this.tokens.next() : "component";
				this.reader.config.set(this.section, component_module, module, this.location(line));
				this.reader.config.set(this.section, "load_global_modules", false, this.location(line));
				break;
			}
			case "Include":
			case "include":
				this.include(argument);
				break;
			default:
				not_plain();
		}
		// What follows would be what the word is called with
		if (this.tokens.kind === "text" || this.tokens.is("{") || this.tokens.is("(") || this.tokens.is("[")) not_plain();
	}

	private enter(host: string): void {
		const prepared = nameprep(host);
		if (prepared === undefined || prepared === global_section || !/^[^\s\p{Cc}]+$/u.test(prepared)) not_plain();
		if (this.reader.config.has_host(prepared)) not_plain();
		this.section = prepared;
	}

	private include(name: string): void {
		if (name === "") not_plain();
		const path = resolve(dirname(this.path), name);
		const found = is_glob(name) ? expand_glob(path) : undefined;
		if (found?.ok === false) not_plain();
		for (const each of found?.value ?? [path]) this.reader.read(each, this.parents);
	}

	private value(depth: number): ConfigValue {
		const { tokens } = this;
		if (tokens.kind === "text") return tokens.next();
		if (tokens.kind === "number" || tokens.is("-")) return this.number();
		if (tokens.take("{")) return this.table(depth);
		if (!tokens.is_constant("true") && !tokens.is_constant("false")) not_plain();
		return tokens.next() === "true";
	}

	/** A number, or a product of whole ones: `1024 * 1024`. */
	private number(): number {
		const { tokens } = this;
		const sign = tokens.take("-") ? -1 : 1;
		if (tokens.kind !== "number") not_plain();
		let value = number_from(tokens.next());
		while (tokens.take("*")) {
			if (tokens.kind !== "number") not_plain();
			value *= number_from(tokens.next());
			if (!Number.isSafeInteger(value)) not_plain();
		}
		if (sign < 0 && value === 0) not_plain();
		return sign * value;
	}

	private table(depth: number): ConfigValue {
		const { tokens } = this;
		if (depth >= max_depth) not_plain();
		const list: ConfigValue[] = [];
		const named: [string, ConfigValue][] = [];
		while (!tokens.take("}")) {
			const key = this.key();
			const value = this.value(depth + 1);
			if (key === undefined) list.push(value);
			else named.push([key, value]);
			if (!tokens.take(",") && !tokens.take(";") && !tokens.is("}")) not_plain();
		}
		if (named.length === 0) return list;
		if (list.length === 0) return Object.fromEntries(named);
		return new Map<string | number, ConfigValue>([
			...list.map((value, index): [number, ConfigValue] => [index + 1, value]),
			...new Map(named),
		]);
	}

	/** The name of an entry; undefined where it has none. */
	private key(): string | undefined {
		const { tokens } = this;
		if (tokens.take("[")) {
			const key = this.text();
			if (!tokens.take("]") || !tokens.take("=")) not_plain();
			return key;
		}
		if (tokens.kind !== "name") return undefined;
		const key = tokens.next();
		if (!tokens.take("=")) not_plain();
		return key;
	}
}

/**
 * Reads a configuration that is nothing but options of sections, and files of the same kind that it includes: quoted text, numbers, `true`,
 * `false`, `nil`, and tables of these.
 * @returns what running it in Lua would give; undefined where only Lua knows, or has something to say about it
 */
export function read_plain_config(path: string, limits: ConfigLimits): LoadedConfig | undefined {
	const reader = new PlainReader(limits);
	try {
		reader.read(path, []);
	} catch (problem) {
		if (problem instanceof NotPlain) return undefined;
		throw problem;
	}
	return { config: reader.config, files: reader.files, warnings: [] };
}
