// The pieces that esbuild makes are ECMAScript modules, whose compiled code Node 20 keeps nowhere. This makes scripts of them, which
// `tools/package/loader.cjs` loads: what a piece imports it requires, and what it exports it returns.

import { basename } from "node:path";
import { transform } from "esbuild";

/** A statement that imports or exports, as esbuild writes them: at the beginning of a line, names apart by commas. */
const import_statement = /^import (?:([\w$]+)(?:, | ))?(?:\* as ([\w$]+) )?(?:\{([^}]*)\} )?(?:from )?"([^"]+)";\n/gm;
const export_statement = /^export \{([^}]*)\};\n/gm;

/** `a, b as c` as pairs of names. */
function names_in(list) {
	return list
		.split(",")
		.map((part) => part.trim().split(" as "))
		.filter(([name]) => name !== "")
		.map(([name, other = name]) => [name, other]);
}

function pattern_of(pairs) {
	return `{ ${pairs.map(([name, other]) => (name === other ? name : `${name}: ${other}`)).join(", ")} }`;
}

/** What an import becomes; a default export of a package that is CommonJS is what it exports. */
function required([, by_default, namespace, list], path) {
	const all = namespace ?? by_default;
	const lines = [];
	if (all !== undefined) lines.push(`const ${all} = ${path};`);
	if (list !== undefined) lines.push(`const ${pattern_of(names_in(list))} = ${path};`);
	if (lines.length === 0) lines.push(`${path};`);
	return lines.join(" ");
}

/** Throws where something that a piece exports is set later: who imports it gets its value once. */
async function expect_constants(text, name, exported) {
	let probe = text;
	for (const local of exported) {
		probe = probe.replace(new RegExp(`^(?:var|let) ${local.replaceAll("$", "\\$")}( =|;)`, "m"), (_all, end) =>
			end === ";" ? `const ${local} = 0;` : `const ${local} =`,
		);
	}
	const { warnings } = await transform(probe, { format: "esm", logLevel: "silent" });
	const changed = warnings.filter(({ id }) => id === "assign-to-constant").map((warning) => warning.text);
	if (changed.length > 0) throw new Error(`${name}: ${changed.join("; ")}: expected exports that keep their values`);
}

/**
 * Makes a script of a piece.
 * @param output what esbuild tells of it
 * @param parts the pieces that are loaded when they are needed, by the names by which `load_part` asks for them
 * @returns a function expression, which takes `require`, `load` and what the piece knows of its place
 */
export async function script_of(text, name, output, parts) {
	const known = new Set(output.imports.map(({ path }) => (path.startsWith("dist/") ? basename(path) : path)));
	const head = [];
	const exported = [];
	let body = text.replace(import_statement, (...match) => {
		const path = match[4];
		const file = path.startsWith(".") ? basename(path) : path;
		if (!known.has(file)) return match[0];
		head.push(required(match, path.startsWith(".") ? `$load("${file}")` : `$require("${file}")`));
		// Lines keep their numbers
		return "\n".repeat(match[0].split("\n").length - 1);
	});
	body = body.replace(export_statement, (statement, list) => {
		exported.push(...names_in(list));
		return "\n".repeat(statement.split("\n").length - 1);
	});
	if (exported.length !== output.exports.length) throw new Error(`${name}: expected to find ${output.exports.length} exports`);
	await expect_constants(
		body,
		name,
		exported.map(([local]) => local),
	);
	body = body.replace(/(?<![.\w$])import\("([^"]+)"\)/g, (all, path) => {
		if (!known.has(path.startsWith(".") ? basename(path) : path)) return all;
		return path.startsWith(".") ? `$load_later("${basename(path)}")` : `$import("${path}")`;
	});
	body = body.replace(/(?<![.\w$])load_part\("(\w+)"\)/g, (_all, part) => `$load("${parts.get(part)}")`);
	const answer = exported.map(([local, as]) => (local === as ? local : `${as}: ${local}`)).join(", ");
	return `(function ($require, $load, $load_later, $import, require, chunk_url, chunk_folder) { "use strict"; ${head.join(" ")} ${body}\nreturn { ${answer} };\n})\n`;
}
