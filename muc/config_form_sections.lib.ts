// Counterpart: plugins/muc/config_form_sections.lib.lua

import type { ModuleApi } from "../host/core/types.ts";

/** Headings of the configuration form with their priority; a field hooks in below its heading's by what it is to be further down. */
const sections: readonly [heading: string, priority: number][] = [
	["Room information", 100],
	["Access to the room", 90],
	["Permissions in the room", 80],
	["Other options", 70],
];

/** Puts the headings into the configuration form. */
export function load(module: ModuleApi): void {
	for (const [value, priority] of sections) {
		module.hook("muc-config-form", ({ form }) => void form.fields.push({ type: "fixed", value }), priority);
	}
}
