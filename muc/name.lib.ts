// Counterpart: plugins/muc/name.lib.lua

import type { Form } from "../host/util/dataforms.ts";
import type { DiscoInfoEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { text_setting } from "./settings.ts";
import type { Room } from "./types.ts";

/** The room's name for people, in service discovery and in the configuration form. */
export const name = feature("name", (module) => {
	const name = text_setting("name", { field: "muc#roomconfig_roomname", label: "Title" });
	module.hook("muc-disco#info", tell);
	module.hook("muc-config-form", add_field, 100 - 1);
	module.hook("muc-config-submitted/muc#roomconfig_roomname", name.take_field);

	function add_field({ room, form }: { room: Room; form?: Form }): void {
		form?.fields.push({ ...name.field(room), value: name.get(room) });
	}

	function tell(event: DiscoInfoEvent): void {
		event.reply.tag("identity", { category: "conference", type: "text", name: name.get(event.room) }).up();
		add_field(event);
	}

	return name;
});
