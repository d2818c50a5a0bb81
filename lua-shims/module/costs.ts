// No counterpart: what modules in Lua use of the processor.

import type { Server } from "../../host/core/types.ts";
import type { LuaModule } from "./lua_module.ts";

/** What a module's Lua code has used so far. */
export interface ModuleCost {
	calls: number;
	/** Milliseconds. */
	time: number;
}

/** Calls and time by `host:module`. */
export class Costs extends Map<string, ModuleCost> {
	/** Shows the cost of modules among the server's metrics. */
	publish({ events, statsmanager }: Server): void {
		if (statsmanager.registry === undefined) return;
		const labels = ["host", "module"];
		const calls_of = statsmanager.metric("counter", "enjamb_lua_calls", { description: "Calls of modules in Lua", labels });
		const time_of = statsmanager.metric("counter", "enjamb_lua", {
			unit: "seconds",
			description: "Time that modules in Lua have used",
			labels,
		});
		events.add_handler("stats-update", () => {
			for (const [key, { calls, time }] of this) {
				const at = key.lastIndexOf(":");
				const [on, name] = [key.slice(0, at), key.slice(at + 1)];
				calls_of.with_labels(on, name).set(calls);
				time_of.with_labels(on, name).set(time / 1000);
			}
			return undefined;
		});
	}

	/** Counts calls and time of a piece of a module's code. */
	measured(module: LuaModule): <Value>(run: () => Value) => Value {
		const key = `${module.api.host}:${module.api.name}`;
		let cost = this.get(key);
		if (!cost) {
			cost = { calls: 0, time: 0 };
			this.set(key, cost);
		}
		const counted = cost;
		return (run) => {
			const started = performance.now();
			try {
				return run();
			} finally {
				counted.calls++;
				counted.time += performance.now() - started;
			}
		};
	}
}
