// Builds the package into dist/: the program, what modules import as "enjamb" and "enjamb/testing", and the types of both.

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");
const to = join(root, "dist");

rmSync(to, { recursive: true, force: true });
await build({
	absWorkingDir: root,
	entryPoints: {
		enjamb: "host/main.ts",
		package: "host/package.ts",
		testing: "host/testing.ts",
		sql_worker: "host/core/network_sql/worker.ts",
	},
	outdir: to,
	bundle: true,
	splitting: true,
	format: "esm",
	platform: "node",
	target: "node20",
	chunkNames: "chunks/[name]-[hash]",
	loader: { ".lua": "text" },
	external: ["better-sqlite3", "esbuild", "node-unix-socket", "pg-native"],
	// A young generation of 4 MiB: a third less memory with a thousand clients, at no cost that could be measured. What handshakes
	// took for a moment goes back to the system: 6 KiB for each of 10,000 clients with TLS.
	// Libraries that are CommonJS ask for `require`.
	banner: {
		js: `#!/usr/bin/env -S MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=4
import { createRequire as make_require } from 'node:module'; const require = make_require(import.meta.url);`,
	},
	logLevel: "warning",
});
chmodSync(join(to, "enjamb.js"), 0o755);

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
