// Counterpart: plugins/mod_muc_mam.lua (XEP-0313 in rooms)

import type { ModuleApi, ModuleDefinition } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import { archive_commands } from "./api/archive.ts";
import type { ConfigSubmittedEvent, DiscoInfoEvent, MucEvents } from "./events.ts";
import { boolean } from "./kinds.ts";
import * as archive from "./mam/archive.ts";
import * as expiry from "./mam/expiry.ts";
import * as history from "./mam/history.ts";
import * as metadata from "./mam/metadata.ts";
import * as query from "./mam/query.ts";
import * as retention from "./mam/retention.ts";
import type { Room } from "./types.ts";
import { is_on_component } from "./util.lib.ts";

const field_name = "muc#roomconfig_enablearchiving";

/** Lets owners decide whether a room is archived. Gives the function that says so. Options: muc_log_all_rooms, muc_log_by_default. */
function load_setting(module: ModuleApi): (room: Room) => boolean {
	const log_all_rooms = module.get_option_boolean("muc_log_all_rooms", false);
	const log_by_default = module.get_option_boolean("muc_log_by_default", true);
	if (log_all_rooms) return () => true;
	function is_enabled({ _data: { archiving } }: Room): boolean {
		return boolean.is(archiving) ? archiving : log_by_default;
	}

	module.hook("muc-config-form", add_field);
	module.hook(`muc-config-submitted/${field_name}`, take_field);

	function add_field({ room, form }: MucEvents["muc-config-form"]): void {
		form.fields.push({ name: field_name, type: "boolean", label: "Archive chat on server", value: is_enabled(room) });
	}

	function take_field({ room, value, status_codes }: ConfigSubmittedEvent): void {
		if (typeof value === "boolean") room._data.archiving = value;
		else delete room._data.archiving;
		// PARITY: announced even where nothing has changed
		status_codes.add(value === true ? "170" : "171");
	}

	return is_enabled;
}

function load(module: ModuleApi): false | undefined {
	if (!is_on_component(module)) return undefined;
	const muc = module.depends("muc");
	const store = module.open_store("muc_log", "archive");
	if (store.name === "null") {
		module.log("error", "There is no storage for archives, so nothing is archived; see the option storage");
		module.set_status("error", "No storage for archives");
		return false;
	}
	const archives: archive.RoomArchives = { store, is_enabled: load_setting(module) };
	const expires = expiry.load(module, store, muc);
	retention.load(module);
	// Where nothing is ever deleted, counting may take long
	const include_total =
		expires.period === Number.POSITIVE_INFINITY
			? module.get_option_boolean("mam_include_total", false)
			: module.get_option_boolean("muc_log_include_total", true);
	query.load(module, archives, muc, include_total);
	metadata.load(module, archives, muc);
	history.load(module, archives);
	archive.load(module, archives, expires);
	for (const command of archive_commands(store, muc)) module.add_item("api-command", command);

	module.add_feature(ns.mam);
	module.hook("muc-disco#info", add_features);

	function add_features({ room, reply }: DiscoInfoEvent): void {
		if (archives.is_enabled(room)) {
			reply.tag("feature", { var: ns.mam }).up();
			if (store.caps.full_id_range && store.caps.ids) reply.tag("feature", { var: ns.mam_extended }).up();
		}
		reply.tag("feature", { var: ns.stanza_id }).up();
	}

	return undefined;
}

/** Archives of what is said in the rooms of a component, which clients may read page by page. */
export const definition: ModuleDefinition = { name: "muc_mam", load };
