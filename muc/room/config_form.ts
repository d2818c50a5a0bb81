// Counterpart: plugins/muc/muc.lib.lua (the configuration form, XEP-0045 §10.1 and §10.2)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { Form, new_form, type ParsedValues } from "../../host/util/dataforms.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { go_on, one_by_one, Waiting } from "../../host/util/waiting.ts";
import type { ConfigSubmittedEvent } from "../events.ts";
import { call_method, room_methods } from "../feature.ts";
import type { Room } from "../types.ts";
import { refuse, sender_of } from "../util.lib.ts";
import { muc_user } from "./item.ts";

function new_layout(room: Room): Form {
	return new_form({
		title: `Configuration for ${room.jid}`,
		instructions: "Complete and submit this form to configure the room.",
		fields: [{ name: "FORM_TYPE", type: "hidden", value: ns.muc_roomconfig }],
	});
}

/** The form for one of the room's owners; the features add their fields to it. */
function get_form_layout(room: Room, actor: string): Form {
	const form = new_layout(room);
	const answer = room.module.fire_event("muc-config-form", { room, actor, form });
	return answer instanceof Form ? answer : form;
}

/** The same for whoever can go on later; a module's own `get_form_layout` makes it at once. */
function layout_for(room: Room, actor: string): Form | Waiting<Form> {
	if (room.get_form_layout !== methods.get_form_layout) return room.get_form_layout(actor);
	const form = new_layout(room);
	const answer = room.module.fire_waiting("muc-config-form", { room, actor, form });
	return go_on(answer, (given) => (given instanceof Form ? given : form));
}

/**
 * Takes over what was submitted, and saves it. Gives the status codes that the room has to be told.
 * @param fire fires the events
 */
function take_fields(
	room: Room,
	origin: Session,
	stanza: Stanza,
	fields: ParsedValues,
	present: Iterable<string>,
	fire: ModuleApi["fire_waiting"],
): Set<string> | Waiting<Set<string>> {
	const event: ConfigSubmittedEvent = {
		room,
		origin,
		stanza,
		fields,
		status_codes: new Set(),
		actor: sender_of(stanza),
		update_option(name, field, allowed) {
			const value = fields[field];
			if (value === undefined || (allowed !== undefined && !allowed[String(value)])) return undefined;
			if (value === call_method(room, `get_${name}`)) return undefined;
			event.status_codes.add("104");
			call_method(room, `set_${name}`, value);
			return true;
		},
	};
	return go_on(fire("muc-config-submitted", event), () => {
		const taken = one_by_one(present, (field) => {
			event.field = field;
			event.value = fields[field];
			return go_on(fire(`muc-config-submitted/${field}`, event), () => undefined);
		});
		return go_on(taken, () => {
			event.field = undefined;
			event.value = undefined;
			room.save(true);
			return event.status_codes;
		});
	});
}

function announce(room: Room, status_codes: ReadonlySet<string>): void {
	if (status_codes.size === 0) return;
	const x = muc_user();
	for (const code of status_codes) x.tag("status", { code }).up();
	const message = st.message({ type: "groupchat", from: room.jid });
	message.add_child(x);
	room.broadcast_message(message);
}

function submit(
	room: Room,
	origin: Session,
	stanza: Stanza,
	fields: ParsedValues,
	present: Iterable<string>,
): true | Waiting<true> {
	const taken = take_fields(room, origin, stanza, fields, present, (name, event) => room.module.fire_waiting(name, event));
	return go_on(taken, (status_codes): true => {
		origin.send(st.reply(stanza));
		announce(room, status_codes);
		return true;
	});
}

/**
 * Takes over a form that did not come as a stanza, and has no answer.
 * @param actor the JID whose rights decide which fields there are
 * @param filled a form of type `submit`
 * @returns an error that names each field that is wrong; then nothing has changed
 */
export function configure(room: Room, actor: string, filled: Stanza): Result<true, string> {
	const { data, errors, present } = room.get_form_layout(actor).data(filled);
	if (errors !== undefined) {
		const complaints = Object.entries(errors).map(([name, error]) => `${name}: ${error}`);
		return failed(complaints.join("; "));
	}
	const stanza = st.iq({ type: "set", from: actor, to: room.jid, id: "api" }).query(ns.muc_owner).add_child(filled).reset();
	const origin = room.module.host_session();
	const taken = take_fields(room, origin, stanza, data, present, (name, event) => room.module.fire_event(name, event));
	// events that are fired so do not wait
	if (!(taken instanceof Waiting)) announce(room, taken);
	return ok(true);
}

/** Takes a form that an owner sent. */
function process_form(room: Room, origin: Session, stanza: Stanza): true | Waiting<true> {
	const form = stanza.first_tag?.get_child("x", ns.data);
	const type = form?.attr["type"];
	if (type === "cancel") {
		origin.send(st.reply(stanza));
		room.module.fire_event("muc-config-cancelled", { room, origin, stanza });
	} else if (form === undefined || type !== "submit") {
		return refuse(origin, stanza, "cancel", "bad-request", "Not a submitted form");
	} else if (form.first_tag === undefined) {
		// An instant room (XEP-0045 §10.1.2)
		return submit(room, origin, stanza, {}, []);
	} else {
		return go_on(layout_for(room, sender_of(stanza)), (layout) => {
			// PARITY: fields with errors are ignored without an error
			const { data, present } = layout.data(form);
			if (data["FORM_TYPE"] !== ns.muc_roomconfig) {
				return refuse(origin, stanza, "cancel", "bad-request", "Form is not of type room configuration");
			}
			return submit(room, origin, stanza, data, present);
		});
	}
	return true;
}

/** Sends an owner the form. */
function send_form(room: Room, origin: Session, stanza: Stanza): true | Waiting<true> {
	return go_on(layout_for(room, sender_of(stanza)), (layout): true => {
		origin.send(st.reply(stanza).query(ns.muc_owner).add_child(layout.form()));
		return true;
	});
}

export const methods = room_methods({ send_form, get_form_layout, process_form });
