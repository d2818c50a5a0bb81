// Counterpart: util/startup.lua (prosody.reload_config)

/** What a reload has changed. */
export interface ReloadReport {
	/** Hosts that the configuration has and the server does not serve yet. */
	readonly hosts_added: readonly string[];
	/** Hosts that the server serves and the configuration has no more. */
	readonly hosts_removed: readonly string[];
	/** Options whose value is another one, as `name` or `name (host)`. */
	readonly options: readonly string[];
	/** Those of them that only take effect at the next start. */
	readonly at_next_start: readonly string[];
}
