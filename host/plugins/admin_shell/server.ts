// Counterpart: plugins/mod_admin_shell.lua (def_env.server)

import type { ModuleApi } from "../../core/types.ts";
import { format_number } from "../../util/human/units.ts";
import { command, done, optional_text, type Section } from "./command.ts";
import { count_of } from "./hosts.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** A time as C's `%c` writes it: `Sat Mar  1 09:05:00 2025`. */
function show_time(seconds: number): string {
	const date = new Date(seconds * 1000);
	const two = (value: number): string => String(value).padStart(2, "0");
	const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
	const day = String(date.getDate()).padStart(2);
	return `${weekdays[date.getDay()]} ${months[date.getMonth()]} ${day} ${time} ${date.getFullYear()}`;
}

/** How long something takes, in days, hours and minutes. */
function show_duration(seconds: number): string {
	const minutes = Math.floor(seconds / 60);
	const hours = Math.floor(minutes / 60);
	const days = Math.floor(hours / 24);
	return `${count_of(days, "day")}, ${count_of(hours % 24, "hour")} and ${count_of(minutes % 60, "minute")}`;
}

export function server_section(module: ModuleApi): Section {
	const { server } = module;
	return {
		name: "server",
		desc: "Uptime, version, shutting down, etc.",
		commands: [
			command("version()", "Show the server's version number", () => done(server.version)),
			command("uptime()", "Show how long the server has been running", () => {
				const since = server.start_time ?? Math.floor(Date.now() / 1000);
				const running = Math.floor(Date.now() / 1000) - since;
				return done(`This server has been running for ${show_duration(running)} (since ${show_time(since)})`);
			}),
			command(
				"shutdown(reason)",
				"Shut down the server, with an optional reason to be broadcast to all connections",
				(_shell, [reason]) => {
					const text = optional_text(reason, "the reason") ?? "Received shutdown request";
					// The answer goes out first
					setImmediate(() => server.shut_down(text));
					return done("Shutdown initiated");
				},
			),
			command(
				"memory()",
				"Show details about the server's memory usage",
				(shell) => {
					const { rss, heapTotal: heap, heapUsed: used, external } = process.memoryUsage();
					const human = (bytes: number): string => format_number(bytes, "B", "b");
					shell.print(`Process: ${human(rss)}`);
					shell.print(`   Used: ${human(used + external)} (${human(used)} by JavaScript)`);
					shell.print(`   Free: ${human(heap - used)}`);
					return done("OK");
				},
				{ nodes: "workers" },
			),
		],
	};
}
