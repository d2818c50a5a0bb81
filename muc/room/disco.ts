// Counterpart: plugins/muc/muc.lib.lua (what a room tells about itself, XEP-0045 §6.3 and §6.4)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { new_form } from "../../host/util/dataforms.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { DiscoInfoEvent } from "../events.ts";
import { room_methods } from "../feature.ts";
import { add_info } from "../settings.ts";
import type { Room } from "../types.ts";

/** The answer to a disco#info query; the features add what they have to say. */
function get_disco_info(room: Room, stanza: Stanza): Stanza {
	const node = stanza.first_tag?.attr["node"];
	const reply = st.reply(stanza).tag("query", { xmlns: ns.disco_info, node });
	const event: DiscoInfoEvent = { room, reply, stanza };
	if (node !== undefined && node !== "") {
		room.module.fire_event(`muc-disco#info/${node}`, event);
	} else {
		event.form = new_form({ fields: [{ name: "FORM_TYPE", type: "hidden", value: ns.muc_roominfo }] });
		event.formdata = {};
		room.module.fire_event("muc-disco#info", event);
	}
	if (event.form !== undefined) reply.add_child(event.form.form(event.formdata, "result"));
	return reply;
}

/** The answer to a disco#items query: rooms do not list their occupants. */
function get_disco_items(_room: Room, stanza: Stanza): Stanza {
	return st.reply(stanza).query(ns.disco_items);
}

function handle_disco_info_get_query(room: Room, origin: Session, stanza: Stanza): true {
	origin.send(room.get_disco_info(stanza));
	return true;
}

function handle_disco_items_get_query(room: Room, origin: Session, stanza: Stanza): true {
	origin.send(room.get_disco_items(stanza));
	return true;
}

export const methods = room_methods({
	get_disco_info,
	get_disco_items,
	handle_disco_info_get_query,
	handle_disco_items_get_query,
});

/** Features of all rooms. */
function add_features({ reply }: DiscoInfoEvent): void {
	reply.tag("feature", { var: ns.muc }).up();
	reply.tag("feature", { var: `${ns.muc}#stable_id` }).up();
	reply.tag("feature", { var: `${ns.muc}#self-ping-optimization` }).up();
}

function count_occupants(event: DiscoInfoEvent): void {
	add_info(event, { name: "muc#roominfo_occupants", label: "Number of occupants" }, String(event.room._occupants.size));
}

export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", add_features);
	module.hook("muc-disco#info", count_occupants);
}
