// Counterpart: core/ (the managers as Lua modules require them)

import type { TValue } from "./fengari.ts";
import type { LuaHost } from "./lua_host.ts";
import { create_storage_library } from "./store.ts";

/** Makers of the libraries `core.*`, each called when its library is first required. */
export const core_libraries: { readonly [name: string]: (host: LuaHost) => TValue } = {
	"core.storagemanager": create_storage_library,
};
