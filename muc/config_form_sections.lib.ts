// Counterpart: plugins/muc/config_form_sections.lib.lua

import type { MucEvents } from "./events.ts";
import { feature } from "./feature.ts";

/** Headings of the configuration form. A field's priority is that of its heading less how far below the heading it stands. */
export const config_form_sections = feature("config_form_sections", (module) => {
	const add_heading =
		(value: string) =>
		({ form }: MucEvents["muc-config-form"]) =>
			void form.fields.push({ type: "fixed", value });
	module.hook("muc-config-form", add_heading("Room information"), 100);
	module.hook("muc-config-form", add_heading("Access to the room"), 90);
	module.hook("muc-config-form", add_heading("Permissions in the room"), 80);
	module.hook("muc-config-form", add_heading("Other options"), 70);
	return {};
});
