// Counterpart: util/startup.lua (prosody.reload_config)

/** What a reload found, and what it brought about. */
export interface ReloadReport {
	/** Hosts that are served from now on. */
	readonly hosts_added: readonly string[];
	/** Hosts that are not served any more. */
	readonly hosts_removed: readonly string[];
	/** Modules that were loaded, as `name` or `name (host)`. */
	readonly modules_loaded: readonly string[];
	readonly modules_unloaded: readonly string[];
	/** Options whose value is another one, as `name` or `name (host)`. */
	readonly options: readonly string[];
	/** Those of them that mean nothing before the next start. */
	readonly at_next_start: readonly string[];
	/** What of all that did not come about, in lines for people. */
	readonly problems: readonly string[];
}
