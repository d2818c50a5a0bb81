// No counterpart: tokens for scripts that use the HTTP API, on the command line.

import type { Command } from "commander";
import { refuse } from "./opening.ts";
import { find_place, type PlaceOptions, placed, run_there } from "./place.ts";

/** Has the running server do it. Ends with 1 where it was refused. */
async function type_there(options: PlaceOptions, words: readonly string[]): Promise<void> {
	const ran = await run_there(await find_place(options), words);
	if (!ran.ok) refuse(ran.error);
	const text = ran.value.text.replace(/^(?:OK|Error): /, "");
	if (ran.value.is_error) refuse(text);
	// What was printed before is for programs; this is for people
	process.stderr.write(`${text}\n`);
}

interface CreateOptions extends PlaceOptions {
	readonly scope: string;
	readonly days?: string;
	readonly name?: string;
}

export function add_token(program: Command): void {
	const token = program.command("token").description("make, list and end tokens of scripts that use the HTTP API");
	placed(token.command("create"))
		.description("make a token; it is printed once")
		.argument("<jid>", "the administrator whose rights it has")
		.requiredOption("--scope <scopes>", "what it is good for: all, or scopes such as rooms:read, or names of commands")
		.option("--days <days>", "for how many days")
		.option("--name <name>", "for people")
		.action((jid: string, options: CreateOptions) => {
			const more = [options.days ?? "365", ...(options.name === undefined ? [] : [options.name])];
			return type_there(options, ["token", "create", jid, options.scope, ...more]);
		});
	placed(token.command("list"))
		.description("list tokens, without their secrets")
		.action((options: PlaceOptions) => type_there(options, ["token", "list"]));
	placed(token.command("revoke"))
		.description("end a token")
		.argument("<id>", "its id, as the list has it")
		.action((id: string, options: PlaceOptions) => type_there(options, ["token", "revoke", id]));
}
