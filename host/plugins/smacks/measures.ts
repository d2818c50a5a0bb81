// Counterpart: plugins/mod_smacks.lua (metrics)

import type { Measures, ModuleApi } from "../../core/types.ts";
import type { Histogram } from "../../util/statistics.ts";

/** What managed streams of one host have measured. */
export interface SmacksMeasures {
	readonly queued: Measures["counter"];
	/** How many were not acknowledged when a stream ended. */
	readonly dropped: Histogram;
	/** How many an acknowledgement was about. */
	readonly acked: Histogram;
	readonly resumption_expired: Measures["counter"];
	/** For how long a session had waited when its client came back. */
	readonly resumption_age: Histogram;
	readonly sessions_expired: Measures["counter"];
	readonly sessions_started: Measures["counter"];
}

const counts = [0, 1, 2, 4, 8, 16, 32];
const ages = [0, 1, 12, 60, 360, 900, 1440, 3600, 14400, 86400];

/** Makes them, with Prosody's names. */
export function create_measures(module: ModuleApi): SmacksMeasures {
	return {
		queued: module.measure("tx_queued_stanzas", "counter"),
		dropped: module
			.metric("histogram", "tx_dropped_stanzas", {
				description: "number of stanzas in a queue which got dropped",
				buckets: counts,
			})
			.with_labels(),
		acked: module
			.metric("histogram", "tx_acked_stanzas", { description: "number of items acked per ack received", buckets: counts })
			.with_labels(),
		resumption_expired: module.measure("session_resumption_expired", "counter"),
		resumption_age: module
			.metric("histogram", "resumption_age", {
				unit: "seconds",
				description: "time the session had been hibernating at the time of a resumption",
				buckets: ages,
			})
			.with_labels(),
		sessions_expired: module.measure("sessions_expired", "counter"),
		sessions_started: module.measure("sessions_started", "counter"),
	};
}
