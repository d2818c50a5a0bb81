// Builds the package into dist/: the program, what modules import as "enjamb" and "enjamb/testing", and the types of both.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { script_of } from "./scripts.mjs";

const root = join(import.meta.dirname, "../..");
const to = join(root, "dist");

/** What the package offers, by the files that it comes from. */
const entries = {
	enjamb: "host/main.ts",
	package: "host/package.ts",
	testing: "host/testing.ts",
	sql_worker: "host/core/network_sql/worker.ts",
	lua: "lua-shims/entrance.ts",
};

/** Parts that the program loads when the first of their functions is called. */
const deferred = ["lua"];

/** Puts functions in the place of a deferred part that load it. */
const defer_parts = {
	name: "defer",
	setup({ onResolve, onLoad }) {
		const files = new Map(deferred.map((name) => [join(root, entries[name]), name]));
		onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, kind }) => {
			const part = kind === "import-statement" ? files.get(join(resolveDir, path)) : undefined;
			return part === undefined ? undefined : { path: part, namespace: "deferred" };
		});
		onLoad({ filter: /.*/, namespace: "deferred" }, async ({ path: part }) => {
			const { metafile } = await build({
				absWorkingDir: root,
				entryPoints: [entries[part]],
				packages: "external",
				bundle: true,
				format: "esm",
				loader: { ".lua": "empty" },
				platform: "node",
				write: false,
				metafile: true,
				logLevel: "silent",
			});
			const [{ exports: names }] = Object.values(metafile.outputs);
			const functions = names.map((name) => `export const ${name} = (...args) => load_part("${part}").${name}(...args);`);
			return { contents: functions.join("\n"), loader: "js" };
		});
	},
};

rmSync(to, { recursive: true, force: true });
const { metafile } = await build({
	absWorkingDir: root,
	entryPoints: entries,
	outdir: to,
	bundle: true,
	splitting: true,
	format: "esm",
	platform: "node",
	target: "node20",
	entryNames: "chunks/[name]-[hash]",
	chunkNames: "chunks/[name]-[hash]",
	metafile: true,
	plugins: [defer_parts],
	define: { "import.meta.url": "chunk_url", "import.meta.dirname": "chunk_folder" },
	loader: { ".lua": "text" },
	external: ["better-sqlite3", "esbuild", "node-unix-socket", "pg-native"],
	logLevel: "warning",
});

// A young generation of 4 MiB: a third less memory with a thousand clients, at no cost that could be measured. What handshakes
// took for a moment goes back to the system: 6 KiB for each of 10,000 clients with TLS.
const shebang = "#!/usr/bin/env -S MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=4\n";
/** The files of the parts, by their names. */
const parts = new Map(
	Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) =>
		Object.entries(entries).flatMap(([name, source]) => (source === entryPoint ? [[name, basename(path)]] : [])),
	),
);
for (const [path, output] of Object.entries(metafile.outputs)) {
	const name = basename(path);
	const file = join(root, path);
	writeFileSync(file, await script_of(readFileSync(file, "utf8"), name, output, parts));
	const entry = [...parts].find(([, part_file]) => part_file === name)?.[0];
	if (entry === undefined || deferred.includes(entry)) continue;
	if (output.exports.length === 0) {
		writeFileSync(join(to, `${entry}.js`), `${entry === "enjamb" ? shebang : ""}require("./loader.js").load("${name}");\n`);
	} else {
		const names = output.exports.map((exported) => `export const ${exported} = loaded.${exported};\n`).join("");
		writeFileSync(
			join(to, `${entry}.mjs`),
			`import loader from "./loader.js";\nconst loaded = loader.load("${name}");\n${names}`,
		);
	}
}
cpSync(join(import.meta.dirname, "loader.cjs"), join(to, "loader.js"));
// Scripts, while the sources and their types are modules
writeFileSync(join(to, "package.json"), '{ "type": "commonjs" }\n');
chmodSync(join(to, "enjamb.js"), 0o755);
// Without it the program starts more slowly, and does all that it does
spawnSync(process.execPath, ["--max-semi-space-size=4", join(import.meta.dirname, "compile.cjs")], { stdio: "inherit" });

// The page of the console, which runs in browsers and loads nothing from elsewhere
const page = "host/plugins/web_console/page";
await build({
	absWorkingDir: root,
	entryPoints: { console: `${page}/main.ts`, style: `${page}/console.css` },
	outdir: join(to, "console"),
	bundle: true,
	minify: true,
	format: "esm",
	platform: "browser",
	target: ["chrome123", "firefox121", "safari17.5"],
	logLevel: "warning",
});

// The compiler is there where the package is built, and not where it is only used.
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
execFileSync(process.execPath, [compiler, "-p", join(import.meta.dirname, "tsconfig.json")], { stdio: "inherit" });
// It writes no declaration files out again, and points at those in the sources.
cpSync(join(root, "host/types"), join(to, "types/host/types"), { recursive: true });
const types = join(to, "types/host/package.d.ts");
writeFileSync(types, readFileSync(types, "utf8").replace(/path="[^"]*\/host\/types\//g, 'path="./types/'));
writeFileSync(join(to, "types/package.json"), '{ "type": "module" }\n');
