// No counterpart: a Prosody is one process.

import type { Duplex } from "node:stream";
import { BrokerClient } from "../../util/cluster/broker_client.ts";
import { DirectBus } from "../../util/cluster/direct_bus.ts";
import { type Clock, type Life, life_text } from "../../util/cluster/types.ts";
import type { NeighbourStreams } from "../types.ts";
import type { ClusterBase } from "./cluster.ts";
import { shared_writers } from "./worker_writers.ts";

/** The subject by which the supervisor is asked to end a process. */
export const end_subject = "supervisor.end";

/** What processes call what they are together. */
const name = "workers";

/** The supervisor alone decides who is dead, and sees that at once; so nobody has to renew a lease often. In milliseconds. */
const lease = 3_600_000;
/** How long a process may take to end, in milliseconds; then its end is asked for once more. */
const longest_end = 60_000;

/** Time that stands still while the machine sleeps, as all processes do then. */
const steady_clock: Clock = {
	now: () => performance.now(),
	after(milliseconds, act) {
		const timer = setTimeout(act, milliseconds);
		return () => clearTimeout(timer);
	},
};

/**
 * What a process runs on that is one of several of this machine: the broker of the process that has started it, which alone says who
 * is dead, once that one has ended.
 * @param stream connects with that process
 * @param neighbours the others that it has started
 * @param warn told of what an administrator should know
 */
export function worker_base(
	node: string,
	stream: Duplex,
	neighbours: NeighbourStreams,
	warn: (text: string) => void,
): ClusterBase {
	const broker = new BrokerClient(stream);
	const bus = new DirectBus({
		node,
		prefix: name,
		broker,
		streams: {
			open: (other) => neighbours.open(other, "bus", node),
			answer: (take) => neighbours.answer("bus", take),
		},
		warn,
	});
	const ask = (subject: string, text: string): Promise<Uint8Array> => bus.request(subject, Buffer.from(text), longest_end);
	return {
		node,
		name,
		bus,
		bucket: (bucket_name) => broker.bucket(bucket_name),
		clock: steady_clock,
		fence: {
			async raise(life: Life) {
				// Whoever had this name before has ended, or this process would not be there
				if (life.node !== node) await ask(end_subject, life_text(life));
			},
		},
		lease,
		neighbours,
		writers: shared_writers(bus, node),
		async close() {},
	};
}
