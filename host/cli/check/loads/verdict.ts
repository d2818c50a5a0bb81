// No counterpart: what the loading of a module shows of this host, and of what `check` says without loading it.

import type { CheckedModule } from "../modules.ts";
import type { ModuleFile } from "./files.ts";
import { type LoadHost, type Loads, load_hosts } from "./outcome.ts";

/** What is known about one module. */
export interface LoadedModule extends ModuleFile {
	readonly here: Loads;
	/** In a real Prosody, where one was asked. */
	readonly reference: Loads | undefined;
	/** What `check` says of it by its source, and what it misses. */
	readonly said: CheckedModule["runs"];
	readonly missing: readonly string[];
}

/** Whether it was loaded on any host. */
export function is_loaded(loads: Loads): boolean {
	return load_hosts.some((host) => loads[host] === undefined);
}

/** Hosts on which a real Prosody loads it and this one does not. */
export function hosts_behind({ here, reference }: LoadedModule): LoadHost[] {
	if (reference === undefined) return [];
	return load_hosts.filter((host) => reference[host] === undefined && here[host] !== undefined);
}

/** Lua's errors where a module needs something that is not there; any other error is the module's own refusal. */
const lacking =
	/\bmodule '[^']+' (?:not found|cannot be loaded)|\.lua is not loaded: |attempt to (?:call|index) a nil value|there is no such module/;

/**
 * Whether it is this host's fault that a module is not loaded: a real Prosody loads it, or, where none was asked, it failed for want of
 * something.
 */
export function fails_for_want(module: LoadedModule): boolean {
	const { here, reference } = module;
	if (is_loaded(here)) return false;
	if (reference !== undefined) return is_loaded(reference);
	return load_hosts.some((host) => lacking.test(here[host] ?? ""));
}

/** How the result differs from what `check` has said; undefined where both agree. */
export function disagreement(module: LoadedModule): string | undefined {
	const { said, here } = module;
	if (said === "no" && is_loaded(here)) return "check says that it does not run, and it is loaded";
	if (said !== "no" && fails_for_want(module)) return "check says that it runs, and it cannot be loaded";
	return undefined;
}
