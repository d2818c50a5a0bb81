// Counterpart: plugins/muc/mod_muc.lua (what it requires, and gives to room_mt)

import type { ModuleApi } from "../host/core/types.ts";
import { config_form_sections } from "./config_form_sections.lib.ts";
import { description } from "./description.lib.ts";
import { type AllOf, create_features, type MethodsFrom } from "./feature.ts";
import { hats } from "./hats.lib.ts";
import { hidden } from "./hidden.lib.ts";
import { history } from "./history.lib.ts";
import type { DataOf } from "./kinds.ts";
import { language } from "./language.lib.ts";
import { lock } from "./lock.lib.ts";
import { members_only } from "./members_only.lib.ts";
import { moderated } from "./moderated.lib.ts";
import { create_room_library, type RoomLibrary } from "./muc.lib.ts";
import { name } from "./name.lib.ts";
import { occupant_id } from "./occupant_id.lib.ts";
import { password } from "./password.lib.ts";
import { persistent } from "./persistent.lib.ts";
import { presence_broadcast } from "./presence_broadcast.lib.ts";
import { register } from "./register.lib.ts";
import { request } from "./request.lib.ts";
import { restrict_pm } from "./restrict_pm.lib.ts";
import { subject } from "./subject.lib.ts";
import type { RoomFinder } from "./types.ts";
import { vcard } from "./vcard.lib.ts";
import { whois } from "./whois.lib.ts";

/** In Prosody's order, which decides among handlers of the same priority. */
const features = [
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
	vcard,
] as const;

declare module "./types.ts" {
	interface RoomMethods extends MethodsFrom<AllOf<typeof features, "methods">> {}
	interface RoomData extends DataOf<AllOf<typeof features, "data">> {}
	interface AffiliationData extends DataOf<AllOf<typeof features, "affiliation_data">> {}
}

/** Rooms as they are with all their features. */
export type { AffiliationData, Room, RoomData } from "./types.ts";

/** Rooms with all their features, hooked up in a module. `rooms` finds them again later. */
export function create_full_library(module: ModuleApi, rooms: RoomFinder): RoomLibrary {
	return create_room_library(module, () => create_features(module, features, rooms));
}
