// Counterpart: plugins/muc/password.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** What one has to know to join. */
		get_password(): string | undefined;
		/** Sets the password; empty lets everybody join. True where that changed something. */
		set_password(password: string | undefined): boolean;
	}
}

function get_password(room: Room): string | undefined {
	return room._data.password;
}

function set_password(room: Room, password: string | undefined): boolean {
	const wanted = password === "" ? undefined : password;
	if (room._data.password === wanted) return false;
	room._data.password = wanted;
	return true;
}

export const methods: Pick<RoomMethods, "get_password" | "set_password"> & ThisType<Room> = {
	get_password() {
		return get_password(this);
	},
	set_password(password) {
		return set_password(this, password);
	},
};

/** Rooms that one has to know a password for (XEP-0045 §7.2.5). */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, reply }) => {
		reply.tag("feature", { var: get_password(room) === undefined ? "muc_unsecured" : "muc_passwordprotected" }).up();
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			form.fields.push({
				name: "muc#roomconfig_roomsecret",
				type: "text-private",
				label: "Password",
				value: get_password(room) ?? "",
			});
		},
		90 - 2,
	);
	module.hook("muc-config-submitted/muc#roomconfig_roomsecret", ({ room, value, status_codes }) => {
		if (set_password(room, typeof value === "string" ? value : undefined)) status_codes.add("104");
	});

	module.hook(
		"muc-occupant-pre-join",
		({ room, stanza, origin }) => {
			const wanted = get_password(room);
			const joining = stanza.get_child("x", ns.muc);
			if (wanted === undefined || joining === undefined) return undefined;
			if (joining.get_child_text("password", ns.muc) === wanted) return undefined;
			module.log("debug", "%s couldn't join %s: wrong password", stanza.attr["from"], stanza.attr["to"]);
			origin.send(st.error_reply(stanza, "auth", "not-authorized", undefined, room.jid));
			return true;
		},
		-20,
	);

	// Who is invited gets to know the password
	module.hook("muc-invite", ({ room, stanza }) => {
		const password = get_password(room);
		if (password !== undefined) stanza.get_child("x", ns.muc_user)?.text_tag("password", password);
	});

	// A room may be given its password by the presence that creates it
	module.hook("muc-room-pre-create", ({ room, stanza }) => {
		const joining = stanza.get_child("x", ns.muc);
		if (joining) set_password(room, joining.get_child_text("password", ns.muc));
	});
}
