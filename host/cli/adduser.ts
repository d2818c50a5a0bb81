// Counterpart: util/prosodyctl.lua (the command adduser)

import type { Command } from "commander";
import { open_server, refuse } from "./opening.ts";

export function add_adduser(program: Command): void {
	program
		.command("adduser")
		.description("make an account, or set its password")
		.argument("<jid>", "the account, as name@host")
		.option("-c, --config <file>", "a prosody.cfg.lua; without one, the server that start runs without one")
		.option("-d, --data <folder>", "where data lies when there is no configuration file", "data")
		.option("--delete", "remove the account")
		.action(async (jid: string, options: { config?: string; data: string; delete?: boolean }) => {
			const { ask_password, add_user, delete_user } = await import("../core/adduser.ts");
			const server = await open_server(options.config, options.data, []);
			const opened = await server.open_accounts();
			if (!opened.ok) refuse(opened.error);
			const done = await (options.delete ? delete_user(server, jid) : add_user(server, jid, await ask_password(jid)));
			await server.stop("The command is done");
			if (!done.ok) refuse(done.error);
			process.stdout.write(`${done.value}\n`);
		});
}
