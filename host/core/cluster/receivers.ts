// No counterpart: in Prosody each receiver is here.

import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { HostSession } from "../types.ts";

/** Whether a stanza for an account that nobody serves has to be handled by a node that serves it: where it may change the account's data. */
export function takes_account(stanza: Stanza): boolean {
	const { type, to } = stanza.attr;
	switch (stanza.name) {
		case "message":
			return type === undefined || type === "chat" || type === "normal";
		case "presence":
			return type !== undefined && type !== "unavailable" && type !== "error" && type !== "probe";
		default:
			return (type === "get" || type === "set") && to !== undefined && !to.includes("/");
	}
}

/** Namespaces of queries to rooms, beside `http://jabber.org/protocol/muc` and what begins so. */
const room_queries: ReadonlySet<string> = new Set([
	ns.register,
	ns.mam,
	"urn:xmpp:message-moderate:0",
	"urn:xmpp:message-moderate:1",
]);

/** Whether something for the address of a service is for the room that has this address. */
function is_for_room({ name, attr, first_tag }: Stanza): boolean {
	if (name !== "iq" || attr["to"]?.includes("/")) return true;
	const xmlns = attr["type"] === "get" || attr["type"] === "set" ? first_tag?.attr["xmlns"] : undefined;
	return xmlns !== undefined && (xmlns.startsWith(ns.muc) || room_queries.has(xmlns));
}

/**
 * What is placed for the receiver of a stanza: its bare JID, or its whole host; undefined for what any node may handle.
 * @param placed hosts whose bare JIDs are placed one by one
 */
export function key_of(
	{ host, type }: Pick<HostSession, "host" | "type">,
	to_bare: string,
	stanza: Stanza,
	placed: { has(host: string): boolean },
): string | undefined {
	if (!placed.has(host)) return type === "component" ? host : undefined;
	if (to_bare !== host) return to_bare;
	// A room may have the address of its service
	return type === "component" && is_for_room(stanza) ? host : undefined;
}
