// No counterpart: Prosody calls handlers for each copy of a stanza that goes to many.

import type { CopyWatcher } from "../host/util/events.ts";
import type { LuaContext } from "./context.ts";
import { CopyWatch } from "./copies/copy_watch.ts";
import { type SteadyFunctions, steady_functions } from "./copies/steady.ts";

/** Watches the handlers of one Lua state. */
export function create_copy_watcher(host: LuaContext): CopyWatcher {
	const { vm } = host;
	let steady: SteadyFunctions | undefined;
	return {
		watch(address, handlers, deliver) {
			// one broadcast within another one's handler
			vm.watch?.stop();
			steady ??= steady_functions(host);
			const watch = new CopyWatch(vm, steady, address);
			vm.watch = watch;
			try {
				deliver();
			} finally {
				vm.watch = undefined;
			}
			return watch.finish(handlers);
		},
	};
}
