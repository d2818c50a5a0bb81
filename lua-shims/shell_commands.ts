// Counterpart: plugins/mod_admin_shell.lua (what commands of modules in Lua are given, and what they answer)

import {
	type Command,
	done,
	type Outcome,
	refused,
	result,
	type Shell,
	type ShellCommandItem,
	type ShellValue,
} from "../host/plugins/admin_shell/command.ts";
import type { FlagSettings } from "../host/util/argparse.ts";
import { promise_of, Waiting } from "../host/util/waiting.ts";
import type { LuaContext } from "./context.ts";
import { optional_text, text_argument } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, nil, string_value, tags } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";

/** `self.session` of a command: what it prints to, and what it knows of whoever typed it. */
function session_value(host: LuaContext, shell: Shell): TValue {
	const { vm, border } = host;
	const printed = (values: readonly TValue[]): string => values.map((value) => vm.to_string(value)).join("\t");
	const session = border.table({ width: shell.width, repl: shell.is_interactive });
	const set = (name: string, run: (args: readonly TValue[]) => TValue | undefined): void =>
		vm.raw_set(session.value as Table, name, vm.native(run));
	set("print", (args) => {
		shell.print(printed(args));
		return undefined;
	});
	set("send", ([text = nil]) => {
		shell.print(vm.to_string(text));
		return undefined;
	});
	set("write", ([text = nil]) => {
		shell.write(vm.to_string(text));
		return undefined;
	});
	set("serialize", ([value = nil]) => string_value(vm.to_string(value)));
	set("is_connected", () => border.to_lua(shell.is_connected()));
	set("request_input", ([type = nil]) =>
		border.to_lua(
			optional_text(type) === "password"
				? shell.request_password()
				: Promise.reject(new Error(`internal error - unsupported input type ${vm.to_string(type)}`)),
		),
	);
	return border.table({ session });
}

/** What a command answered: `true, message`, `nil, error`, a value, or a promise of a message. */
function outcome_of(host: LuaContext, [first = nil, message = nil]: readonly TValue[]): Outcome | Promise<Outcome> {
	const { vm, border } = host;
	const known = first.type === tags.table ? border.from_lua(first) : undefined;
	if (known instanceof Promise) {
		return known.then(
			(resolved: unknown): Outcome => (resolved === undefined ? result(true) : done(vm.to_string(border.to_lua(resolved)))),
			(reason: unknown): Outcome => refused(reason instanceof Error ? reason.message : vm.to_string(border.to_lua(reason))),
		);
	}
	const is_refused = first.ttisnil() || first.value === false;
	if (!message.ttisnil()) return is_refused ? refused(vm.to_string(message)) : done(vm.to_string(message));
	return result(first.ttisnil() ? undefined : vm.to_string(first));
}

function names_in(host: LuaContext, value: TValue): Record<string, boolean> {
	const copied = value.type === tags.table ? host.border.copy(value) : undefined;
	const names = typeof copied === "object" && copied !== null && !Array.isArray(copied) ? Object.keys(copied) : [];
	return Object.fromEntries(names.map((name) => [name, true]));
}

/** `flags = { kv_params, value_params, array_params, short_params }`. */
function flags_of(host: LuaContext, item: TValue): FlagSettings | undefined {
	const { vm, border } = host;
	const flags = vm.index(item, string_value("flags"));
	if (flags.type !== tags.table) return undefined;
	const field = (name: string): TValue => vm.index(flags, string_value(name));
	const copied = field("short_params").type === tags.table ? border.copy(field("short_params")) : {};
	const short_params = Object.fromEntries(
		Object.entries(copied as object).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
	);
	const is_set = (name: string): object => {
		const { value } = field(name);
		return typeof value === "boolean" ? { [name]: value } : {};
	};
	return {
		short_params,
		kv_params: names_in(host, field("kv_params")),
		value_params: names_in(host, field("value_params")),
		array_params: names_in(host, field("array_params")),
		...is_set("strict"),
		...is_set("stop_on_positional"),
	};
}

/** `args = { { name = "jid", type = "string" } }`. */
function arguments_of(host: LuaContext, item: TValue): { name: string }[] {
	const list = host.border.copy(host.vm.index(item, string_value("args")));
	if (!Array.isArray(list)) return [];
	return list.map((argument: unknown) => {
		const name = typeof argument === "object" && argument !== null && "name" in argument ? argument.name : undefined;
		if (typeof name !== "string") throw new TypeError("each argument of a shell command needs a name");
		return { name };
	});
}

/** A command for the console that a module in Lua offers by `module:add_item("shell-command", …)`. */
export function shell_command_from_lua(host: LuaContext, item: TValue): ShellCommandItem {
	const { vm, border } = host;
	const field = (name: string): TValue => vm.index(item, string_value(name));
	const kept = new TValue(field("handler").type, field("handler").value);
	const args = arguments_of(host, item);
	const flags = flags_of(host, item);
	const [section_desc, help, host_selector] = ["section_desc", "help", "host_selector"].map((name) => optional_text(field(name)));
	const to_lua = (value: ShellValue): TValue => border.deep_table(value);
	return {
		section: text_argument(field("section"), "a shell command's section"),
		name: text_argument(field("name"), "a shell command's name"),
		desc: text_argument(field("desc"), "a shell command's desc"),
		args,
		...(section_desc === undefined ? {} : { section_desc }),
		...(help === undefined ? {} : { help }),
		...(host_selector === undefined ? {} : { host_selector }),
		...(flags === undefined ? {} : { flags }),
		run(shell, given, said) {
			const fixed = flags === undefined ? given.map(to_lua) : args.map((_argument, index) => to_lua(given[index]));
			// As Prosody has it, the table of flags holds the other words, too
			const numbered = given.map((value, index): [number, ShellValue] => [index + 1, value]);
			const table = (): TValue =>
				border.deep_table(new Map<string | number, unknown>([...numbered, ...Object.entries(said ?? {})]));
			const rest = flags === undefined ? [] : [table(), ...given.slice(args.length).map(to_lua)];
			const answer = vm.call_waiting(kept, [session_value(host, shell), ...fixed, ...rest]);
			return answer instanceof Waiting ? promise_of(answer).then((values) => outcome_of(host, values)) : outcome_of(host, answer);
		},
	};
}

/** Offers the functions that modules in Lua put into the shared table `admin_shell/env`, by section and name. */
export function offer_shell_environment(host: LuaContext): void {
	const { vm, border, server } = host;
	server.events.add_handler("shell-command-wanted", ({ env, section, name }): Command | undefined => {
		const functions = border.to_lua(env.get(section));
		const run = functions.type === tags.table ? vm.index(functions, string_value(name)) : nil;
		if (!is_function(run)) return undefined;
		const kept = new TValue(run.type, run.value);
		return {
			name,
			args: [],
			desc: "",
			run(shell, args) {
				const self = session_value(host, shell);
				const metatable = vm.new_table();
				vm.raw_set(metatable, "__index", functions);
				(self.value as Table).metatable = metatable;
				const answer = vm.call_waiting(kept, [self, ...args.map((value) => border.deep_table(value))]);
				return answer instanceof Waiting
					? promise_of(answer).then((values) => outcome_of(host, values))
					: outcome_of(host, answer);
			},
		};
	});
}

/** Tells of fields that modules in Lua keep in sessions, such as those of stream management. */
export function answer_session_fields(host: LuaContext): void {
	const { vm, border, server } = host;
	server.events.add_handler("session-field", ({ session, name }) => {
		const shown = border.to_lua(session);
		if (shown.type !== tags.table) return undefined;
		if (name !== "smacks_queue_length") return border.from_lua(vm.index(shown, string_value(name)));
		const queue = vm.index(shown, string_value("outgoing_stanza_queue"));
		const count = queue.type === tags.table ? vm.index(queue, string_value("count_unacked")) : nil;
		return count.ttisnil() ? undefined : border.from_lua(vm.call(count, [queue])[0] ?? nil);
	});
}

/** Source: plugins/mod_admin_shell.lua, handle_line, for lines that begin with `>`. */
const console_code = `
local serialize = require "util.serialization".new({ preset = "pretty", maxdepth = 2, fallback = tostring })
return function (code, print)
	local env = setmetatable({ print = print }, { __index = _G })
	local chunk, problem = load("return " .. code, "=console", "t", env)
	if not chunk then chunk, problem = load(code, "=console", "t", env) end
	if not chunk then return false, "Sorry, I couldn't understand that... " .. problem end
	local value, message = chunk()
	if message == nil then
		return true, "Result: " .. (type(value) == "string" and value or serialize(value))
	elseif not value then
		return false, "Error: " .. tostring(message)
	end
	return true, "OK: " .. tostring(message)
end
`;

/** Runs a line of Lua that an administrator has typed, with all that modules see. Throws what it throws. */
export function run_console_line(
	host: LuaContext,
	code: string,
	print: (text: string) => void,
): { readonly text: string; readonly is_error: boolean } {
	const { vm, globals } = host;
	const chunk = vm.load(bytes_of(console_code), "=lua-shims/shell_commands", globals);
	if (!chunk.ok) throw new Error(chunk.error);
	const printed = vm.native((values) => {
		print(values.map((value) => vm.to_string(value)).join("\t"));
		return undefined;
	});
	const [run = nil] = vm.call(chunk.value, []);
	const [is_fine = nil, text = nil] = vm.call(run, [string_value(code), printed]);
	return { text: vm.to_string(text), is_error: is_fine.value !== true };
}
