// Counterpart: util/promise.lua, util/roles.lua, as they pass between Lua and the host

import { Role } from "../host/util/roles.ts";
import type { Border } from "./border.ts";
import type { LuaContext } from "./context.ts";
import { error_value } from "./errors.ts";
import { type Field, type Fields, HostTable, read_only, remembered } from "./host_table.ts";
import { optional_text, text_argument } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { nil, string_value, tags } from "./vm/live_table.ts";
import { LuaError } from "./vm/vm.ts";

/** The metatable of what one of Lua's own libraries makes. */
function metatable_of(value: TValue | undefined): Table | undefined {
	const table = value?.type === tags.table ? (value.value as Table) : undefined;
	return table?.metatable ?? undefined;
}

/** The reason for a failure in the host, for Lua's handlers: an object of util.error, or the given reason. */
function reason_value(host: LuaContext, reason: unknown): TValue {
	if (reason instanceof TValue) return reason;
	if (reason instanceof LuaError) return reason.value;
	if (!(reason instanceof Error)) return host.border.to_lua(reason);
	const { vm, border, libraries } = host;
	const fields = ["type", "condition", "text", "code"].map((name): [string, unknown] => [name, Reflect.get(reason, name)]);
	const known = Object.fromEntries(fields.filter(([, field]) => field !== undefined));
	if (known["condition"] === undefined) return error_value(host, reason);
	return vm.call(libraries.function_of("util.error", "new"), [border.table(known)])[0] ?? nil;
}

/** Promises of the host are promises of util.promise to Lua, and the other way round. */
function connect_promises(host: LuaContext): void {
	const { vm, border, libraries } = host;
	const of_host = new WeakMap<object, TValue>();
	const of_lua = new WeakMap<object, Promise<unknown>>();
	/** Errors of a Lua handler are its own, since nobody waits for it. */
	const guarded = (run: () => unknown): void => {
		try {
			run();
		} catch (error) {
			host.server.logger("general")("error", "Error in a promise: %s", error instanceof Error ? error.stack : error);
		}
	};
	border.register_conversion(Promise.prototype, (object) => {
		const known = of_host.get(object);
		if (known) return known;
		// Lua handles it a moment later, or perhaps not at all; it must not count as an unhandled rejection until then
		(object as Promise<unknown>).catch(() => undefined);
		const executor = vm.native(([resolve = nil, reject = nil]) => {
			const [keep, refuse] = [resolve, reject].map((value) => new TValue(value.type, value.value));
			(object as Promise<unknown>).then(
				(value) => guarded(() => keep && vm.call(keep, [border.to_lua(value)])),
				(reason) => guarded(() => refuse && vm.call(refuse, [reason_value(host, reason)])),
			);
			return undefined;
		});
		const made = vm.call(libraries.function_of("util.promise", "new"), [executor])[0] ?? nil;
		of_host.set(object, made);
		of_lua.set(made.value as object, object as Promise<unknown>);
		return made;
	});
	libraries.after("util.promise", (library) => {
		const sample = vm.call(vm.index(library, string_value("new")), [])[0];
		const metatable = metatable_of(sample);
		if (!metatable) return;
		border.register_import(metatable, (value) => {
			const known = of_lua.get(value.value as object);
			if (known) return known;
			const kept = new TValue(value.type, value.value);
			const promise = new Promise<unknown>((resolve, reject) => {
				const settle = (then: (value: unknown) => void): TValue =>
					vm.native(([result = nil]) => {
						then(border.from_lua(result));
						return undefined;
					});
				vm.call(vm.index(kept, string_value("next")), [kept, settle(resolve), settle(reject)]);
			});
			// a rejection that nothing in the host waits for is not an error of the host
			promise.catch(() => undefined);
			of_lua.set(value.value as object, promise);
			of_host.set(promise, kept);
			return promise;
		});
	});
}

/** A role from Lua; it is asked each time, since its policies may change. */
class LuaRole extends Role {
	constructor(
		private readonly border: Border,
		readonly value: TValue,
	) {
		const field = (name: string): unknown => border.from_lua(border.vm.index(value, string_value(name)));
		const name = field("name");
		const description = field("description");
		const priority = field("priority");
		super({
			...(typeof name === "string" ? { name } : {}),
			...(typeof description === "string" ? { description } : {}),
			...(typeof priority === "number" ? { priority } : {}),
			default: field("default") === true,
		});
	}

	override policy(permission: string): boolean | undefined {
		const { vm } = this.border;
		const answer = this.border.call(vm.index(this.value, string_value("may")), this.value, permission);
		return typeof answer === "boolean" ? answer : undefined;
	}
}

function role_fields(host: LuaContext): Fields<Role> {
	const { vm, border } = host;
	return new Map<string, Field<Role>>([
		read_only("id"),
		read_only("name"),
		read_only("description"),
		read_only("default"),
		read_only("priority"),
		["inherits", { get: remembered<Role>((role) => border.to_lua([...role.inherits])) }],
		[
			"may",
			{
				get: remembered<Role>((role) =>
					vm.native(([, permission]) => border.to_lua(role.policy(text_argument(permission, "permission")))),
				),
			},
		],
		[
			"set_permission",
			{
				get: remembered<Role>((role) =>
					vm.native(([, permission, policy = nil, overwrite]) => {
						const wanted = policy.ttisnil() ? undefined : policy.value !== false;
						const set = role.set_permission(text_argument(permission, "permission"), wanted, overwrite?.value === true);
						return set.ok ? border.to_lua(true) : [border.to_lua(false), string_value(set.error)];
					}),
				),
			},
		],
		[
			"clone",
			{
				get: remembered<Role>((role) =>
					vm.native(([, overrides = nil]) => {
						const name = overrides.type === tags.table ? optional_text(vm.index(overrides, string_value("name"))) : undefined;
						return border.to_lua(role.clone(name === undefined ? {} : { name }));
					}),
				),
			},
		],
		[
			"policies",
			{
				get: remembered<Role>((role) =>
					vm.native(() => {
						const policies = role.policies();
						return vm.native(() => {
							const step = policies.next();
							return step.done ? nil : step.value.map((part) => border.to_lua(part));
						});
					}),
				),
			},
		],
	]);
}

/** Roles of the host are roles of util.roles to Lua, and the other way round. */
function connect_roles(host: LuaContext): void {
	const { vm, border, libraries } = host;
	const fields = role_fields(host);
	const of_lua = new WeakMap<object, LuaRole>();
	let metatable: Table | undefined;
	libraries.after("util.roles", (library) => {
		metatable = metatable_of(vm.call(vm.index(library, string_value("new")), [border.table({})])[0]);
		if (!metatable) return;
		border.register_import(metatable, (value) => {
			const table = value.value as object;
			let role = of_lua.get(table);
			if (!role) {
				role = new LuaRole(border, new TValue(value.type, value.value));
				of_lua.set(table, role);
				border.bind(role, role.value);
			}
			return role;
		});
	});
	border.register(Role.prototype, (_, object) => {
		libraries.get("util.roles");
		const table = new HostTable(border, object as Role, "role", fields);
		table.metatable = metatable ?? null;
		return table;
	});
}

/** Connects types of the host with types of Lua's libraries. */
export function connect_values(host: LuaContext): void {
	connect_promises(host);
	connect_roles(host);
}
