// No counterpart: what all that Lua is offered is made with.

import type { Server } from "../host/core/types.ts";
import type { Border } from "./border.ts";
import type { Libraries } from "./libraries.ts";
import type { StanzaLibrary } from "./stanza.ts";
import type { TValue } from "./vm/fengari.ts";
import type { Vm } from "./vm/vm.ts";

/** One Lua state on one server. */
export interface LuaContext {
	readonly server: Server;
	readonly vm: Vm;
	readonly border: Border;
	readonly libraries: Libraries;
	readonly stanza: StanzaLibrary;
	/** Lua's globals as modules see them. */
	readonly globals: TValue;
	/** Whether it is for modules, which share libraries and cannot replace them, or for a configuration file, which may. */
	readonly serves: "modules" | "configuration";
	/** The methods of `module`. */
	readonly module_api: TValue;
	/** The host's items, by Lua's. */
	readonly adapted_items: WeakMap<object, object>;
	/** Lua's items, by the host's. */
	readonly items_of_lua: WeakMap<object, TValue>;
	/** What other modules get from a module, in any language. */
	exports_value(name: string, on: string, exported: unknown): TValue;
}
