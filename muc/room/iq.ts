// Counterpart: plugins/muc/muc.lib.lua, handle_iq_to_occupant (IQs between occupants, XEP-0410)

import type { Session } from "../../host/core/types.ts";
import { base64_decode, base64_encode } from "../../host/util/encodings.ts";
import { hmac_sha256 } from "../../host/util/hashes.ts";
import { bare } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import * as uuid from "../../host/util/uuid.ts";
import { room_methods } from "../feature.ts";
import type { Occupant, Room } from "../types.ts";
import { addressee_of, not_connected, refuse_in_room, sender_of } from "../util.lib.ts";

/** Payloads that concern an account and not a client, so that the account's server has to answer. */
const account_namespaces: ReadonlySet<string> = new Set([ns.vcard_temp, ns.pubsub, ns.vcard4]);

/** A secret of the room's own, made when it is first asked for. */
function get_salt(room: Room): string {
	const known = room._data.occupant_id_salt;
	if (known !== undefined) return known;
	const salt = uuid.generate();
	room._data.occupant_id_salt = salt;
	// Divergence: saved at once. Prosody's ids change when it ends before the room is saved for another reason
	room.save();
	return salt;
}

/** Stands for a session in an IQ's id without revealing who it is. */
function session_hash(room: Room, real_jid: string): Buffer {
	return hmac_sha256(room.get_salt(), real_jid).subarray(0, 8);
}

/** The id with which a request is passed on. It holds where the request went, its own id, and whom the answer is for. */
function pack_id(room: Room, to: string, id: string, from: string): string {
	return base64_encode(Buffer.concat([Buffer.from(`${to}\0${id}\0`), session_hash(room, from)]));
}

/** Takes such an id apart; undefined for an id that no room has made. */
function unpack_id(id: string): { to: string; id: string; hash: Buffer } | undefined {
	const packed = base64_decode(id);
	if (packed === undefined) return undefined;
	const first = packed.indexOf(0);
	const second = packed.indexOf(0, first + 1);
	if (first < 1 || second < 0 || second === packed.length - 1) return undefined;
	return {
		to: packed.toString("utf8", 0, first),
		id: packed.toString("utf8", first + 1, second),
		hash: packed.subarray(second + 1),
	};
}

/** Where the answer to a request goes: from which occupant, to which session, with which id. */
function find_asker(room: Room, stanza: Stanza, asker: Occupant): { from: string; to: string; id: string } | undefined {
	const sender = sender_of(stanza);
	const packed = unpack_id(stanza.attr["id"] ?? "");
	// The server answers for an account from its bare JID
	if (packed === undefined || (sender !== packed.to && sender !== bare(packed.to))) return undefined;
	const from = room.get_occupant_jid(packed.to);
	if (from === undefined) return undefined;
	for (const [to] of asker.each_session()) {
		if (session_hash(room, to).equals(packed.hash)) return { from, to, id: packed.id };
	}
	return undefined;
}

function pass_on(room: Room, stanza: Stanza, addresses: { from: string; to: string; id: string }): true {
	room.module.log("debug", "%s sent private iq stanza to %s (%s)", stanza.attr["from"], stanza.attr["to"], addresses.to);
	const relayed = st.clone(stanza);
	Object.assign(relayed.attr, addresses);
	room.route_stanza(relayed);
	return true;
}

function handle_answer(room: Room, stanza: Stanza): true | undefined {
	const asker = room.get_occupant_by_nick(addressee_of(stanza));
	const addresses = asker === undefined ? undefined : find_asker(room, stanza, asker);
	return addresses === undefined ? undefined : pass_on(room, stanza, addresses);
}

function handle_request(room: Room, origin: Session, stanza: Stanza): true {
	// A module may ask in nobody's name
	const sender = stanza.attr["from"] ?? "";
	const addressee = addressee_of(stanza);
	const from = room.get_occupant_jid(sender);
	const event = { room, origin, stanza };
	if (from === undefined) return refuse_in_room(event, "cancel", "not-acceptable", not_connected);
	const session = room.get_occupant_by_nick(addressee)?.jid;
	if (session === undefined) return refuse_in_room(event, "cancel", "item-not-found", "Recipient not in room");
	if (addressee === from && stanza.attr["type"] === "get" && stanza.get_child("ping", ns.ping) !== undefined) {
		room.route_stanza(st.reply(stanza));
		return true;
	}
	const is_for_account = account_namespaces.has(stanza.first_tag?.attr["xmlns"] ?? "");
	const id = pack_id(room, session, stanza.attr["id"] ?? "", sender);
	return pass_on(room, stanza, { from, to: is_for_account ? (bare(session) ?? session) : session, id });
}

/** Passes an IQ on between occupants, with the nick of its sender in place of the real JID. */
function handle_iq_to_occupant(room: Room, origin: Session, stanza: Stanza): true | undefined {
	const { type } = stanza.attr;
	return type === "error" || type === "result" ? handle_answer(room, stanza) : handle_request(room, origin, stanza);
}

export const methods = room_methods({ get_salt, handle_iq_to_occupant });
