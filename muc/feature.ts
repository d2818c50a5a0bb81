// No counterpart: Prosody's features are files that mod_muc requires and whose functions it gives to room_mt; here each is a value.

import type { ModuleApi } from "../host/core/types.ts";
import type { Handler } from "../host/util/events.ts";
import type { BuildPresenceEvent } from "./events.ts";
import type { Kinds, StoredKinds } from "./kinds.ts";
import type { Room, RoomFinder } from "./types.ts";

/** Functions that take the room first, by the names that they have as methods of rooms. */
export interface RoomFunctions {
	readonly [name: string]: (room: Room, ...args: never[]) => unknown;
}

type Bound<Method> = Method extends (room: Room, ...args: infer Args) => infer Answer ? (...args: Args) => Answer : never;

/** The same functions as methods. */
export type MethodsFrom<Functions> = { -readonly [Name in keyof Functions]: Bound<Functions[Name]> };

/** Makes methods of functions that take the room first: the room is what a method is called on. */
export function room_methods<Functions extends RoomFunctions>(functions: Functions): MethodsFrom<Functions>;
export function room_methods(functions: RoomFunctions): object {
	const bind = (method: RoomFunctions[string]) =>
		function (this: Room, ...args: never[]): unknown {
			return method(this, ...args);
		};
	return Object.fromEntries(Object.entries(functions).map(([name, method]) => [name, bind(method)]));
}

/** Calls a method of a room by its name. Throws a TypeError where there is none. */
export function call_method(room: Room, name: string, ...values: unknown[]): unknown {
	const method: unknown = Reflect.get(room, name);
	if (typeof method !== "function") throw new TypeError(`Rooms have no method ${name}`);
	return method.call(room, ...values);
}

/** Handlers of `muc-build-occupant-presence`, each with a function that says for which occupants it does something. */
export type PresenceAdditions = ReadonlyMap<Handler<BuildPresenceEvent>, (room: Room, bare_jid: string) => boolean>;

/** What a feature gives the rooms of a component. All parts are optional. */
export interface FeatureParts<Data extends Kinds = Kinds, AffiliationData extends Kinds = Kinds, Methods = RoomFunctions> {
	/** The keys that it has in a room's `_data`. */
	readonly data?: Data;
	/** The keys that it has in what is kept about an affiliated JID. */
	readonly affiliation_data?: AffiliationData;
	/** Methods of rooms. Their return types have to be declared, since the type of rooms follows from them. */
	readonly methods?: Methods;
	/** Handlers that add something to the presences of only a few occupants, so that the others' presences can be built once for all. */
	readonly presence_additions?: PresenceAdditions;
	/** Gives a new room what the configuration says; `language` is that of whoever creates the room. */
	set_defaults?(room: Room, language: string | undefined): void;
}

/** A feature of rooms, which hooks itself up in a component's module when it is created. */
export interface Feature<Data extends Kinds = Kinds, AffiliationData extends Kinds = Kinds, Methods = RoomFunctions> {
	readonly name: string;
	create(module: ModuleApi, rooms: RoomFinder): FeatureParts<Data, AffiliationData, Methods>;
}

type Nothing = Record<never, never>;

/**
 * A feature of rooms. `create` is called once for each component, reads the options, and hooks the handlers. There are no rooms yet
 * when it is called.
 */
export function feature<
	Data extends Kinds = Nothing,
	AffiliationData extends Kinds = Nothing,
	Methods extends RoomFunctions = Nothing,
>(name: string, create: Feature<Data, AffiliationData, Methods>["create"]): Feature<Data, AffiliationData, Methods> {
	return { name, create };
}

type PartsOf<Some> = Some extends { create(module: ModuleApi, rooms: RoomFinder): infer Parts } ? Parts : never;
type PartOf<Parts, Part extends string> = Parts extends { readonly [Key in Part]?: infer Value } ? NonNullable<Value> : never;
type Both<Union> = (Union extends unknown ? (value: Union) => void : never) extends (value: infer All) => void ? All : never;

/** One part of all features of a list together. */
export type AllOf<List extends readonly unknown[], Part extends keyof FeatureParts> = Both<PartOf<PartsOf<List[number]>, Part>>;

/** What the features of a list give together. */
export interface CreatedFeatures<Methods> extends StoredKinds {
	readonly methods: Methods;
	readonly presence_additions: PresenceAdditions;
	set_defaults(room: Room, language?: string): void;
}

/** Creates features in the order of their list. Throws where two of them want the same name. */
export function create_features<List extends readonly Feature[]>(
	module: ModuleApi,
	features: List,
	rooms: RoomFinder,
): CreatedFeatures<MethodsFrom<AllOf<List, "methods">>>;
export function create_features(module: ModuleApi, features: readonly Feature[], rooms: RoomFinder): CreatedFeatures<object> {
	const created = features.map((one) => ({ name: one.name, ...one.create(module, rooms) }));
	function gather<Value>(part: string, of: (parts: FeatureParts) => { readonly [key: string]: Value } | undefined) {
		const all = new Map<string, { owner: string; value: Value }>();
		for (const { name: owner, ...parts } of created) {
			for (const [key, value] of Object.entries(of(parts) ?? {})) {
				const other = all.get(key)?.owner;
				if (other !== undefined) throw new TypeError(`The room features ${other} and ${owner} both have ${key} in their ${part}`);
				all.set(key, { owner, value });
			}
		}
		return Object.fromEntries([...all].map(([key, { value }]) => [key, value]));
	}
	return {
		data: gather("data", ({ data }) => data),
		affiliation_data: gather("affiliation_data", ({ affiliation_data }) => affiliation_data),
		methods: room_methods(gather("methods", ({ methods }) => methods)),
		presence_additions: new Map(created.flatMap(({ presence_additions = [] }) => [...presence_additions])),
		set_defaults(room, language) {
			for (const { set_defaults } of created) set_defaults?.(room, language);
		},
	};
}
