// No counterpart: Prosody's modules look into full_sessions and bare_sessions themselves.

import type { Audience } from "../../util/audience.ts";
import type { AddressableText, Stanza } from "../../util/stanza.ts";
import type { C2sSession, SessionBase, UserSessions } from "./sessions.ts";

/** Which sessions of an account are meant: all that are available, those with a priority of 0 and more, those with the highest, those that asked for the roster. */
export type Resources = "available" | "non-negative" | "top" | "interested";

/** Hands a text to one recipient, who is filled in. False where it has to be routed as a stanza. */
export type TextSender = (text: AddressableText) => boolean;

/** Hands a text that others get too to the stream by which a full JID is reached. False where it has to be routed as a stanza. */
export type TextRoute = (text: AddressableText, to: string) => boolean;

/** A stanza as finished text. */
export interface StanzaText {
	readonly name: string;
	readonly from: string;
	readonly text: AddressableText;
	/** The stanza itself, made when somebody wants to look at it. */
	stanza(): Stanza;
}

/**
 * Who is where, and the quickest way to reach them. It takes addresses and one stanza or text, and nobody else looks for sessions
 * to send something: so that sessions may be on another machine, which gets one message for all of its recipients.
 */
export interface Delivery {
	/** How many stanzas were given to sessions so far. */
	readonly count: number;
	/** Whether a full JID is a session's, or a bare JID an account's that has one. */
	is_online(jid: string): boolean;
	/** Whether a JID is of an account of one of this server's own hosts, so that {@link is_online} knows of it. */
	is_ours(jid: string): boolean;
	/** The session of a full JID. */
	session(full_jid: string): C2sSession | undefined;
	/** The sessions of an account, with the presence of each; undefined where it has none. */
	account(bare_jid: string): UserSessions | undefined;
	/** Sends a stanza to the session of a full JID. False where that is gone. */
	send(full_jid: string, stanza: Stanza): boolean;
	/** Sends a stanza to sessions of an account; answers how many of them it was sent to. */
	send_to_account(bare_jid: string, stanza: Stanza, resources: Resources): number;
	/**
	 * Sends one stanza to many full JIDs, serialised once; its own `to` does not count. Where these are an {@link Audience}, they are looked
	 * up once.
	 * @param otherwise told of those who are nobody's session, or where something wants to see each stanza on its way
	 */
	broadcast(recipients: Iterable<string>, stanza: Stanza, otherwise: (full_jid: string) => void): void;
	/**
	 * Hands a text to sessions here.
	 * @param otherwise told of those who are nobody's session here, or where something wants to see each stanza on its way; not called where there are none
	 */
	deliver_text(
		recipients: Audience | readonly string[],
		given: StanzaText,
		otherwise: (full_jids: readonly string[]) => void,
	): void;
	/**
	 * A way to hand texts that were made before to one full JID, for stanzas of one name; undefined where something wants to see
	 * each stanza on its way, or nobody is there.
	 * @param from the bare JID that all of them come from
	 */
	text_sender(full_jid: string, name: "message" | "presence" | "iq", from: string): TextSender | undefined;
	/**
	 * A way to send finished text to a client itself, such as answers; undefined where something wants to see each stanza that it is sent,
	 * the log for example, or where it is no client's session here.
	 * @param to the address that it has, or has asked from
	 */
	text_answers(origin: SessionBase, to: string | undefined): TextSender | undefined;
}
