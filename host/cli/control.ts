// Counterpart: prosodyctl (status, reload, stop, about)

import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { built_in_modules, version } from "../composition.ts";
import { is_alive, type ServerProcess } from "../util/processes.ts";
import { refuse } from "./opening.ts";
import { find_place, type Place, type PlaceOptions, placed, process_at, run_there } from "./place.ts";

/** How long a server gets to end, in milliseconds, and how often it is looked at. */
const patience = 60_000;
const interval = 100;
/** What `prosodyctl status` ends with, too. */
const not_running = 2;

/** `Enjamb`, or whose server it is. */
function name_of({ program }: ServerProcess): string {
	return program.charAt(0).toUpperCase() + program.slice(1);
}

/** What a server says of itself, a line for each command that it answers. */
async function answers(place: Place, commands: readonly (readonly string[])[]): Promise<string[]> {
	const lines: string[] = [];
	for (const words of commands) {
		const ran = await run_there(place, words, { output: () => {} });
		if (!ran.ok || ran.value.is_error) break;
		lines.push(ran.value.text.replace(/^OK: /, ""));
	}
	return lines;
}

async function status(options: PlaceOptions): Promise<void> {
	const place = await find_place(options);
	const running = process_at(place);
	if (running === undefined) {
		process.stdout.write("Enjamb is not running\n");
		if (process.getuid?.() !== 0) {
			process.stdout.write("\nThis is also what you see as another user than the server's: try it with sudo in front\n");
		}
		process.exitCode = not_running;
		return;
	}
	process.stdout.write(`${name_of(running)} is running with PID ${running.pid}\n`);
	const [about, uptime, clients] = await answers(place, [["server:version()"], ["server:uptime()"], ["c2s:count()"]]);
	if (about !== undefined) process.stdout.write(`Version ${about}\n`);
	for (const line of [uptime, clients]) if (line !== undefined) process.stdout.write(`${line}\n`);
}

async function reload(options: PlaceOptions): Promise<void> {
	const place = await find_place(options);
	const ran = await run_there(place, ["config:reload()"]);
	if (ran.ok) {
		if (ran.value.is_error) refuse(ran.value.text.replace(/^Error: /, ""));
		process.stdout.write(`${ran.value.text.replace(/^OK: /, "")}\n`);
		return;
	}
	const running = process_at(place);
	if (running === undefined) refuse("the server is not running");
	process.kill(running.pid, "SIGHUP");
	process.stdout.write(`The process ${running.pid} was told to read its configuration again; its log says what came of it\n`);
}

async function stop(options: PlaceOptions): Promise<void> {
	const running = process_at(await find_place(options));
	if (running === undefined) refuse("the server is not running");
	process.kill(running.pid, "SIGTERM");
	const end = performance.now() + patience;
	while (is_alive(running.pid)) {
		if (performance.now() > end)
			refuse(`the process ${running.pid} has not ended after ${patience / 1000} seconds; its log may say why`);
		await delay(interval);
	}
	process.stdout.write("Stopped\n");
}

async function about(options: PlaceOptions): Promise<void> {
	const { config, data, socket, pidfile } = await find_place(options);
	const plugins = config.get("*", "plugin_paths");
	const rows: readonly (readonly [string, string | undefined])[] = [
		["Version", version],
		["Node", process.version],
		["System", `${process.platform} ${process.arch}`],
		["Configuration", options.config ?? "that of a newcomer, without a file"],
		["Data", data],
		["Socket", socket],
		["Pid file", pidfile],
		["Hosts", config.hosts().join(", ")],
		["Plugins", Array.isArray(plugins) ? plugins.join(", ") : undefined],
		["Built in", [...built_in_modules].sort().join(" ")],
	];
	for (const [name, value] of rows) if (value !== undefined) process.stdout.write(`${name.padEnd(14)} ${value}\n`);
}

export function add_status(program: Command): void {
	placed(program.command("status")).description("say whether the server runs").action(status);
}

export function add_reload(program: Command): void {
	placed(program.command("reload")).description("have a running server read its configuration again").action(reload);
}

export function add_stop(program: Command): void {
	placed(program.command("stop")).description("end a running server").action(stop);
}

export function add_about(program: Command): void {
	placed(program.command("about")).description("say what is installed, and where things are").action(about);
}
