// No counterpart: the shapes that the parts of `enjamb compare` share.

import type { Stanza } from "../../host/util/stanza.ts";

/** A client that takes part in a play. */
export interface Player {
	/** As scripts call it: "Romeo". */
	readonly name: string;
	/** Bare JID. */
	readonly jid: string;
	readonly password: string;
	readonly resource?: string;
}

/** One thing that a client does. Everything that the servers send until the next step is caused by it. */
export type PlayStep =
	| {
			/** Opens a stream and sends what scansion sends then; `disconnect` ends it with a goodbye, `vanish` without. */
			readonly kind: "connect" | "disconnect" | "vanish";
			readonly player: string;
			/** Line in the script, if there is one. */
			readonly line?: number;
			/** In place of the player's password. */
			readonly password?: string;
	  }
	| {
			/** Makes an account, before anybody has logged in (XEP-0077). */
			readonly kind: "register";
			readonly player: string;
			readonly password: string;
			readonly line?: number;
	  }
	| {
			/** Logs in and takes up the player's last stream again, where it can be (XEP-0198); binds a resource otherwise. */
			readonly kind: "resume";
			readonly player: string;
			/** The player whose stream it is. Where that has none, the client asks for one that there is not. */
			readonly stream: string;
			/** How many stanzas more than came the client says it has. */
			readonly surplus: number;
			readonly line?: number;
	  }
	| {
			readonly kind: "send";
			readonly player: string;
			/**
			 * XML, where `${NAME's JID}`, `${NAME's full JID}` and captured names stand for what they are on the server that it
			 * is sent to.
			 */
			readonly xml: string;
			/** What this is an example of, for the report and for shrinking: "join", "nick change", "configure: moderated". */
			readonly label: string;
			readonly line?: number;
	  }
	| {
			/** Takes values out of what came, by a scansion pattern, for later steps to use. */
			readonly kind: "capture";
			readonly player: string;
			readonly xml: string;
			readonly line?: number;
	  };

/** Something that is played on both servers. */
export interface Play {
	/** For people: the script's title, or "random play 3 of seed 1". */
	readonly title: string;
	/** The script's file, or `seed:NUMBER:STEPS` for a random play, which makes it again. */
	readonly source: string;
	readonly players: readonly Player[];
	readonly steps: readonly PlayStep[];
}

/** What one client received in one step. */
export interface Received {
	readonly player: string;
	readonly stanzas: readonly Stanza[];
	/** The stream ended in this step: with this error, or cleanly. */
	readonly ended?: string;
}

/** What a whole play looked like on one server. */
export interface Transcript {
	/** One entry for each step of the play, in order. */
	readonly steps: readonly (readonly Received[])[];
	/** Full JIDs of the players, by name, as they were at each step's end. */
	readonly jids: readonly ReadonlyMap<string, string>[];
}

/** In what way two answers differ. */
export type DifferenceKind =
	| "missing stanza"
	| "extra stanza"
	| "name"
	| "attribute"
	| "text"
	| "missing element"
	| "extra element"
	| "order"
	| "reuse"
	| "stream ended";

/** One difference between what a client received from the reference and from the other server. */
export interface Difference {
	readonly kind: DifferenceKind;
	/** Number of the step, from 0. */
	readonly step: number;
	readonly player: string;
	/** Where in the stanza, such as `message/x/status@code`. */
	readonly path: string;
	/** What the reference has there, and what the other has; undefined is nothing. */
	readonly reference: string | undefined;
	readonly subject: string | undefined;
	/** The whole stanzas, where there are such. */
	readonly reference_stanza: Stanza | undefined;
	readonly subject_stanza: Stanza | undefined;
	/** Differences with the same signature count as one kind in the report: kind, path and what the step was an example of. */
	readonly signature: string;
	/** Id of the entry in the list of known differences that accepts it. */
	readonly known?: string;
}

/** The outcome of one play. */
export interface Comparison {
	readonly play: Play;
	readonly reference: Transcript;
	readonly subject: Transcript;
	readonly differences: readonly Difference[];
	/** Per step: nothing differs, only known things differ, or something does. */
	readonly steps: readonly ("equal" | "known" | "different")[];
}

/** A difference that is accepted, with its reason. */
export interface KnownDifference {
	/** Short and stable, such as `0.12-reason-in-lists`. */
	readonly id: string;
	/** Why it is so, and why it stays so. */
	readonly reason: string;
	/** References that it holds for, as a prefix of their version: "0.12", "13"; absent is all. */
	readonly reference?: string;
	/** Holds only for the third server, of `--also`. */
	readonly only_also?: boolean;
	/** A script that shows it: a run that plays the script without meeting the difference fails. */
	readonly shown_by?: string;
	/** Whether a difference is this one; it gets the step, too. */
	matches(difference: Difference, step: PlayStep): boolean;
}

/** Where clients of a domain log in. */
export interface Place {
	readonly domain: string;
	readonly host: string;
	readonly port: number;
}

/** Several servers that work together in a play. */
export interface Network {
	/** The host that the rooms are on. */
	readonly rooms: string;
	/** All that clients log in to. */
	readonly places: readonly Place[];
}

/** A server that plays are played on. */
export interface Endpoint {
	/** "Prosody 0.12.3", "Enjamb 0.1.0": by its own answer to jabber:iq:version where it gives one. */
	readonly name: string;
	readonly host: string;
	readonly port: number;
	/** Where not everything is done by one server. */
	readonly network?: Network | undefined;
	/** Ends it, if it was started for this. */
	stop(): Promise<void> | void;
	/** Waits until nothing is on its way any more between the servers that it is made of, where there are several. */
	settled?(): Promise<void>;
}

/** A whole run, as the reports get it. */
export interface CompareResult {
	/** Names of the two servers, with their versions. */
	readonly reference: string;
	readonly subject: string;
	readonly comparisons: readonly Comparison[];
	/** The known differences that hold for this reference. */
	readonly known: readonly KnownDifference[];
	/** Known differences that should have shown and did not, which fails the run. */
	readonly outdated: readonly KnownDifference[];
	/** Scripts that differing random plays were reduced to. */
	readonly shrunk: readonly string[];
	/** Options without which a play that is played again would be another: `--config FILE` and the like, as a shell takes them. */
	readonly again: string;
	/** A third server that played the same, compared with the same reference: `--also`. */
	readonly also?: ThirdServer;
}

/** The results of a third server, beside the reference and ours. */
export interface ThirdServer {
	readonly name: string;
	/** The known differences that hold for it. */
	readonly known: readonly KnownDifference[];
	/** One for each play, in the same order. */
	readonly comparisons: readonly Comparison[];
}
