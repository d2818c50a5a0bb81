// No counterpart: the command `migrate`.

import type { Command } from "commander";

export function add_migrate(program: Command): void {
	program
		.command("migrate")
		.description("move data between Prosody's files and its SQL tables, or from another server, and prove that all is there")
		.requiredOption(
			"--from <place>",
			"where they are: internal:FOLDER, sql:FILE, config:FILE for where that keeps them, postgresql://USER@HOST/DATABASE, mysql://…, ejabberd:FILE for a dump, or metronome:FOLDER",
		)
		.requiredOption(
			"--to <place>",
			"where they shall be: internal:FOLDER, sql:FILE, config:FILE, postgresql://… or mysql://…; it must be new, or empty",
		)
		.option("--dry-run", "read everything, and write nothing but the report")
		.addHelpText(
			"after",
			"\nExit status: 0 everything was moved and verified, 1 it was not, 3 it was but for records that are kept aside.",
		)
		.action(async ({ from, to, ...flags }: { from: string; to: string } & Readonly<Record<string, unknown>>) => {
			const { run } = await import("./migrate/run.ts");
			// What is made is for the group to read at most, as with Prosody
			process.umask(process.umask() | 0o027);
			const { isTTY: is_tty = false, columns = 80 } = process.stderr;
			process.exitCode = await run({
				from,
				to,
				// commander writes the names of options in one word
				dry_run: flags["dryRun"] === true,
				write: (text) => void process.stdout.write(text),
				progress: {
					is_terminal: is_tty,
					columns,
					write: (text) => void process.stderr.write(text),
					now: () => performance.now(),
				},
			});
		});
}
