// No counterpart: objects of the host that Lua sees in Prosody's shape, and that modules put fields of their own on.

import type { Border } from "./border.ts";
import { TValue } from "./vm/fengari.ts";
import { type Key, LiveTable } from "./vm/live_table.ts";

/** One of Prosody's fields: how it is read, and what setting it does. */
export interface Field<Target> {
	/** A value of the host, or a Lua value. */
	get(target: Target, table: HostTable<Target & object>): unknown;
	/** Without this, the field cannot be set. */
	set?(target: Target, value: TValue, table: HostTable<Target & object>): void;
}

/** Prosody's fields of one kind of object. */
export type Fields<Target> = ReadonlyMap<string, Field<Target>>;

/** Makes a field that the host has under the same name. */
export function same<Target, Name extends keyof Target & string>(name: Name): [string, Field<Target>] {
	return [
		name,
		{
			get: (target) => target[name],
			set: (target, value, { border }) => {
				target[name] = border.from_lua(value) as Target[Name];
			},
		},
	];
}

/** The same for a field that is only read. */
export function read_only<Target, Name extends keyof Target & string>(name: Name): [string, Field<Target>] {
	return [name, { get: (target) => target[name] }];
}

/** Makes something once for each object. */
export function remembered<Target extends object>(make: (target: Target) => TValue): (target: Target) => TValue {
	const known = new WeakMap<Target, TValue>();
	return (target) => {
		let value = known.get(target);
		if (!value) {
			value = make(target);
			known.set(target, value);
		}
		return value;
	};
}

/** What a module put on an object. */
interface Extra {
	readonly value: TValue;
	/** The same for modules in TypeScript. */
	readonly shown: unknown;
}

/**
 * An object of the host with Prosody's fields. What modules add stays with the object: modules in TypeScript find Lua's fields
 * there, and the other way round.
 */
export class HostTable<Target extends object> extends LiveTable {
	private extras: Map<Key, Extra> | undefined;

	/** @param name what it is called in error messages */
	constructor(
		readonly border: Border,
		readonly target: Target,
		private readonly name: string,
		private readonly fields: Fields<Target>,
	) {
		super(border.vm.next_id());
	}

	get(key: Key): TValue {
		const field = typeof key === "string" ? this.fields.get(key) : undefined;
		if (field) return this.border.to_lua(field.get(this.target, this));
		const extra = this.extras?.get(key);
		if (typeof key !== "string") return this.border.to_lua(extra?.value);
		const own = Object.getOwnPropertyDescriptor(this.target, key);
		if (extra && (own === undefined || own.value === extra.shown)) return extra.value;
		return this.is_added(key) ? this.border.to_lua(own?.value) : this.border.to_lua(undefined);
	}

	set(key: Key, value: TValue): void {
		const field = typeof key === "string" ? this.fields.get(key) : undefined;
		if (field) {
			if (!field.set) {
				// what it is already, it may be set to
				if (this.border.from_lua(this.get(key)) === this.border.from_lua(value)) return;
				throw new TypeError(`${this.name}.${String(key)} belongs to the host, and cannot be set`);
			}
			field.set(this.target, value, this);
			return;
		}
		if (value.ttisnil()) {
			this.extras?.delete(key);
			if (typeof key === "string" && this.is_added(key)) Reflect.deleteProperty(this.target, key);
			return;
		}
		const kept = new TValue(value.type, value.value);
		const shown = this.border.from_lua(kept);
		this.extras ??= new Map();
		this.extras.set(key, { value: kept, shown });
		if (typeof key === "string" && (this.is_added(key) || !(key in this.target))) {
			Object.defineProperty(this.target, key, { value: shown, writable: true, enumerable: false, configurable: true });
		}
	}

	keys(): readonly Key[] {
		const added = Object.getOwnPropertyNames(this.target).filter((name) => this.is_added(name));
		return [...new Set<Key>([...this.fields.keys(), ...(this.extras?.keys() ?? []), ...added])];
	}

	/** The host's own fields are enumerable, and hidden from Lua unless they are among Prosody's; what was added is neither. */
	private is_added(name: string): boolean {
		const own = Object.getOwnPropertyDescriptor(this.target, name);
		return own !== undefined && !own.enumerable && "value" in own && !this.fields.has(name);
	}
}
