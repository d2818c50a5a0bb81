// No counterpart: a Prosody has nobody to lose.

import type { Membership } from "../../util/cluster/membership.ts";
import type { Clock } from "../../util/cluster/types.ts";
import type { Log } from "../types.ts";

/** How often it is looked whether this node may serve, in milliseconds. */
const interval = 200;

/** What load balancers and whoever looks into the log are told. */
const cut_off = "this node has no connection to the majority of the cluster, and serves nothing";

/** Says when this node may serve nothing, such as where NATS cannot be reached, or has lost the majority of its servers, and when it may again. */
export class Serving {
	private call_off: (() => void) | undefined;
	private since: number | undefined;

	constructor(
		private readonly membership: Pick<Membership, "may_serve">,
		private readonly clock: Clock,
		private readonly log: Log,
	) {}

	/** Why nothing is served; undefined where all is well. */
	trouble(): string | undefined {
		return this.membership.may_serve() ? undefined : cut_off;
	}

	start(): void {
		this.call_off = this.clock.after(interval, () => {
			this.start();
			this.look();
		});
	}

	stop(): void {
		this.call_off?.();
	}

	private look(): void {
		const trouble = this.trouble();
		const now = this.clock.now();
		if (trouble !== undefined && this.since === undefined) {
			this.since = now;
			this.log("error", "NATS does not answer in time: %s", trouble);
		} else if (trouble === undefined && this.since !== undefined) {
			this.log("info", "This node serves again, after %s s", ((now - this.since) / 1000).toFixed(1));
			this.since = undefined;
		}
	}
}
