// Every command that a document tells to type is run here, on small data, in the order in which the document has it.

import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { start_scratch_server } from "../host/composition.ts";
import { find_prosody } from "../tools/reference.ts";

const root = join(import.meta.dirname, "..");
const program = join(root, "dist/enjamb.js");
const pages = [
	"README.md",
	"CONTRIBUTING.md",
	"host/ADMINISTRATION.md",
	"lua-shims/MODULES.md",
	"tools/COMPARE.md",
	"tools/PERFORMANCE.md",
	"tools/SIMULATION.md",
];
const scripts: { readonly [name: string]: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;

/** Commands that are not run here, and what does that instead. */
const elsewhere: readonly (readonly [start: RegExp, reason: string])[] = [
	[/^npm (ci|install|test|start)\b/, "needs an empty checkout: .ci/run does it"],
	[/^bash \.ci\/run/, "runs this spec"],
	[/^apt-get /, "the machine's administrator does it"],
	[/^ejabberdctl /, "spec/host/cli/migrate/run.ejabberd.spec.ts"],
	[/^npx enjamb migrate --from ejabberd:/, "spec/host/cli/migrate/run.ejabberd.spec.ts, with a real dump"],
	[/^npx enjamb migrate --from metronome:/, "spec/host/cli/migrate/metronome_source.spec.ts"],
	[/^npm run deb$/, "spec/tools/debian/build.spec.ts"],
	[/^npm run bench /, "takes minutes: spec/tools/bench has its parts"],
	[/^npm run simulate\b/, "takes minutes: spec/tools/simulate/simulate.spec.ts runs a short one"],
	[/^npx enjamb bench lua/, "takes minutes: spec/host/cli/bench/lua_costs.spec.ts"],
	[/^npx enjamb (shell|status|reload|stop|token) /, "spec/command_line.spec.ts, with a server that runs"],
	[/\bvitest run\b/, "is this suite"],
];

/** The commands in blocks without a language, and those in the text that are whole. */
function commands_of(page: string): string[] {
	const text = readFileSync(join(root, page), "utf8");
	const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, language, block = ""]) =>
		language === "" ? block.split("\n") : [],
	);
	const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, command = ""]) => command);
	return [...blocks, ...inline]
		.map((line) => line.replace(/\s+#.*$/, ""))
		.filter(
			(line) =>
				/^(npx|npm|bash|apt-get|ejabberdctl|[A-Z_]+=\S+ np[mx]) /.test(line) && !/\b[A-Z]{4,}\b(?!=)|--config$/.test(line),
		);
}

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-commands-"));
	mkdirSync(join(folder, "etc"));
	mkdirSync(join(folder, "lib"));
	writeFileSync(
		join(folder, "etc/prosody.cfg.lua"),
		`data_path = ${JSON.stringify(join(folder, "lib"))}
c2s_ports = { 0 }
s2s_ports = { 0 }
interfaces = { "127.0.0.1" }
modules_enabled = { "disco", "roster", "saslauth" }
VirtualHost "example.com"
Component "conference.example.com" "muc"
`,
	);
	mkdirSync(join(folder, "lib/example%2ecom/accounts"), { recursive: true });
	writeFileSync(join(folder, "lib/example%2ecom/accounts/romeo.dat"), 'return {\n\t["password"] = "pencil";\n};\n');
	mkdirSync(join(folder, "spec/scansion"), { recursive: true });
	cpSync(join(root, "spec/scansion/muc_kick.scs"), join(folder, "spec/scansion/muc_kick.scs"));
	cpSync(join(root, "spec/scansion/muc_kick.scs"), join(folder, "script.scs"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The words of a command with our folders and small numbers in place of the reader's. */
function words_of(command: string): string[] {
	return command
		.replaceAll("/etc/prosody/", `${folder}/etc/`)
		.replaceAll("/var/lib/prosody/prosody.sqlite", `${folder}/moved.sqlite`)
		.replaceAll("/var/lib/prosody", `${folder}/lib`)
		.replaceAll("/srv/data", `${folder}/moved`)
		.replace(/--random \d+/, "--random 1 --steps 5")
		.split(" ");
}

/** Runs the program until it ends, or is up where it does not end by itself. */
function run_program(words: readonly string[], input = ""): Promise<{ status: number | null; output: string }> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [program, ...words], { cwd: folder });
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.on("data", (chunk) => {
				output += chunk;
				if (words[0] === "start" && output.includes("Ctrl-C")) child.kill("SIGTERM");
			});
		}
		child.on("error", reject);
		child.on("close", (status) => resolve({ status, output }));
		child.stdin.end(input);
	});
}

describe.each(pages)("%s", (page) => {
	const commands = commands_of(page);

	it("names only scripts of npm that there are", () => {
		const named = commands.flatMap((command) => [...command.matchAll(/\bnpm (?:run )?([a-z]+)/g)].map(([, name = ""]) => name));
		expect(named.filter((name) => !["ci", "install"].includes(name) && scripts[name] === undefined)).toEqual([]);
	});

	const here = commands.filter(
		(command) => command.startsWith("npx enjamb ") && !elsewhere.some(([start]) => start.test(command)),
	);
	const rest = commands.filter((command) => !here.includes(command));

	it("has no command that nobody runs", () => {
		const unknown = rest.filter((command) => !/^npm run (build|format|types|check)$/.test(command));
		expect(unknown.filter((command) => !elsewhere.some(([start]) => start.test(command)))).toEqual([]);
	});

	it.runIf(here.length > 0)("can be typed as it stands", async ({ skip }) => {
		const results: (readonly [string, number | null, string])[] = [];
		for (const command of here) {
			const words = words_of(command).slice(2);
			if (words[0] === "compare" && find_prosody() === undefined) continue;
			const server = words.includes("5222") ? await start_scratch_server() : undefined;
			const typed = words.map((word) => (word === "5222" ? String(server?.port) : word));
			const { status, output } = await run_program(typed, /^(adduser|passwd)$/.test(words[0] ?? "") ? "pencil\n" : "");
			await server?.stop();
			results.push([command, status, status === 0 ? "" : output]);
		}
		expect(results.filter(([, status]) => status !== 0)).toEqual([]);
		skip(results.length === 0, "no prosody to compare with on this machine");
	});
});

it("knows of no command elsewhere that is in no document", () => {
	const all = pages.flatMap(commands_of);
	expect(elsewhere.filter(([start]) => !all.some((command) => start.test(command))).map(([, reason]) => reason)).toEqual([]);
});

it("names specs that there are", () => {
	const named = elsewhere.flatMap(([, reason]) => [...reason.matchAll(/spec\/[\w/.-]+/g)].map(([path]) => path));
	expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
