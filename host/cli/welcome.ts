// No counterpart: what somebody sees who starts the server.

import { existsSync } from "node:fs";
import { own_certificate_files } from "../core/certmanager.ts";
import { WebConsole } from "../plugins/mod_web_console.ts";
import type { RunningServer } from "../running_server.ts";
import { first_admin } from "./newcomer.ts";

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
export function welcome(server: RunningServer, is_newcomer: boolean): string {
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
