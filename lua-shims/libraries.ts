// No counterpart: what `require` finds. Prosody has a folder of files; here most names are views on the host.

import { existsSync, readFileSync } from "node:fs";
import type { Border } from "./border.ts";
import { TValue } from "./vm/fengari.ts";
import { string_value, tags } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";

/** Makes a library when it is first required. */
export type LibraryFactory = () => TValue;

const lua_versions = ["5.4", "5.3", "5.2", "5.1"];

/** Folders with the system's Lua libraries, as Lua itself searches them. */
const system_paths = lua_versions.flatMap((version) =>
	["/usr/local/share/lua", "/usr/share/lua"].flatMap((root) => [`${root}/${version}/?.lua`, `${root}/${version}/?/init.lua`]),
);

/** Folders with compiled libraries, which only Lua in C can load. */
const compiled_paths = lua_versions.flatMap((version) =>
	["/usr/local/lib/lua", "/usr/lib/lua", `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/lua`].map(
		(root) => `${root}/${version}/?.so`,
	),
);

/** Lua's `package.path` as it is at first: LUA_PATH, in which two semicolons stand for the system's folders, or these. */
export function initial_path(): string {
	const given = (process.env["LUA_PATH"] ?? "").split(";").filter((pattern) => pattern !== "");
	return [...given, ...system_paths].join(";");
}

/** The name that a library is kept under: Prosody 13 calls `util.x` `prosody.util.x`, and some modules call it `util/x`, as its file. */
export function plain_name(name: string): string {
	const dotted = /^(?:prosody\/)?(?:util|core|net)\//.test(name) ? name.replaceAll("/", ".") : name;
	return /^prosody\.(util|core|net)\./.test(dotted) ? dotted.slice("prosody.".length) : dotted;
}

/** The first file of a library that is there; each question mark in a pattern stands for its name. */
function find_in(patterns: readonly string[], name: string): string | undefined {
	return patterns
		.filter((pattern) => pattern.includes("?"))
		.map((pattern) => pattern.replaceAll("?", name.replaceAll(".", "/")))
		.find((path) => existsSync(path));
}

/** The libraries of one Lua state. */
export class Libraries {
	private readonly factories = new Map<string, LibraryFactory>();
	private readonly loaded = new Map<string, TValue>();
	private readonly loading = new Set<string>();
	private readonly waiting = new Map<string, (library: TValue) => void>();

	/**
	 * @param globals what the code of libraries sees; its `package.path` says where more libraries in Lua are
	 */
	constructor(
		private readonly border: Border,
		private readonly globals: TValue,
	) {}

	/** Offers a library that the host makes. */
	add(name: string, factory: LibraryFactory): void {
		this.factories.set(name, factory);
	}

	/** Offers a library in Lua of our own. */
	add_source(name: string, source: string): void {
		this.add(name, () => this.run(bytes_of(source), `=lua-shims/require/${name.replaceAll(".", "/")}.lua`, name));
	}

	/** Calls back when a library is first required, before the caller gets it. */
	after(name: string, done: (library: TValue) => void): void {
		this.waiting.set(name, done);
	}

	/** The names that can be required. */
	names(): string[] {
		return [...this.factories.keys()].sort();
	}

	/** A library by either of its names. Throws where there is none, or where it fails. */
	get(asked: string): TValue {
		const name = plain_name(asked);
		const known = this.loaded.get(name);
		if (known) return known;
		if (this.loading.has(name)) throw new Error(`loop or previous error loading module '${asked}'`);
		this.loading.add(name);
		try {
			const factory = this.factories.get(name);
			const library = factory ? factory() : this.from_file(asked);
			this.loaded.set(name, library);
			this.waiting.get(name)?.(library);
			return library;
		} finally {
			this.loading.delete(name);
		}
	}

	/** A library's function, for code of the host that needs it. */
	function_of(library: string, name: string): TValue {
		return this.border.vm.index(this.get(library), string_value(name));
	}

	private paths(): string[] {
		const { vm } = this.border;
		const path = vm.index(vm.index(this.globals, string_value("package")), string_value("path"));
		return vm.to_string(path).split(";");
	}

	/** The source of a library in Lua, where `package.path` says that there may be one; undefined where there is none. */
	source_of(name: string): Buffer | undefined {
		const path = find_in(this.paths(), name);
		try {
			return path === undefined ? undefined : readFileSync(path);
		} catch {
			// an unreadable library gives an error where it is required
			return undefined;
		}
	}

	private from_file(name: string): TValue {
		const path = find_in(this.paths(), name);
		if (path !== undefined) return this.run(readFileSync(path), `@${path}`, name);
		const compiled = find_in(compiled_paths, name);
		if (compiled !== undefined) {
			throw new Error(
				`module '${name}' cannot be loaded: ${compiled} is compiled C, and only libraries in Lua can be loaded here`,
			);
		}
		throw new Error(`module '${name}' not found: it is neither offered here nor in package.path`);
	}

	private run(code: Uint8Array, chunk_name: string, name: string): TValue {
		const { vm } = this.border;
		const chunk = vm.load(code, chunk_name, this.globals);
		if (!chunk.ok) throw new Error(chunk.error);
		const [library] = vm.call(chunk.value, [string_value(name)]);
		return library === undefined || library.ttisnil() ? new TValue(tags.boolean, true) : library;
	}
}
