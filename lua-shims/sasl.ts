// Counterpart: util/sasl.lua (SASL exchanges), between Lua and the host

import type { SaslHandler } from "../host/core/types.ts";
import type { ChannelBindingData, SaslStep } from "../host/util/sasl/mechanism.ts";
import { go_on } from "../host/util/waiting.ts";
import type { LuaContext } from "./context.ts";
import { table_of } from "./native_calls.ts";
import { optional_text, text_argument } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { bytes_value, nil, string_value, tags } from "./vm/live_table.ts";
import { bytes_of, text_of } from "./vm/text.ts";

function is_sasl_handler(object: object): object is SaslHandler {
	return ["mechanisms", "select", "process", "clean_clone"].every(
		(name) => name in object && typeof Reflect.get(object, name) === "function",
	);
}

/** A step of an exchange as Prosody's handlers return it. */
function step_results(host: LuaContext, step: SaslStep): readonly TValue[] {
	const { border } = host;
	switch (step.status) {
		case "failure":
			return [border.to_lua("failure"), border.to_lua(step.condition), border.to_lua(step.text)];
		case "challenge":
			return [border.to_lua("challenge"), border.to_lua(text_of(step.data))];
		case "success":
			return [border.to_lua("success"), border.to_lua(step.data === undefined ? undefined : text_of(step.data))];
	}
}

/** What modules read of an exchange's profile: its channel bindings. */
function profile_of({ border, vm }: LuaContext, { channel_bindings = new Map() }: SaslHandler): { cb?: TValue } {
	if (channel_bindings.size === 0) return {};
	const entries = [...channel_bindings].map(([name, data]): [string, TValue] => [
		name,
		vm.native(() => {
			const known = data();
			return known === undefined ? nil : bytes_value(known);
		}),
	]);
	return { cb: border.table(Object.fromEntries(entries)) };
}

/** `state` of an exchange, in which modules change what SCRAM tells the client. */
function state_of({ vm }: LuaContext, handler: SaslHandler): TValue {
	const table = vm.new_table();
	table.metatable = vm.new_table();
	const is_message = (key: TValue | undefined): boolean => optional_text(key) === "server_first_message";
	vm.raw_set(
		table.metatable,
		"__index",
		vm.native(([, key]) => {
			const message = is_message(key) ? handler.server_first_message : undefined;
			return message === undefined ? nil : string_value(message);
		}),
	);
	vm.raw_set(
		table.metatable,
		"__newindex",
		vm.native(([, key, value]) => {
			if (is_message(key)) handler.server_first_message = optional_text(value);
			return undefined;
		}),
	);
	return new TValue(tags.table, table);
}

/** Shows the host's SASL exchanges to Lua, as `util.sasl` makes them. */
export function register_sasl(host: LuaContext): void {
	const { border, vm } = host;
	border.register_like(is_sasl_handler, (_, object) => {
		if (!is_sasl_handler(object)) throw new TypeError("this is no SASL handler");
		const handler = object;
		const value = table_of(
			host,
			{
				mechanisms: () => border.deep_table(Object.fromEntries(handler.mechanisms().map((name) => [name, true]))),
				select: ([, mechanism]) => border.to_lua(handler.select(text_argument(mechanism, "mechanism"))),
				process: ([, message]) => step_results(host, handler.process(Buffer.from(bytes_of(text_argument(message, "message"))))),
				clean_clone: () => border.to_lua(handler.clean_clone()),
				add_cb_handler: ([self = nil, name, callback = nil]) => {
					const data = new TValue(callback.type, callback.value);
					const call = (): Buffer | undefined => {
						const [given = nil] = host.vm.call(data, [border.to_lua(handler)]);
						return given.ttisnil() ? undefined : Buffer.from(bytes_of(host.vm.to_string(given)));
					};
					handler.add_cb_handler?.(text_argument(name, "channel binding"), call);
					return self;
				},
			},
			{ profile: border.table(profile_of(host, handler)), state: state_of(host, handler) },
		);
		const table = value.value as Table;
		table.metatable = vm.new_table();
		vm.raw_set(
			table.metatable,
			"__index",
			vm.native(([, key]) => {
				const name = optional_text(key);
				if (name === "user_agent") return border.deep_table(handler.user_agent);
				if (name === "fast_auth") return border.to_lua(handler.fast_auth || undefined);
				return name === "username" || name === "selected" || name === "resource" ? border.to_lua(handler[name]) : nil;
			}),
		);
		border.adopt(table, handler);
		return table;
	});
}

/** A SASL exchange that Lua made, for mod_saslauth. */
export function sasl_from_lua(host: LuaContext, value: TValue): SaslHandler {
	const { vm, border } = host;
	if (value.type !== tags.table) throw new TypeError("get_sasl_handler has to answer with a SASL handler");
	const native = border.from_lua(value);
	if (typeof native === "object" && native !== null && border.adopted(value.value as Table) === native && is_sasl_handler(native))
		return native;
	const kept = new TValue(value.type, value.value);
	const call = (name: string, ...args: TValue[]): readonly TValue[] =>
		vm.call(vm.index(kept, string_value(name)), [kept, ...args]);
	const text = (name: string): string | undefined => optional_text(vm.index(kept, string_value(name)));
	const bytes = (data: TValue): Buffer | undefined => (data.ttisnil() ? undefined : Buffer.from(bytes_of(vm.to_string(data))));
	const bind = vm.index(kept, string_value("add_cb_handler"));
	const handler: SaslHandler = {
		...(bind.ttisnil()
			? {}
			: {
					add_cb_handler: (name: string, data: ChannelBindingData) => {
						const get = vm.native(() => {
							const known = data();
							return known === undefined ? nil : bytes_value(known);
						});
						call("add_cb_handler", string_value(name), get);
					},
				}),
		get selected() {
			return text("selected");
		},
		get username() {
			return text("username");
		},
		get resource() {
			return text("resource");
		},
		mechanisms() {
			const [offered = nil] = call("mechanisms");
			const names = offered.type === tags.table ? border.copy(offered) : {};
			return Array.isArray(names) ? names.filter((name) => typeof name === "string") : Object.keys(Object(names));
		},
		select: (mechanism) => call("select", string_value(mechanism))[0]?.value === true,
		process: (message) => step_from_lua(call("process", string_value(text_of(message)))),
		process_waiting(message) {
			const process = vm.index(kept, string_value("process"));
			return go_on(vm.call_waiting(process, [kept, string_value(text_of(message))]), step_from_lua);
		},
		clean_clone: () => sasl_from_lua(host, call("clean_clone")[0] ?? nil),
	};
	border.adopt(value.value as Table, handler);
	return handler;

	function step_from_lua([status = nil, data = nil, reason = nil]: readonly TValue[]): SaslStep {
		const answer = optional_text(status);
		const given = bytes(data);
		const { username } = handler;
		if (answer === "challenge") return { status: "challenge", data: given ?? Buffer.alloc(0) };
		if (answer === "success" && username !== undefined) {
			return given === undefined ? { status: "success", username } : { status: "success", username, data: given };
		}
		const condition = optional_text(data) ?? "not-authorized";
		const why = optional_text(reason);
		return why === undefined ? { status: "failure", condition } : { status: "failure", condition, text: why };
	}
}
