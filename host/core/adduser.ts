// Counterpart: util/prosodyctl.lua (adduser, passwd, deluser), with the roles of plugins/mod_admin_shell.lua

import { createInterface } from "node:readline";
import { type Readable, Writable } from "node:stream";
import type { ReadStream } from "node:tty";
import { failed, ok, type Result } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import type { Server } from "./types.ts";

/** The role of accounts that an administrator makes, unless the option `default_provisioned_role` names another one. */
const provisioned_role = "prosody:member";
const no_password = "no password was given";
/** The most characters of a password that is piped in; saslprep takes no longer ones anyway. */
const longest_password = 1023;

interface Account {
	readonly username: string;
	readonly host: string;
	/** The JID in its prepared form. */
	readonly address: string;
}

/** What of a server its accounts are worked on with. */
type AccountServer = Pick<Server, "config" | "hosts" | "turn" | "usermanager">;

/** Finds the account that a JID names, on a host of this server. */
function find(server: AccountServer, address: string): Result<Account, string> {
	const { node, host, resource } = jid.prepped_split(address, true);
	if (host === undefined) return failed(`${address} is no JID: expected one such as user@example.org`);
	if (node === undefined) return failed(`${address} names no user: expected a JID such as user@${host}`);
	if (resource !== undefined) return failed(`${address} names a resource: expected the account alone, ${node}@${host}`);
	const session = server.hosts.get(host);
	if (!session) {
		const hosts = [...server.hosts.values()].filter(({ type }) => type === "local").map((local) => local.host);
		return failed(`the host ${host} is not in the configuration: it has ${hosts.length > 0 ? hosts.join(", ") : "no host"}`);
	}
	if (session.type !== "local") return failed(`${host} is a component, which has no accounts: expected a VirtualHost`);
	if (session.users.name === "insecure") {
		return failed(`${host} lets in everybody with any password (authentication = "insecure"), so it has no accounts to make`);
	}
	if (session.users.name === "null") return failed(`${host} has no accounts: its authentication module is not loaded`);
	return ok({ username: node, host, address: `${node}@${host}` });
}

function find_existing(server: AccountServer, address: string): Result<Account, string> {
	const account = find(server, address);
	if (!account.ok) return account;
	const { username, host } = account.value;
	if (server.usermanager.user_exists(username, host)) return account;
	// An account that cannot be read exists nevertheless; the error about it comes with the action itself.
	if (server.usermanager.users(host).includes(username)) {
		const read = server.usermanager.get_account_info(username, host);
		if (!read.ok) return read;
	}
	return failed(`there is no account ${account.value.address}`);
}

/** Stores what was done, so that the answer is true when it is given. */
async function commit<Value>(server: AccountServer, done: Result<Value, string>, value: string): Promise<Result<string, string>> {
	const { failures } = server.turn.counts;
	await server.turn.done();
	if (!done.ok) return done;
	return server.turn.counts.failures > failures ? failed("it could not be stored; the log says why") : ok(value);
}

/**
 * Makes an account for the command line, or gives an existing one another password. A new account's role is that of
 * `default_provisioned_role`, as with Prosody's `prosodyctl adduser`.
 * @returns what was done, or what is wrong, as one line for people
 */
export async function add_user(server: AccountServer, address: string, password: string): Promise<Result<string, string>> {
	const account = find(server, address);
	if (!account.ok) return account;
	const { username, host, address: prepared } = account.value;
	if (server.usermanager.user_exists(username, host)) return change_password(server, address, password);
	if (password === "") return failed(no_password);
	const role = server.config.get(host, "default_provisioned_role");
	const role_name = typeof role === "string" ? role : provisioned_role;
	const created = server.usermanager.create_user_with_role(username, host, password, role_name);
	return commit(server, created, `Created the account ${prepared}`);
}

/** Gives an account another password; see {@link add_user}. */
export async function change_password(server: AccountServer, address: string, password: string): Promise<Result<string, string>> {
	const account = find_existing(server, address);
	if (!account.ok) return account;
	if (password === "") return failed(no_password);
	const { username, host, address: prepared } = account.value;
	const changed = server.usermanager.set_password(username, host, password);
	return commit(server, changed, `Changed the password of ${prepared}`);
}

/** Deletes an account with all that is stored for it; see {@link add_user}. */
export async function delete_user(server: AccountServer, address: string): Promise<Result<string, string>> {
	const account = find_existing(server, address);
	if (!account.ok) return account;
	const { username, host, address: prepared } = account.value;
	return commit(server, server.usermanager.delete_user(username, host), `Deleted the account ${prepared}`);
}

/** Reads lines without showing them; undefined at the end of the input. */
async function* hidden_lines(input: Readable, output: Writable, prompts: Iterable<string>): AsyncGenerator<string | undefined> {
	// Nothing of what is typed is shown.
	const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
	const lines = createInterface({ input, output: nowhere, terminal: true });
	const typed = lines[Symbol.asyncIterator]();
	lines.on("SIGINT", () => lines.close());
	try {
		for (const prompt of prompts) {
			output.write(prompt);
			const line = await typed.next();
			output.write("\n");
			yield line.done === true ? undefined : line.value;
		}
	} finally {
		lines.close();
	}
}

/** The first line of what is piped in. */
async function first_line(input: Readable): Promise<string> {
	let text = "";
	for await (const chunk of input) {
		text += String(chunk);
		if (text.includes("\n") || text.length > longest_password) break;
	}
	return text.split(/\r?\n/, 1)[0] ?? "";
}

/**
 * Asks for a new password: twice and unseen at a terminal, otherwise it is the first line of the input.
 * @param address whose password it is, for the prompt
 * @returns empty text where nothing was entered, or two different passwords
 */
export async function ask_password(
	address: string,
	input: Readable & Partial<Pick<ReadStream, "isTTY">> = process.stdin,
	output: Writable = process.stderr,
): Promise<string> {
	if (input.isTTY !== true) return first_line(input);
	const typed: (string | undefined)[] = [];
	const prompts = [`New password for ${address}: `, "The same again: "];
	for await (const line of hidden_lines(input, output, prompts)) typed.push(line);
	const [password = "", repeated] = typed;
	if (password === repeated) return password;
	output.write("These were not the same.\n");
	return "";
}
