// No counterpart: a session does not outlive a Prosody.

import type { ClientSession } from "../../core/c2s_session.ts";
import type { ServerStreamSession } from "../../core/s2s_session.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { Unacked, UnackedQueue } from "./unacked_queue.ts";

/** What others have to know of a stream whose session may be resumed. */
export interface ResumableStream {
	readonly session: ClientSession | ServerStreamSession;
	readonly xmlns: string;
	token: string | undefined;
	queue: UnackedQueue | undefined;
	readonly handled: number | undefined;
	/** The same without what is still being handled. */
	readonly done: number;
	readonly hibernating: number | undefined;
	readonly waits_until: number | undefined;
	stanza_of(item: Unacked): Stanza;
}

/** Told of what changes in sessions that can be resumed. */
export interface SessionMirror {
	/** A session can be resumed from now on. */
	began(stream: ResumableStream): void;
	/** Something was sent to a client. */
	pushed(stream: ResumableStream, item: Unacked): void;
	/** Something came from a client, or something of the session itself has changed. */
	came(stream: ResumableStream, stanza?: Stanza): void;
	/** A client has said what it has. */
	acked(stream: ResumableStream): void;
	/** A session cannot be resumed any more. */
	ended(stream: ResumableStream): void;
	/** What was sent in a turn that has failed was taken back. */
	taken_back(): void;
	/** Whether another node goes on with a session when this one is gone. */
	has(stream: ResumableStream): boolean;
}

/** For servers on their own. */
export const no_mirror: SessionMirror = {
	began() {},
	pushed() {},
	came() {},
	acked() {},
	ended() {},
	taken_back() {},
	has: () => false,
};

/** Whether an element of a stream changes a session though it is no stanza: whether somebody looks at the client (XEP-0352). */
export function is_change({ attr }: Stanza): boolean {
	return attr["xmlns"] === ns.csi;
}
