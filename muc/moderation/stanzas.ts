// Counterpart: the community's mod_muc_moderation.lua (what is sent and kept)

import { datetime } from "../../host/util/datetime.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Room } from "../types.ts";

/** Namespaces of the two forms: that of XEP-0425 before version 0.3, with XEP-0422, and the one since then. */
export const xmlns = {
	fasten: "urn:xmpp:fasten:0",
	moderate_0: "urn:xmpp:message-moderate:0",
	retract_0: "urn:xmpp:message-retract:0",
	moderate_1: "urn:xmpp:message-moderate:1",
	retract_1: "urn:xmpp:message-retract:1",
} as const;

/** One message, and who takes it back. */
export interface Retraction {
	readonly original: Stanza;
	/** The message's id in the archive. */
	readonly stanza_id: string;
	/** Occupant JID of the moderator; undefined where it is not in the room and has no nick there. */
	readonly by: string | undefined;
	readonly reason: string | undefined;
	/** Ids of XEP-0421, where the room gives any. */
	readonly moderator_id: string | undefined;
	readonly author_id: string | undefined;
	/** The id of the message that announces the retraction. */
	readonly id: string;
}

function occupant_id(id: string): Stanza {
	return st.stanza("occupant-id", { xmlns: ns.occupant_id, id });
}

/** The newer form: who and why, in an element that says what. */
function newer_form(what: Stanza, { by, reason, moderator_id }: Retraction): Stanza {
	what.tag("moderated", { xmlns: xmlns.moderate_1, by });
	if (moderator_id !== undefined) what.add_child(occupant_id(moderator_id));
	what.up();
	if (reason !== undefined) what.text_tag("reason", reason);
	return what.reset();
}

/** The older form: what and why, in an element that says who. */
function older_form(what: Stanza, { by, reason, moderator_id }: Retraction): Stanza {
	const moderated = st.stanza("moderated", { xmlns: xmlns.moderate_0, by }).add_child(what);
	if (reason !== undefined) moderated.text_tag("reason", reason);
	if (moderator_id !== undefined) moderated.add_child(occupant_id(moderator_id));
	return moderated;
}

/**
 * The message by which everybody learns of a retraction. Clients know one form or the other, and ignore elements that they do
 * not know (RFC 6120 §8.4). Both forms are in it, whichever the moderator's client used, so that all clients understand it.
 */
export function create_announcement(room: Room, retraction: Retraction): Stanza {
	const { stanza_id, id } = retraction;
	const fastened = st.stanza("apply-to", { xmlns: xmlns.fasten, id: stanza_id });
	fastened.add_child(older_form(st.stanza("retract", { xmlns: xmlns.retract_0 }), retraction));
	return st
		.message({ from: room.jid, type: "groupchat", id })
		.add_child(fastened)
		.add_child(newer_form(st.stanza("retract", { xmlns: xmlns.retract_1, id: stanza_id }), retraction));
}

/**
 * What stays of the message (XEP-0425 §5, XEP-0424 §5): who said it and that it was retracted, but nothing of its content. This has
 * both forms, too.
 */
export function create_tombstone(retraction: Retraction): Stanza {
	const { original, author_id, id } = retraction;
	const stamp = datetime();
	const tombstone = st.message({ from: original.attr["from"], type: "groupchat", id: original.attr["id"] });
	if (author_id !== undefined) tombstone.add_child(occupant_id(author_id));
	return tombstone
		.add_child(older_form(st.stanza("retracted", { xmlns: xmlns.retract_0, stamp }), retraction))
		.add_child(newer_form(st.stanza("retracted", { xmlns: xmlns.retract_1, stamp, id }), retraction));
}
