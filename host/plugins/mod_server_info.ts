// Counterpart: plugins/mod_server_info.lua of Prosody 13 (XEP-0128, XEP-0157)

import type { ItemEvent, ModuleDefinition } from "../core/types.ts";
import { type Field, type FieldValues, new_form } from "../util/dataforms.ts";
import type { Stanza } from "../util/stanza.ts";
import { string_fields } from "./server_info.lib.ts";

declare module "../core/types.ts" {
	interface ItemTypes {
		/** Fields that modules add to what a host tells about the server. */
		"server-info-fields": ArrayLike<Field>;
	}
}

/**
 * Tells in service discovery about the server: fields of the configuration and of other modules. Options: server_info,
 * server_info_extensions.
 */
export const definition: ModuleDefinition = {
	name: "server_info",
	load(module) {
		const values: FieldValues = {};
		const configured = module.get_option("server_info");
		if (typeof configured === "object" && !Array.isArray(configured) && !(configured instanceof Map)) {
			for (const [name, value] of Object.entries(configured)) {
				if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") values[name] = value;
				else if (Array.isArray(value)) values[name] = value.map(String);
			}
		} else if (configured !== undefined) module.log("error", "Config option 'server_info' expected a table of values by field");
		const form = new_form({
			fields: [{ var: "FORM_TYPE", type: "hidden", value: "http://jabber.org/network/serverinfo" }],
		});
		for (const [index, field] of module.get_option_array("server_info_extensions").entries()) {
			const [known] = string_fields([field]);
			if (known) form.fields.push(known);
			else {
				const expected = "Config option 'server_info_extensions' expected tables with a name or var, which number %d is not";
				module.log("error", expected, index + 1);
			}
		}

		let shown: Stanza | undefined;
		update();
		module.handle_items("server-info-fields", add_fields, remove_fields);

		function update(): void {
			if (shown) module.remove_item("extension", shown);
			shown = form.form(values, "result");
			module.add_extension(shown);
		}

		function add_fields({ item }: ItemEvent<ArrayLike<Field>>): void {
			form.fields.push(...string_fields(Array.from(item)));
			update();
		}

		function remove_fields({ item }: ItemEvent<ArrayLike<Field>>): void {
			for (const removed of string_fields(Array.from(item))) {
				const index = form.fields.findIndex((field) => (field.var ?? field.name) === (removed.var ?? removed.name));
				if (index >= 0) form.fields.splice(index, 1);
			}
			update();
		}
	},
};
