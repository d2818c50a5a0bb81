// No counterpart: what Prosody's features of one setting say anew in each file.

import type { Field, FieldValue } from "../host/util/dataforms.ts";
import type { ConfigSubmittedEvent, DiscoInfoEvent, MucEvents } from "./events.ts";
import { call_method } from "./feature.ts";
import { boolean, type Kind, text } from "./kinds.ts";
import type { Room } from "./types.ts";

/** How a setting is shown in the configuration form, and what it is in new rooms. */
interface SettingOptions<Value> extends Pick<Field, "label" | "desc" | "type" | "datatype"> {
	/** Name of the field. */
	readonly field: string;
	/**
	 * What the configuration says about new rooms. `given` is what they have without that, `language` that of whoever creates the
	 * room.
	 */
	readonly default?: (given: Value | undefined, language: string | undefined) => Value | undefined;
}

/** Getter and setter of a setting, for rooms; the setter says whether it changed something. */
export type Accessors<Name extends string, Value> = { readonly [Method in `get_${Name}`]: (room: Room) => Value | undefined } & {
	readonly [Method in `set_${Name}`]: (room: Room, value: Value | undefined) => boolean;
};

/** A value in a room's `_data` with its field in the configuration form. A feature may give all of it as its parts. */
export interface Setting<Name extends string, Value extends string | boolean> {
	readonly data: { readonly [Key in Name]: Kind<Value> };
	readonly methods: Accessors<Name, Value>;
	get(room: Room): Value | undefined;
	/** True where that changed something. */
	set(room: Room, value: Value | undefined): boolean;
	/** Gives a new room what the configuration says, by the room's setter, which a module may have replaced. */
	set_defaults(room: Room, language?: string): void;
	/** The field as it is for a room. */
	field(room: Room): Field;
	/** Puts the field into the form. */
	add_field(event: MucEvents["muc-config-form"]): void;
	/** Takes over what was submitted, with status 104 where that changed something. */
	take_field(event: ConfigSubmittedEvent): void;
}

/** A setting that is on or off. */
export interface YesNo<Name extends string> extends Setting<Name, boolean> {
	/** Says in service discovery whether it is on. */
	add_feature(event: DiscoInfoEvent): void;
}

function accessors<Value>(
	name: string,
	get: (room: Room) => Value | undefined,
	set: (room: Room, value: Value | undefined) => boolean,
): Accessors<string, Value>;
function accessors(name: string, get: unknown, set: unknown): object {
	return { [`get_${name}`]: get, [`set_${name}`]: set };
}

/** The part of a setting that does not depend on how it is shown. `stored` gives what is stored for a value. */
function setting<Value extends string | boolean>(
	name: string,
	kind: Kind<Value>,
	stored: (value: Value | undefined) => Value | undefined,
	initial: SettingOptions<Value>["default"],
	changed: (room: Room, value: Value | undefined) => void = () => undefined,
): Pick<Setting<string, Value>, "data" | "methods" | "get" | "set" | "set_defaults"> {
	function get(room: Room): Value | undefined {
		const value = room._data[name];
		return kind.is(value) ? value : undefined;
	}
	function set(room: Room, value: Value | undefined): boolean {
		const wanted = stored(value);
		if (get(room) === wanted) return false;
		room._data[name] = wanted;
		changed(room, wanted);
		return true;
	}
	function set_defaults(room: Room, language?: string): void {
		if (initial !== undefined) call_method(room, `set_${name}`, initial(get(room), language));
	}
	return { data: { [name]: kind }, methods: accessors(name, get, set), get, set, set_defaults };
}

/** How a yes/no setting is shown, and what goes with it. */
export interface YesNoOptions extends SettingOptions<boolean> {
	/** What service discovery says; nothing where the setting is off and there is no feature for that. */
	readonly features?: { readonly on: string; readonly off?: string };
	/** The field says the opposite. */
	readonly is_inverted?: true;
	/** Who sees the field and may change the setting by it; everybody who sees the form where this is left out. */
	readonly may?: (actor: string) => boolean;
	/** Called after a change. */
	readonly changed?: (room: Room, value: boolean | undefined) => void;
}

/**
 * A setting that is on or off; off is not stored, and the default.
 * @param name its key in `_data`, and with `get_` and `set_` its methods
 */
export function yes_no<Name extends string>(name: Name, options: YesNoOptions): YesNo<Name>;
export function yes_no(name: string, options: YesNoOptions): YesNo<string> {
	const { field: field_name, default: initial, features, is_inverted = false, may = () => true, changed, ...shown } = options;
	const base = setting(name, boolean, (value) => (value ? true : undefined), initial, changed);
	const field = (room: Room): Field => {
		const value = is_inverted ? !base.get(room) : base.get(room);
		return { name: field_name, type: "boolean", ...shown, value };
	};
	return {
		...base,
		field,
		add_field({ room, form, actor }) {
			if (may(actor)) form.fields.push(field(room));
		},
		take_field({ room, actor, value, status_codes }) {
			if (may(actor) && base.set(room, (value === true) !== is_inverted)) status_codes.add("104");
		},
		add_feature({ room, reply }) {
			const word = base.get(room) ? features?.on : features?.off;
			if (word !== undefined) reply.tag("feature", { var: word }).up();
		},
	};
}

/**
 * A setting that is a text; an empty one is none. The field is of type `text-single` where no type is given.
 * @param name its key in `_data`, and with `get_` and `set_` its methods
 */
export function text_setting<Name extends string>(name: Name, options: SettingOptions<string>): Setting<Name, string>;
export function text_setting(name: string, options: SettingOptions<string>): Setting<string, string> {
	const { field: field_name, default: initial, ...shown } = options;
	const base = setting(name, text, (value) => (value === "" ? undefined : value), initial);
	const field = (room: Room): Field => ({ type: "text-single", ...shown, name: field_name, value: base.get(room) ?? "" });
	return {
		...base,
		field,
		add_field: ({ room, form }) => void form.fields.push(field(room)),
		take_field({ room, value, status_codes }) {
			if (base.set(room, typeof value === "string" ? value : undefined)) status_codes.add("104");
		},
	};
}

/** Puts a field into the form in which service discovery tells about the room. */
export function add_info(
	{ form, formdata }: DiscoInfoEvent,
	field: Field & { name: string },
	value: FieldValue | undefined,
): void {
	form?.fields.push(field);
	if (formdata) formdata[field.name] = value;
}
