// A real ejabberd whose rooms are ours: they are a component of it.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ejabberd_in } from "../tools/ejabberd.ts";
import { free_port } from "../tools/reference.ts";
import { Client } from "../tools/scansion/client.ts";
import { eventually, patience } from "./helper.ts";
import type { Upstream } from "./uplink.ts";

/** Somebody who can log in. */
interface Account {
	readonly jid: string;
	readonly password: string;
}

/** What a host needs on which our scripts are played, without rooms of its own. */
function configuration(port: number, component_port: number): string {
	return `hosts: [localhost]
loglevel: error
listen:
  - {port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s, access: all, shaper: none}
  - {port: ${component_port}, ip: "127.0.0.1", module: ejabberd_service, hosts: {conference.localhost: {password: secret}}}
auth_method: [internal]
modules: {mod_disco: {}, mod_ping: {}, mod_roster: {}, mod_private: {}, mod_blocking: {}, mod_privacy: {}, mod_version: {}, mod_vcard: {}}
`;
}

/** What its Erlang runs to make accounts. */
function registration(accounts: readonly Account[]): string {
	const users = new Map(accounts.map(({ jid, password }) => [jid.split("@")[0] ?? "", password]));
	const pairs = [...users].map(([name, password]) => `{<<${JSON.stringify(name)}>>,<<${JSON.stringify(password)}>>}`);
	return `[ok = ejabberd_auth:try_register(U, <<"localhost">>, P) || {U, P} <- [${pairs.join()}]].`;
}

function is_open(port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		const socket = connect(port, "127.0.0.1", () => {
			socket.destroy();
			resolve();
		});
		socket.on("error", reject);
	});
}

/** Starts one with these accounts of localhost, which waits for rooms. Throws where it does not start. */
export async function start_ejabberd(accounts: readonly Account[]): Promise<Upstream> {
	const last = accounts.at(-1);
	if (last === undefined) throw new RangeError("expected an account");
	const folder = mkdtempSync(join(tmpdir(), "enjamb-ejabberd-"));
	const [port, component_port] = [await free_port(), await free_port()];
	const { command, environment } = ejabberd_in(folder, configuration(port, component_port));
	const [program = "", ...given] = command;
	const child = spawn(program, [...given, "-eval", registration(accounts)], {
		env: { ...process.env, ...environment },
		stdio: ["ignore", "pipe", "pipe"],
	});
	const exited = new Promise((resolve) => child.once("close", resolve));
	let said = "";
	for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
	const stop = async (): Promise<void> => {
		child.kill("SIGKILL");
		await exited;
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		await eventually(async () => {
			await Promise.all([is_open(port), is_open(component_port)]);
			const client = await Client.connect({ host: "127.0.0.1", port, jid: last.jid, password: last.password, timeout: patience });
			if (!client.ok) throw new Error(client.error);
			await client.value.disconnect();
		});
	} catch {
		await stop();
		throw new Error(`ejabberd did not start:\n${said}${readFileSync(environment["EJABBERD_LOG_PATH"] ?? "", "utf8")}`);
	}
	return { port, component_port, stop };
}
