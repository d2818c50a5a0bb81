// No counterpart: where each module is loaded, and what may become of it there.

/** A host with accounts, a room service, and a component that does nothing else. */
export const load_hosts = ["host.test", "rooms.test", "component.test"] as const;
export type LoadHost = (typeof load_hosts)[number];

/** The result on each host: undefined where the module was loaded, otherwise why not. */
export type Loads = { readonly [Host in LoadHost]: string | undefined };

/** A server, or a series of servers, on which modules are loaded. */
export interface Loader {
	/**
	 * Loads one module on each host of a server of its own.
	 * @param folders what `plugin_paths` names
	 */
	load(name: string, folders: readonly string[]): Promise<Loads>;
	close(): Promise<void>;
}

/** The same outcome everywhere. */
export function loads_nowhere(problem: string): Loads {
	return loads_of(() => problem);
}

/** An outcome that is known for each host. A module that another module or an earlier host has already loaded counts as loaded. */
export function loads_of(problem: (host: LoadHost) => string | undefined): Loads {
	const of = (host: LoadHost): string | undefined => {
		const known = problem(host);
		return known === "module-already-loaded" || known === "global-module-already-loaded" ? undefined : known;
	};
	return { "host.test": of("host.test"), "rooms.test": of("rooms.test"), "component.test": of("component.test") };
}
