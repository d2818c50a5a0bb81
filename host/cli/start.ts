// Counterpart: prosody

import { existsSync } from "node:fs";
import type { Command } from "commander";
import { own_certificate_files } from "../core/certmanager.ts";
import { watch_stray_errors } from "../core/module_guard.ts";
import { WebConsole } from "../plugins/mod_web_console.ts";
import type { RunningServer } from "../running_server.ts";
import { first_admin } from "./newcomer.ts";
import { open_server, refuse } from "./opening.ts";
import { reloading, tell_systemd } from "./service_manager.ts";

/** Where browsers find the server; undefined where they do not. */
function web_origin(server: RunningServer): string | undefined {
	const listener = server.addresses().find(({ service }) => service === "http");
	if (listener === undefined) {
		// A certificate is for a name, not for an address
		const encrypted = server.addresses().find(({ service }) => service === "https");
		return encrypted && `https://localhost:${encrypted.port}`;
	}
	return `http://${listener.host.includes(":") ? `[${listener.host}]` : listener.host}:${listener.port}`;
}

/** Where a browser gets a client, if it is the host's first page. */
function web_page(server: RunningServer): string | undefined {
	const origin = web_origin(server);
	const host = [...server.hosts.values()].find(({ modules }) => modules.has("conversejs"))?.host;
	if (origin === undefined || host === undefined) return undefined;
	const path = new URL(server.hosts.get(host)?.modules.get("conversejs")?.module.http_url("conversejs") ?? "http://-/").pathname;
	return `${origin}${path}`;
}

/** The address by which a newcomer is an administrator. */
function console_link(server: RunningServer): string | undefined {
	const origin = web_origin(server);
	const web_console = server.modulemanager.get_module("*", "web_console")?.exports;
	if (origin === undefined || !(web_console instanceof WebConsole)) return undefined;
	return web_console.link(origin, first_admin);
}

/** What a newcomer sees: where the server is, how to talk to it, where its data lies. */
function welcome(server: RunningServer, is_newcomer: boolean): string {
	const where = server
		.addresses()
		.map(({ service, host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port} (${service})`)
		.join(", ");
	const hosts = [...server.hosts.values()];
	const account = hosts.find(({ type }) => type === "local")?.host;
	const rooms = hosts.find(({ modules }) => modules.has("muc"))?.host;
	const lines = [];
	const page = web_page(server);
	if (page !== undefined) lines.push(`Open ${page} in a browser, in two tabs: that is a conversation`);
	lines.push(where === "" ? `Enjamb ${server.version} runs and listens nowhere` : `Enjamb ${server.version} listens on ${where}`);
	if (account !== undefined && server.hosts.get(account)?.users.name === "insecure") {
		lines.push(`  Log in     as anybody@${account}, with any password (accounts are open: for development only)`);
	}
	if (rooms !== undefined) lines.push(`  Join       tearoom@${rooms}, or any other room: it is made when you enter`);
	if (is_newcomer) {
		const link = console_link(server);
		if (link !== undefined) lines.push(`  Console    ${link}`);
		const made = account === undefined ? undefined : own_certificate_files(account, server.paths.data).certificate;
		if (made !== undefined && existsSync(made))
			lines.push(`  Trust      ${made}, its certificate, which clients do not know yet`);
	}
	lines.push(`  Data       ${server.paths.data}`, "  Stop       Ctrl-C");
	return `${lines.join("\n")}\n`;
}

/** The longest that Node can wait, in milliseconds. */
const longest_interval = 2 ** 31 - 1;

async function start(options: { config?: string; data: string; tls?: true }): Promise<void> {
	if (options.tls && options.config !== undefined) {
		refuse(
			"--tls is for a server without a configuration file: expected c2s_require_encryption, certificates and ports in the file",
		);
	}
	const server = await open_server(options.config, options.data, undefined, options.tls);
	const log = server.logger("general");
	watch_stray_errors(log);
	const tell = await tell_systemd(log);
	let is_started = false;
	process.on("SIGHUP", () => {
		log("info", "Received SIGHUP");
		// A server that is still starting has nothing to reload
		if (!is_started) return;
		tell(reloading());
		server.reload_config();
		tell("READY=1");
	});
	const listening = await server.start();
	if (!listening.ok) refuse(listening.error);
	is_started = true;
	// Rooms that are another server's component listen nowhere: without this, nothing kept them here while that server is gone
	setInterval(() => {}, longest_interval);
	let is_ending = false;
	const stop = (signal: string): void => {
		tell("STOPPING=1");
		// A module may have taken over the end of the server; who asks again does not wait for it
		if (is_ending) end(`Received ${signal}`);
		else server.shut_down(`Received ${signal}`);
		is_ending = true;
	};
	const end = (reason: string): void => {
		server.stop(reason).then(
			() => process.exit(0),
			(error: unknown) => refuse(error instanceof Error ? (error.stack ?? error.message) : String(error)),
		);
	};
	// Whoever stops it, the process ends with it; modules that take over the end are asked before
	server.events.add_handler("server-stopped", ({ reason }) => void setImmediate(() => end(reason)));
	server.events.add_handler(
		"shutdown-wanted",
		({ reason }) => {
			setImmediate(() => end(reason));
			return true;
		},
		-1000,
	);
	process.on("SIGINT", () => stop("SIGINT"));
	process.on("SIGTERM", () => stop("SIGTERM"));
	for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
		process.on(signal, () => {
			log("info", "Received %s", signal);
			server.events.fire_event(`signal/${signal}`, {});
		});
	}
	// Programs that wait for this line may send a signal at once
	process.stdout.write(welcome(server, options.config === undefined));
	tell("READY=1");
}

export function add_start(program: Command): void {
	program
		.command("start")
		.description("run the server")
		.option("-c, --config <file>", "a prosody.cfg.lua; without one, localhost with open accounts on this machine only")
		.option("-d, --data <folder>", "where data lies when there is no configuration file", "data")
		.option("--tls", "speak nothing but TLS when there is no configuration file, as clients on desktops expect it")
		.action(start);
}
