// No counterpart: `enjamb bench lua`, which measures what modules in Lua cost.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compose_server, create_lua_host } from "../../composition.ts";
import { default_config } from "../../core/configmanager.ts";
import type { ModuleApi } from "../../core/types.ts";
import { Events } from "../../util/events.ts";
import * as st from "../../util/stanza.ts";

/** A typical hook of a module: it looks at the sender and the text, and lets the message pass. */
const hook_in_lua = `
module:hook("muc-occupant-groupchat", function (event)
	local from = event.stanza.attr.from;
	local body = event.stanza:get_child_text("body");
	if from == "nobody" and body == "nothing" then
		return true;
	end
end);
`;

/** What was measured; times are medians in microseconds of processor time for each event. */
export interface LuaCosts {
	/** The event is made and fired, and nobody hooks it. */
	readonly nobody: number;
	/** The same while a Lua module hooks another event. */
	readonly lua_elsewhere: number;
	readonly typescript_hook: number;
	readonly lua_hook: number;
	/** By how much the heap grew over a million calls of the Lua hook, in bytes. */
	readonly heap_growth: number;
}

type Bus = Events<{ [name: string]: unknown }>;

function message_event() {
	const attr = { from: "somebody@localhost/phone", to: "garden@conference.localhost", type: "groupchat", id: "m1" };
	const stanza = st.message(attr, "Good morning everybody, how are you today?");
	return { room: {}, origin: {}, occupant: {}, from: attr.from, stanza };
}

/** Microseconds of processor time for each of a number of events. */
function fire(bus: Bus, count: number): number {
	const before = process.cpuUsage();
	for (let i = 0; i < count; i++) bus.fire_any("muc-occupant-groupchat", message_event());
	const { user, system } = process.cpuUsage(before);
	return (user + system) / count;
}

function median(bus: Bus, runs: number, count: number): number {
	fire(bus, count);
	const found = Array.from({ length: runs }, () => fire(bus, count)).sort((a, b) => a - b);
	return found[Math.floor(runs / 2)] ?? Number.NaN;
}

/** Collects garbage, so that only what is really kept is measured. */
function collect_garbage(): number {
	setFlagsFromString("--expose-gc");
	const collect: unknown = runInNewContext("gc");
	if (typeof collect === "function") collect();
	return process.memoryUsage().heapUsed;
}

/** Loads a module in Lua whose hooks go to a bus. */
function load_on(bus: Bus, host: ReturnType<typeof create_lua_host>, folder: string, code: string): void {
	const path = join(folder, "mod_bench.lua");
	writeFileSync(path, code);
	const server: ModuleApi["server"] = Object.create(host.server, { hosts: { value: new Map([["localhost", { events: bus }]]) } });
	const api: Pick<ModuleApi, "name" | "host" | "log" | "unload" | "ready" | "server"> = {
		name: "bench",
		host: "localhost",
		server,
		log: () => undefined,
		unload: undefined,
		ready: undefined,
	};
	// the module needs nothing else
	host.load(path, api as unknown as ModuleApi);
}

/**
 * Measures hooks in Lua beside hooks in TypeScript, in this process.
 * @param runs number of runs, of which the median counts
 * @param count events in each run
 * @param heap_calls number of calls before the heap is measured
 */
export function measure_lua(runs = 5, count = 200_000, heap_calls = 1_000_000): LuaCosts {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-bench-lua-"));
	try {
		const config = default_config(folder);
		config.set("*", "storage", "memory");
		const server = compose_server(config, { log: [] });
		if (!server.ok) throw new Error(server.error);
		const new_bus = (): Bus => new Events();
		const [empty, elsewhere, typescript, lua] = [new_bus(), new_bus(), new_bus(), new_bus()];
		const nobody = median(empty, runs, count);
		typescript.add_handler("muc-occupant-groupchat", (event) => {
			const { stanza } = event as { stanza: st.Stanza };
			const { from } = stanza.attr;
			return from === "nobody" && stanza.get_child_text("body") === "nothing" ? true : undefined;
		});
		const typescript_hook = median(typescript, runs, count);
		const host = create_lua_host(server.value);
		load_on(elsewhere, host, folder, hook_in_lua.replace("muc-occupant-groupchat", "muc-occupant-joined"));
		const lua_elsewhere = median(elsewhere, runs, count);
		load_on(lua, host, folder, hook_in_lua);
		const lua_hook = median(lua, runs, count);
		const before = collect_garbage();
		fire(lua, heap_calls);
		const heap_growth = collect_garbage() - before;
		return { nobody, lua_elsewhere, typescript_hook, lua_hook, heap_growth };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The figures for people. */
export function lua_costs_text(costs: LuaCosts): string {
	const micros = (value: number): string => value.toFixed(2).padStart(6);
	return `${[
		"Processor time for each event, in µs (medians; making the stanza and its event is included):",
		"",
		`${micros(costs.nobody)}  nobody hooks the event`,
		`${micros(costs.lua_elsewhere)}  a Lua module is loaded, and hooks another event`,
		`${micros(costs.typescript_hook)}  a hook in TypeScript reads who said what`,
		`${micros(costs.lua_hook)}  a hook in Lua reads who said what: ${(costs.lua_hook - costs.nobody).toFixed(2)} µs for the call itself`,
		"",
		`Heap after a million calls of the hook in Lua: ${(costs.heap_growth / 1e6).toFixed(1)} MB more than before.`,
	].join("\n")}\n`;
}
