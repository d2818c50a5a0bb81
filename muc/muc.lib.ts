// Counterpart: plugins/muc/muc.lib.lua (new_room, and what its rooms are made of)

import type { ModuleApi, StoreTable } from "../host/core/types.ts";
import type { Result } from "../host/util/error.ts";
import type { CreatedFeatures, PresenceAdditions } from "./feature.ts";
import { room_kinds } from "./kinds.ts";
import * as admin from "./room/admin.ts";
import * as affiliations from "./room/affiliations.ts";
import * as broadcast from "./room/broadcast.ts";
import * as config_form from "./room/config_form.ts";
import * as disco from "./room/disco.ts";
import * as freeze from "./room/freeze.ts";
import * as invites from "./room/invites.ts";
import * as iq from "./room/iq.ts";
import * as join_gates from "./room/join_gates.ts";
import * as kick from "./room/kick.ts";
import * as lifecycle from "./room/lifecycle.ts";
import * as messages from "./room/messages.ts";
import { NotedMap } from "./room/noted_map.ts";
import { OccupantMap } from "./room/occupant_map.ts";
import * as occupants from "./room/occupants.ts";
import * as presence from "./room/presence.ts";
import * as probe from "./room/probe.ts";
import * as roles from "./room/roles.ts";
import * as without_features from "./room/without_features.ts";
import type { Room, RoomData, RoomMethods, RoomState } from "./types.ts";
import * as util from "./util.lib.ts";

/** Methods of rooms that belong to no feature. */
const core_methods = {
	...occupants.methods,
	...broadcast.methods,
	...disco.methods,
	...presence.methods,
	...probe.methods,
	...kick.methods,
	...iq.methods,
	...messages.methods,
	...config_form.methods,
	...lifecycle.methods,
	...admin.methods,
	...invites.methods,
	...affiliations.methods,
	...roles.methods,
	...freeze.methods,
};

type CoreMethods = typeof core_methods;
type AskedMethods = typeof without_features.methods;
type OwnMethods = keyof CoreMethods | keyof AskedMethods | "module" | "kinds" | "presence_additions";

declare module "./types.ts" {
	interface RoomMethods extends CoreMethods, AskedMethods {
		readonly presence_additions: PresenceAdditions;
	}
}

export interface RoomLibrary {
	/** The methods of all rooms of the component, which modules may replace. */
	readonly room_mt: RoomMethods;
	/** Makes an empty room, which is not kept yet. */
	new_room(jid: string, config?: RoomData): Room;
	/** Makes a room from the stores `config` and `state`; the error says what is wrong with `config`. */
	restore_room(frozen: StoreTable, state?: StoreTable): Result<Room, string>;
	/**
	 * Gives a new room the settings of the options `muc_room_default_…`; the others keep their usual values.
	 * @param language of whoever creates the room, which takes precedence
	 */
	set_defaults(room: Room, language?: string): void;
}

function inherit<Proto extends object, Own extends object>(proto: Proto, own: Own): Proto & Own {
	const object: Proto = Object.create(proto);
	return Object.assign(object, own);
}

function new_state(jid: string, config: RoomData): RoomState {
	return {
		jid,
		_jid_nick: new Map(),
		_occupants: new OccupantMap(),
		_data: config,
		_affiliations: new NotedMap(),
		_affiliation_data: new Map(),
		_history: undefined,
		_reserved_nicks: undefined,
		destroying: undefined,
		avatar_hash: undefined,
		broken: false,
		// mod_muc puts its own here once it keeps the room
		save: () => false,
		before_change: () => undefined,
	};
}

/**
 * Hooks the handlers of all rooms of a component, then those of the features, and gives what makes rooms.
 * @param create creates the features
 */
export function create_room_library(
	module: ModuleApi,
	create: () => CreatedFeatures<Omit<RoomMethods, OwnMethods>>,
): RoomLibrary {
	util.load(module);
	// In Prosody's order, which decides among handlers of the same priority
	occupants.load(module);
	messages.load(module);
	disco.load(module);
	join_gates.load(module);
	invites.load(module);
	const { methods, data, affiliation_data, presence_additions, set_defaults } = create();

	const kinds = {
		data: { ...room_kinds.data, ...data },
		affiliation_data: { ...room_kinds.affiliation_data, ...affiliation_data },
	};
	const room_mt: RoomMethods = {
		module,
		kinds,
		presence_additions,
		...core_methods,
		...without_features.methods,
		...methods,
	};
	const new_room = (jid: string, config: RoomData = {}): Room => inherit(room_mt, new_state(jid, config));
	return {
		room_mt,
		new_room,
		restore_room: (frozen, state) => freeze.restore_room(module, kinds, new_room, frozen, state),
		set_defaults,
	};
}
