// No counterpart: in Prosody every address of a host is served by this process.

import type { Life } from "../../util/cluster/types.ts";
import type { StanzaEvent, Waited } from "../types.ts";

/** Something for an address of which it is not known who serves it. */
export interface Asking {
	readonly event: StanzaEvent;
	readonly takes: boolean;
	readonly tries: number;
	/** This node's life when it came: another one has nothing to do with it. */
	readonly life: Life | undefined;
	/** The node that it came from. */
	readonly from: Life | undefined;
	readonly here: (event: StanzaEvent) => Waited;
	/** Says how it went: what {@link here} answered, or nothing where it was passed on. */
	readonly settle: (answer: Waited) => void;
	readonly fail: (error: unknown) => void;
}

/** What waits for one address, and when all of it is answered. */
export interface Line {
	readonly queue: Asking[];
	readonly done: Promise<void>;
}
