// Counterpart: lauxlib.c (luaL_newmetatable, luaL_checkudata): objects of the host with methods, as libraries in C have them.

import { type Arguments, bad_argument, type_name } from "./arguments.ts";
import { type Table, TValue, Udata } from "./fengari.ts";
import { string_value, tags } from "./live_table.ts";
import type { LuaThread, NativeFunction, Vm } from "./vm.ts";

/** A method: the object it is called on, all arguments (the first is the object as Lua has it), and the thread that calls. */
export type Method<Target> = (target: Target, args: Arguments, L: LuaThread) => ReturnType<NativeFunction>;

/** What a kind of objects can do; `__eq` and the like may be called with the object as any argument. */
export interface ObjectMethods<Target> {
	readonly methods: { readonly [name: string]: Method<Target> };
	readonly metamethods?: { readonly [name: string]: NativeFunction };
}

/** One kind of objects, which Lua sees as userdata. */
export class ObjectKind<Target extends object> {
	private readonly targets = new WeakMap<object, Target>();
	private readonly metatable: Table;

	/**
	 * @param name its name in errors
	 * @param make its methods, which may need the kind itself
	 */
	constructor(
		vm: Vm,
		readonly name: string,
		make: (kind: ObjectKind<Target>) => ObjectMethods<Target>,
	) {
		this.metatable = vm.new_table();
		const { methods, metamethods = {} } = make(this);
		const index = vm.new_table();
		for (const [method, run] of Object.entries(methods)) {
			vm.raw_set(
				index,
				method,
				vm.native((args, L) => run(this.target_at(args, 1, method), args, L)),
			);
		}
		vm.raw_set(this.metatable, "__index", new TValue(tags.table, index));
		vm.raw_set(this.metatable, "__name", string_value(name));
		for (const [method, run] of Object.entries(metamethods)) vm.raw_set(this.metatable, method, vm.native(run));
	}

	/** A new object. */
	value(L: LuaThread, target: Target): TValue {
		const userdata = new Udata(L, 0);
		userdata.metatable = this.metatable;
		this.targets.set(userdata, target);
		return new TValue(tags.userdata, userdata);
	}

	/** The object behind a value; undefined where it is not of this kind. */
	target_of(value: TValue | undefined): Target | undefined {
		return typeof value?.value === "object" && value.value !== null ? this.targets.get(value.value) : undefined;
	}

	/** The object behind an argument. Throws where it is not of this kind. */
	target_at(args: Arguments, index: number, name: string): Target {
		const target = this.target_of(args[index - 1]);
		if (target === undefined) throw bad_argument(index, name, `${this.name} expected, got ${type_name(args[index - 1])}`);
		return target;
	}
}
