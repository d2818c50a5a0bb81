// Counterpart: plugins/muc/mod_muc.lua (what it requires, and gives to room_mt)

import type { ModuleApi } from "../host/core/types.ts";
import * as config_form_sections from "./config_form_sections.lib.ts";
import * as description from "./description.lib.ts";
import * as hats from "./hats.lib.ts";
import * as hidden from "./hidden.lib.ts";
import * as history from "./history.lib.ts";
import * as language from "./language.lib.ts";
import * as lock from "./lock.lib.ts";
import * as members_only from "./members_only.lib.ts";
import * as moderated from "./moderated.lib.ts";
import { create_room_library, type FeatureMethods, type RoomLibrary } from "./muc.lib.ts";
import * as name from "./name.lib.ts";
import * as occupant_id from "./occupant_id.lib.ts";
import * as password from "./password.lib.ts";
import * as persistent from "./persistent.lib.ts";
import * as presence_broadcast from "./presence_broadcast.lib.ts";
import * as register from "./register.lib.ts";
import * as request from "./request.lib.ts";
import * as restrict_pm from "./restrict_pm.lib.ts";
import * as subject from "./subject.lib.ts";
import * as whois from "./whois.lib.ts";

const feature_methods: FeatureMethods = {
	...whois.methods,
	...name.methods,
	...description.methods,
	...language.methods,
	...hidden.methods,
	...password.methods,
	...members_only.methods,
	...moderated.methods,
	...request.methods,
	...persistent.methods,
	...subject.methods,
	...history.methods,
	...register.methods,
	...restrict_pm.methods,
	...presence_broadcast.methods,
	...occupant_id.methods,
};

/** In Prosody's order, which decides among handlers of the same priority. */
const features: readonly { load(module: ModuleApi): void }[] = [
	whois,
	name,
	description,
	language,
	hidden,
	password,
	members_only,
	moderated,
	request,
	persistent,
	subject,
	history,
	register,
	restrict_pm,
	presence_broadcast,
	occupant_id,
	config_form_sections,
	hats,
	lock,
];

/** Rooms with all their features, hooked up in a module. */
export function create_full_library(module: ModuleApi): RoomLibrary {
	const library = create_room_library(module, feature_methods);
	for (const feature of features) feature.load(module);
	return library;
}
