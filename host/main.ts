// Counterpart: prosody, prosodyctl. The command line: each command is a file of cli/.

import { Command } from "commander";
import { add_adduser, add_deluser, add_passwd } from "./cli/adduser.ts";
import { add_bench } from "./cli/bench.ts";
import { add_check } from "./cli/check.ts";
import { add_compare } from "./cli/compare.ts";
import { add_about, add_reload, add_status, add_stop } from "./cli/control.ts";
import { add_migrate } from "./cli/migrate.ts";
import { add_scansion } from "./cli/scansion.ts";
import { add_shell } from "./cli/shell.ts";
import { add_start } from "./cli/start.ts";
import { add_token } from "./cli/token.ts";
import { version } from "./composition.ts";

// The reader of the output may close it early (`| head`). The command still finishes its work, as it does where the output cannot be
// written (a full disk): a server's clients must not notice. A command that has shown less than it wanted to has failed.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE" || process.exitCode !== undefined) return;
	process.exitCode = 1;
	process.stderr.write(`enjamb: cannot write its output: ${error.message}\n`);
});
process.stderr.on("error", () => {});

const program = new Command("enjamb").description("Multi-user chat for people who run Prosody").version(version);
// In the order in which the help lists them
for (const add of [
	add_start,
	add_status,
	add_shell,
	add_reload,
	add_stop,
	add_adduser,
	add_passwd,
	add_deluser,
	add_token,
	add_scansion,
	add_compare,
	add_bench,
	add_check,
	add_migrate,
	add_about,
])
	add(program);
program.parseAsync().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
	process.exit(1);
});
