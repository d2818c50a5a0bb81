// Counterpart: the community's mod_muc_moderation.lua (XEP-0425)

import type { ModuleApi, ModuleDefinition, StanzaEvent } from "../host/core/types.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../host/util/error.ts";
import { medium as new_id } from "../host/util/id.ts";
import { bare } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { DiscoInfoEvent, MucEvents } from "./events.ts";
import { archive_of } from "./mam/archive.ts";
import { bury_in_history, create_burial_in_state } from "./moderation/memory.ts";
import { create_announcement, create_tombstone, type Retraction, xmlns } from "./moderation/stanzas.ts";
import type { Room, RoomFinder } from "./types.ts";
import { is_on_component, role_rank, sender_of, valid_roles } from "./util.lib.ts";

/**
 * A moderator is about to retract a message. Handlers may change both stanzas. A handler that returns anything but undefined
 * prevents the retraction, and may set the error.
 */
export interface ModerateMessageEvent {
	readonly room: Room;
	/** What all occupants will be told. */
	announcement: Stanza;
	/** What will stand in the archive in place of the message. */
	tombstone: Stanza;
	/** The message's id in the archive. */
	readonly stanza_id: string;
	/** The element that asks for the retraction. */
	readonly retract: Stanza;
	readonly reason: string | undefined;
	/** Real JID of the moderator. */
	readonly actor: string;
	/** The moderator's occupant JID; where it is not in the room, that of the nick which is reserved for it. */
	readonly actor_nick: string | undefined;
	/** The answer to a moderator whose request was refused. */
	error?: StanzaError;
}

declare module "../host/core/types.ts" {
	interface EventMap {
		"muc-moderate-message": ModerateMessageEvent;
	}
}

/** What a moderator asks for. */
type Request = Pick<ModerateMessageEvent, "stanza_id" | "retract" | "reason">;

/**
 * Reads what both forms of a request have in common. Divergence: a request that names no message, or asks for anything but a
 * retraction, gets an error; the community's module announces a moderation that does nothing.
 */
function read_request(stanza_id: string | undefined, moderate: Stanza, retract_xmlns: string): Result<Request, StanzaError> {
	if (stanza_id === undefined || stanza_id === "") {
		return failed(stanza_error("modify", "bad-request", "Expected the id of the message to moderate"));
	}
	const retract = moderate.get_child("retract", retract_xmlns);
	if (!retract) {
		return failed(stanza_error("modify", "bad-request", `Expected a retraction, <retract xmlns='${retract_xmlns}'/>`));
	}
	return ok({ stanza_id, retract, reason: moderate.get_child_text("reason") });
}

/** The occupant JID and the role of whoever asks. Outside the room, the role is the one that the affiliation would give. */
function identify(room: Room, actor: string): { nick: string | undefined; is_moderator: boolean } {
	const nick = room.get_occupant_jid(actor);
	const present = nick === undefined ? undefined : room._occupants.get(nick);
	// Divergence: in the community's module, somebody in the room under a nick that is reserved for the actor lends the actor its role
	const role = present ? present.role : room.get_default_role(room.get_affiliation(actor));
	const reserved = room.get_affiliation_data(bare(actor) ?? actor, "reserved_nickname");
	return {
		nick: nick ?? (typeof reserved === "string" ? `${room.jid}/${reserved}` : undefined),
		is_moderator: role_rank(role) >= valid_roles.moderator,
	};
}

/** The error where a room cannot be asked for anything; undefined where it can. */
function refuse_room(room: Room | false | undefined): StanzaError | undefined {
	if (room === undefined) return stanza_error("cancel", "item-not-found");
	if (room === false) return stanza_error("wait", "resource-constraint");
	if (room._data.destroyed) return stanza_error("cancel", "gone");
	// Its affiliations could not be read, so nobody knows who its moderators are
	return room.broken ? stanza_error("wait", "internal-server-error") : undefined;
}

/** Whether a room's answer to disco#info says that what is said in it is archived. */
function announces_archive(reply: Stanza): boolean {
	const features = reply.get_child("query", ns.disco_info)?.childtags("feature") ?? [];
	return [...features].some(({ attr }) => attr["var"] === ns.mam);
}

/** Answers moderators. Option: muc_occupant_id, which is mod_muc's. */
function load_requests(module: ModuleApi, muc: RoomFinder): void {
	const store = module.open_store("muc_log", "archive");
	const bury_in_state = create_burial_in_state(module);
	const has_occupant_ids = module.get_option_boolean("muc_occupant_id", true);
	if (store.name === "null") module.log("warn", "There is no storage for archives, so that no message can be retracted");

	/** Replaces the message wherever it is remembered, and tells everybody. */
	function carry_out(room: Room, retraction: Retraction, request: Request, actor: string): StanzaError | undefined {
		const { stanza_id, reason } = request;
		const event: ModerateMessageEvent = {
			...request,
			room,
			announcement: create_announcement(room, retraction),
			tombstone: create_tombstone(retraction),
			actor,
			actor_nick: retraction.by,
		};
		if (module.fire_event("muc-moderate-message", event) !== undefined) {
			return event.error ?? stanza_error("cancel", "not-allowed");
		}
		const replaced = store.set(archive_of(room), stanza_id, event.tombstone);
		if (!replaced.ok) {
			module.log("error", "Could not replace message %s of %s: %s", stanza_id, room.jid, replaced.error.text);
			return stanza_error("wait", "internal-server-error");
		}
		bury_in_history(room, stanza_id, event.tombstone);
		bury_in_state(room, stanza_id, event.tombstone);
		module.log("info", "%s retracted message %s of %s, reason: %s", actor, stanza_id, room.jid, reason ?? "none");
		room.broadcast_message(event.announcement);
		return undefined;
	}

	function moderate(stanza: Stanza, request: Request): StanzaError | undefined {
		const room = muc.get_room_from_jid(stanza.attr["to"] ?? "");
		const refused = refuse_room(room);
		if (refused || !room) return refused;
		const actor = sender_of(stanza);
		const { nick, is_moderator } = identify(room, actor);
		if (!is_moderator) return stanza_error("auth", "forbidden", "Only moderators may retract what others have said");
		if (store.name === "null") return stanza_error("cancel", "not-allowed", "Nothing is archived here");
		const found = store.get(archive_of(room), request.stanza_id);
		if (!found.ok) {
			module.log("error", "Could not read message %s of %s: %s", request.stanza_id, room.jid, found.error.text);
			return stanza_error("wait", "internal-server-error");
		}
		const original = found.value?.stanza;
		// Joins and leaves may be archived as well
		if (original?.name !== "message") return stanza_error("modify", "item-not-found");
		const moderator = room.get_occupant_by_real_jid(actor) ?? room.new_occupant(bare(actor) ?? actor, nick ?? room.jid);
		const retraction: Retraction = {
			original,
			id: new_id(),
			stanza_id: request.stanza_id,
			by: nick,
			reason: request.reason,
			// Where the room gives no ids, an id in a message was made up by its sender
			moderator_id: has_occupant_ids ? room.get_occupant_id(moderator) : undefined,
			author_id: has_occupant_ids ? original.get_child_attr("occupant-id", ns.occupant_id, "id") : undefined,
		};
		return carry_out(room, retraction, request, actor);
	}

	function answer({ origin, stanza }: StanzaEvent, request: Result<Request, StanzaError>): true {
		const error = request.ok ? moderate(stanza, request.value) : request.error;
		origin.send(error ? st.error_reply_from(stanza, error) : st.reply(stanza));
		return true;
	}

	module.hook(`iq-set/bare/${xmlns.fasten}:apply-to`, answer_older_form);
	module.hook(`iq-set/bare/${xmlns.moderate_1}:moderate`, answer_newer_form);

	function answer_older_form(event: StanzaEvent): true | undefined {
		const apply_to = event.stanza.first_tag;
		const moderate_0 = apply_to?.get_child("moderate", xmlns.moderate_0);
		// Other things can be fastened to messages as well
		if (!moderate_0) return undefined;
		return answer(event, read_request(apply_to?.attr["id"], moderate_0, xmlns.retract_0));
	}

	function answer_newer_form(event: StanzaEvent): true | undefined {
		const moderate_1 = event.stanza.first_tag;
		if (!moderate_1) return undefined;
		return answer(event, read_request(moderate_1.attr["id"], moderate_1, xmlns.retract_1));
	}
}

function add_features({ reply }: DiscoInfoEvent): void {
	if (!announces_archive(reply)) return;
	reply.tag("feature", { var: xmlns.moderate_0 }).up().tag("feature", { var: xmlns.moderate_1 }).up();
}

/** Keeps retractions, so that whoever was away learns of them, although they have no body. Only those of the room itself count. */
function is_retraction({ room, stanza }: MucEvents["muc-message-is-historic"]): true | undefined {
	if (stanza.attr["from"] !== room.jid) return undefined;
	return (stanza.get_child("apply-to", xmlns.fasten) ?? stanza.get_child("retract", xmlns.retract_1)) ? true : undefined;
}

function load(module: ModuleApi): void {
	if (!is_on_component(module)) return;
	load_requests(module, module.depends("muc"));

	// After mod_muc_mam. Divergence: only announced where there is an archive
	module.hook("muc-disco#info", add_features, -1);
	module.hook("muc-message-is-historic", is_retraction, 1);
}

/** Lets moderators retract what somebody said in a room, from its archive and from its history. */
export const definition: ModuleDefinition = { name: "muc_moderation", load };
