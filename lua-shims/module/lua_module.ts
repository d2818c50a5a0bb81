// Counterpart: core/modulemanager.lua (what is kept of a module)

import { dirname } from "node:path";
import type { EventMap, ModuleApi } from "../../host/core/types.ts";
import type { AnyHandler, Events } from "../../host/util/events.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { tags } from "../vm/live_table.ts";
import type { LuaThread, NativeFunction, Vm } from "../vm/vm.ts";

export type Bus = Events<EventMap>;

/** A Lua function on the host's buses. */
export interface HookedHandler {
	readonly handler: AnyHandler;
	/** The buses that it is hooked on, and how to unhook it from each. */
	readonly undo_on: Map<object, () => void>;
}

/** A module in Lua on one host. */
export class LuaModule {
	/** Lua's `module`. */
	readonly table: Table;
	/** The module itself, where this is its context on another host; what the context does is undone with the module. */
	readonly origin: LuaModule;
	/** Whether it was told that the server is ready. */
	is_ready = false;
	/** When it last set its status, in seconds. */
	status_time = Date.now() / 1000;
	/** The functions that are hooked, by the Lua function that was given and the event. */
	readonly handlers = new Map<object, Map<string, HookedHandler>>();

	/**
	 * @param path its file
	 * @param origin the module whose context it is
	 */
	constructor(
		vm: Vm,
		readonly api: ModuleApi,
		readonly path: string,
		origin?: LuaModule,
	) {
		this.table = vm.new_table();
		this.origin = origin ?? this;
	}

	/** Lua's `module` as a value. */
	get value(): TValue {
		return new TValue(tags.table, this.table);
	}

	/** The folder of its file. */
	get directory(): string {
		return dirname(this.path);
	}
}

/** A method of `module`: it gets the arguments after the module itself. */
export type Method = (module: LuaModule, args: readonly TValue[], L: LuaThread) => ReturnType<NativeFunction>;

/** Methods of `module` by name. */
export type Methods = { readonly [name: string]: Method };
