// Counterpart: plugins/mod_server_contact_info.lua (XEP-0157)

import type { ConfigValue } from "../core/config/config.ts";
import type { ModuleApi, ModuleDefinition } from "../core/types.ts";
import type { Field } from "../util/dataforms.ts";
import { prep } from "../util/jid.ts";

/** Kinds of addresses, in Prosody's order. Source: XEP-0157, registrar's list of forms for `serverinfo`. */
const kinds = ["abuse", "admin", "feedback", "sales", "security", "status", "support"];

/** The addresses of one kind as a configuration has them: a list, or a single one; undefined for anything else. */
function addresses_of(value: ConfigValue | undefined): string[] | undefined {
	if (typeof value === "string") return [value];
	if (!Array.isArray(value)) return undefined;
	const addresses = value.filter((address) => typeof address === "string");
	return addresses.length === value.length ? addresses : undefined;
}

/** The addresses by kind; where none are configured, those of the admins. */
function read_contacts(module: ModuleApi): Map<string, string[]> {
	const contacts = new Map<string, string[]>();
	const configured = module.get_option("contact_info");
	if (configured === undefined) {
		const admins = [...module.get_option_inherited_set("admins")].map((jid) => (typeof jid === "string" ? prep(jid) : undefined));
		contacts.set(
			"admin",
			admins.filter((jid) => jid !== undefined).map((jid) => `xmpp:${jid}`),
		);
		return contacts;
	}
	// an empty table in Lua is a list as well
	const is_list = Array.isArray(configured) && configured.length > 0;
	const is_table = typeof configured === "object" && !is_list && !(configured instanceof Map);
	for (const [kind, value] of Object.entries(is_table ? configured : {})) {
		const addresses = addresses_of(value);
		if (!kinds.includes(kind))
			module.log("error", "Config option 'contact_info' has %s: expected some of %s", kind, kinds.join(", "));
		else if (!addresses)
			module.log("error", "Config option 'contact_info.%s' expected a list of addresses such as mailto:…", kind);
		else contacts.set(kind, addresses);
	}
	if (!is_table) module.log("error", "Config option 'contact_info' expected a table of lists of addresses by kind");
	return contacts;
}

/** Tells in service discovery how to reach those who run the server. Options: contact_info; by default, admins. */
export const definition: ModuleDefinition = {
	name: "server_contact_info",
	load(module) {
		module.depends("server_info");
		const contacts = read_contacts(module);
		const fields: Field[] = [];
		for (const kind of kinds) {
			const value = contacts.get(kind);
			if (value) fields.push({ type: "list-multi", name: kind, var: `${kind}-addresses`, value });
		}
		module.add_item("server-info-fields", fields);
	},
};
