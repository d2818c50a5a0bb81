// Counterpart: plugins/mod_admin_shell.lua (def_env.debug), util/helpers.lua

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { index_certs } from "../../core/certificate_files.ts";
import { format_message } from "../../core/log_text.ts";
import type { EventMap, HttpEventMap, ModuleApi } from "../../core/types.ts";
import type { Events } from "../../util/events.ts";
import { format_table } from "../../util/human/table.ts";
import { command, done, type Outcome, optional_text, refused, result, type Section, type Shell } from "./command.ts";

type Bus = Events<EventMap> | Events<HttpEventMap>;

/** What is registered on a bus: each event with its handlers, by priority. */
function show_events(bus: Bus, wanted: string | undefined): string {
	const events = bus
		.list()
		.filter(({ name, priorities }) => priorities.length > 0 && (wanted === undefined || name === wanted))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
	return events
		.map(({ name, priorities }) => {
			const handlers = bus.get_handlers(name);
			const lines = priorities.map((priority, index) => `  ${priority}: ${handlers[index]?.name || "function"}`);
			return [name, ...lines].join("\n");
		})
		.join("\n\n");
}

/** What a folder's certificates are for. */
function show_certificates(module: ModuleApi, shell: Shell, given: string | undefined): Outcome {
	const { server } = module;
	const configured = server.config.get("*", "certificates");
	const path = resolve(server.paths.config, given ?? (typeof configured === "string" ? configured : "certs"));
	shell.print(`II: Scanning ${path}...`);
	if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
		shell.print(`EE: Error indexing certificate directory ${path}: cannot open ${path}: No such file or directory`);
	}
	const index = index_certs(path, (level, message, ...args) => {
		const is_bad = level === "warn" || level === "error";
		shell.print(`${is_bad ? "EE" : "II"}: ${format_message(message, args)}`);
	});
	const rows = [...index].sort(([a], [b]) => (a < b ? -1 : 1));
	shell.print("");
	const table = format_table<(typeof rows)[number]>(
		[
			{ title: "Domain", width: Math.max(8, ...rows.map(([domain]) => domain.length)), value: ([domain]) => domain },
			{ title: "Certificate", width: "100%", value: ([, { certificate }]) => certificate },
			{ title: "Service", width: 5, value: () => "*" },
		],
		shell.width,
	);
	shell.print(table.titles());
	shell.print("-".repeat(shell.width));
	for (const row of rows) shell.print(table.row(row));
	shell.print("");
	return done(`Showing ${rows.length} certificates in ${path}`);
}

export function debug_section(module: ModuleApi): Section {
	const { server } = module;
	const log = server.logger("debug");
	/** Whose events are logged already. */
	const logged = new Set<Bus>();

	/** The events of a host, of the whole server (`*`), or of its HTTP server (`http`). */
	function bus_of(host: string): Bus | undefined {
		if (host === "*") return server.events;
		if (host === "http") return server.http_server.events;
		return server.hosts.get(host)?.events;
	}

	/** Has each event that is fired be logged. */
	function log_events(bus: Bus, name: string): void {
		if (logged.has(bus)) return;
		logged.add(bus);
		bus.wrap_any(undefined, (next, event, payload) => {
			// Whoever writes to the log may fire events itself
			if (logged.has(bus)) log("debug", "%s firing event: %s", name, event);
			return next(event, payload);
		});
	}

	return {
		name: "debug",
		desc: "Commands for debugging the server",
		commands: [
			command("logevents(host)", "Enable logging of fired events on host", (_shell, [given]) => {
				const host = optional_text(given, "the host") ?? "*";
				const bus = bus_of(host);
				if (bus === undefined) return refused(`Unknown host: ${host}`);
				log_events(bus, host);
				return result(true);
			}),
			command("events(host, event)", "Show registered event handlers", (_shell, [given, event]) => {
				const host = optional_text(given, "the host") ?? "*";
				const bus = bus_of(host);
				return bus === undefined ? refused(`Unknown host: ${host}`) : done(show_events(bus, optional_text(event, "the event")));
			}),
			command("timers()", "Show information about scheduled timers", (shell) => {
				const kinds = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate");
				shell.print("-- timers of Node");
				for (const kind of new Set(kinds)) shell.print(`${kind}: ${kinds.filter((other) => other === kind).length}`);
				return result(true);
			}),
			command("async()", "Show information about pending asynchronous tasks", (shell, [id]) => {
				if (id !== undefined) return refused("Runner not found or is currently idle");
				const table = format_table<never>(
					[
						{ title: "ID", width: 12, value: () => "" },
						{ title: "Function", width: "10p", value: () => "" },
						{ title: "Status", width: "16", value: () => "" },
						{ title: "Location", width: "10p", value: () => "" },
					],
					shell.width,
				);
				shell.print(table.titles());
				return done("0 runners pending");
			}),
			command("cert_index([path])", "Show Prosody's view of a directory of certs", (shell, [path]) =>
				show_certificates(module, shell, optional_text(path, "the folder")),
			),
		],
	};
}
