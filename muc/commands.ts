// Counterpart: plugins/muc/mod_muc.lua (ad-hoc commands)

import type { ModuleApi, Session } from "../host/core/types.ts";
import type { AdhocAnswer, AdhocHandler, AdhocStep } from "../host/util/adhoc.ts";
import { new_initial_data_form, new_simple_form } from "../host/util/adhoc.ts";
import type { ParsedValue } from "../host/util/dataforms.ts";
import { new_form } from "../host/util/dataforms.ts";
import { ok } from "../host/util/error.ts";
import { go_on } from "../host/util/waiting.ts";
import type { Rooms } from "./rooms.ts";

const destroy_rooms_form = new_form({
	title: "Destroy rooms",
	instructions: "Select the rooms to destroy",
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: "http://prosody.im/protocol/muc#destroy" },
		{ name: "rooms", type: "list-multi", required: true, label: "Rooms to destroy:" },
	],
});

const set_affiliation_form = new_form({
	title: "Set affiliation",
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: "http://prosody.im/protocol/muc#set-affiliation" },
		{ name: "room", type: "jid-single", required: true, label: "Room" },
		{ name: "jid", type: "jid-single", required: true, label: "JID" },
		{
			name: "affiliation",
			type: "list-single",
			required: true,
			label: "Affiliation",
			options: ["owner", "admin", "member", "none", "outcast"],
		},
		// PARITY: it has no label there either
		{ name: "reason", type: "text-single" },
	],
});

/** The answer that says what is wrong with a form. */
function complaint(errors: { [name: string]: string }): readonly [AdhocAnswer] {
	const message = Object.entries(errors).map(([name, error]) => `${name}: ${error}`);
	return [{ status: "completed", error: { message: message.join("\n") } }];
}

function refusal(message: string): readonly [AdhocAnswer] {
	return [{ status: "canceled", error: { message } }];
}

function text(value: ParsedValue | undefined): string {
	return typeof value === "string" ? value : "";
}

function destroy_rooms(rooms: Rooms): AdhocHandler<Session> {
	return new_initial_data_form(
		destroy_rooms_form,
		() => ok({ rooms: rooms.all_jids().sort() }),
		({ rooms: chosen }, errors) => {
			if (errors) return complaint(errors);
			const jids = Array.isArray(chosen) ? chosen : [];
			return go_on<unknown, AdhocStep>(rooms.bring(jids), () => {
				const destroyed = jids.filter((jid) => {
					const room = rooms.get_room_from_jid(jid);
					return room ? room.destroy().ok : false;
				});
				return [{ status: "completed", info: `The following rooms were destroyed:\n${destroyed.join("\n")}` }];
			});
		},
	);
}

function set_affiliation(rooms: Rooms): AdhocHandler<Session> {
	return new_simple_form(set_affiliation_form, (fields, errors) => {
		if (errors) return complaint(errors);
		const address = text(fields["room"]);
		return go_on<unknown, AdhocStep>(rooms.bring([address]), () => {
			const room = rooms.get_room_from_jid(address);
			if (!room) return refusal("No such room");
			const reason = text(fields["reason"]) || undefined;
			const done = room.set_affiliation(true, text(fields["jid"]), text(fields["affiliation"]), reason);
			if (!done.ok) return refusal(`Affiliation change failed: ${done.error.type}:${done.error.condition}`);
			return [{ status: "completed", info: "Affiliation updated" }];
		});
	});
}

/** Offers admins what they may do with all rooms. */
export function load(module: ModuleApi, rooms: Rooms): void {
	module.depends("adhoc");
	const offer = (name: string, node: string, handler: AdhocHandler<Session>): void =>
		module.add_item("adhoc-provider", { name, node, handler, permission: "admin" });
	offer("Destroy Rooms", "http://prosody.im/protocol/muc#destroy", destroy_rooms(rooms));
	offer("Set affiliation in room", "http://prosody.im/protocol/muc#set-affiliation", set_affiliation(rooms));
}
