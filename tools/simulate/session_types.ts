// No counterpart: what simulated sessions are, and what is around the nodes that have them.

import type { Life } from "../../host/util/cluster/types.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { Random } from "./world.ts";

/** A session as its node has it. */
export interface Session {
	readonly name: string;
	readonly token: string;
	readonly id: number;
	/** How many texts of the client were handled; the last one may still wait for something. */
	handled: number;
	is_busy: boolean;
	/** How much was sent to the client, how much of it the client has, and what it may not have. */
	sent: number;
	acked: number;
	queue: string[];
	/** Tells the client something; undefined while there is no connection. */
	tell: ((what: Told) => void) | undefined;
	/** What the client said while something waits. */
	readonly waiting: Saying[];
}

/** What a client hears. */
export type Told = { readonly kind: "tick"; readonly text: string } | { readonly kind: "handled"; readonly h: number };

/** A client that comes, and what it is told. */
export interface Login {
	readonly name: string;
	/** The session that it wants to go on with, of which it has so much; and the name of another one where there is none. */
	readonly token: string;
	readonly fresh: string;
	readonly has: number;
	/** Another node has said that its account is here. */
	readonly is_sent: boolean;
	tell(what: Told): void;
	later(): void;
	elsewhere(owner: Life): void;
	/** The session cannot be resumed: another one has begun. */
	begun(session: Session): void;
	resumed(session: Session, h: number, queue: readonly string[]): void;
}

/** Something for a room. */
export interface Saying {
	readonly room: string;
	readonly text: string;
}

/** What the world around has, and is told. */
export interface SessionSurroundings {
	readonly network: SimulatedNetwork;
	readonly database: SimulatedDatabase;
	readonly random: Random;
	/** Whether what is counted is said again. */
	readonly says_again: boolean;
	/** The client is told that this may not have been said. */
	refused(text: string): void;
	/** It is stored by the node that has its session. */
	stored_here(text: string): void;
}
