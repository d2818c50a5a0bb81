// Counterpart: prosodyctl (adduser, passwd, deluser)

import type { Command } from "commander";
import { AdminClient } from "../core/admin_client.ts";
import type { RunningServer } from "../running_server.ts";
import type { Result } from "../util/error.ts";
import { open_silent_server, refuse } from "./opening.ts";
import { find_place, type Place, type PlaceOptions, placed, terminal_width, words_line } from "./place.ts";

/** Something to be done with an account: by a server that runs, or else on its data. */
interface AccountWork {
	/** What a running server is told; the next one where there is such an account. */
	readonly commands: readonly (readonly string[])[];
	offline(server: RunningServer): Promise<Result<string, string>>;
}

const account_exists = "User exists";

/** Has a running server do it; undefined where none answers. */
async function do_there(place: Place, commands: AccountWork["commands"]): Promise<Result<string, string> | undefined> {
	const connected = await AdminClient.connect(place.socket, { output: () => {} });
	if (!connected.ok) return undefined;
	const client = connected.value;
	let last = "the server has closed the connection";
	for (const words of commands) {
		const ran = await client.run(words_line(words), terminal_width(), false);
		if (ran === undefined) break;
		last = ran.text.replace(/^(?:OK|Result|Error): /, "");
		if (!ran.is_error) {
			client.close();
			return { ok: true, value: last };
		}
		if (last !== account_exists) break;
	}
	client.close();
	return { ok: false, error: last };
}

async function do_work(options: PlaceOptions, work: AccountWork): Promise<void> {
	const place = await find_place(options);
	let done = await do_there(place, work.commands);
	if (done === undefined) {
		const server = await open_silent_server(options);
		const opened = await server.open_accounts();
		if (!opened.ok) refuse(opened.error);
		done = await work.offline(server);
		await server.stop("The command is done");
	}
	if (!done.ok) refuse(done.error);
	process.stdout.write(`${done.value}\n`);
}

async function new_password(jid: string): Promise<string> {
	const { ask_password } = await import("../core/adduser.ts");
	const password = await ask_password(jid);
	return password === "" ? refuse("no password was given") : password;
}

type Options = PlaceOptions & { readonly delete?: boolean };

async function add(jid: string, options: Options): Promise<void> {
	if (options.delete) {
		await remove(jid, options);
		return;
	}
	const { add_user } = await import("../core/adduser.ts");
	const password = await new_password(jid);
	await do_work(options, {
		commands: [
			["user", "create", jid, password],
			["user", "password", jid, password],
		],
		offline: (server) => add_user(server, jid, password),
	});
}

async function change(jid: string, options: Options): Promise<void> {
	const { change_password } = await import("../core/adduser.ts");
	const password = await new_password(jid);
	await do_work(options, {
		commands: [["user", "password", jid, password]],
		offline: (server) => change_password(server, jid, password),
	});
}

async function remove(jid: string, options: Options): Promise<void> {
	const { delete_user } = await import("../core/adduser.ts");
	await do_work(options, { commands: [["user", "delete", jid]], offline: (server) => delete_user(server, jid) });
}

export function add_adduser(program: Command): void {
	placed(program.command("adduser"))
		.description("make an account, or set its password")
		.argument("<jid>", "the account, as name@host")
		.option("--delete", "remove the account")
		.action(add);
}

export function add_passwd(program: Command): void {
	placed(program.command("passwd"))
		.description("set the password of an account")
		.argument("<jid>", "the account, as name@host")
		.action(change);
}

export function add_deluser(program: Command): void {
	placed(program.command("deluser"))
		.description("remove an account with all that is stored for it")
		.argument("<jid>", "the account, as name@host")
		.action(remove);
}
