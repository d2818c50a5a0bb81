// Counterpart: ejabberd's ejabberd_commands: what scripts can call, as values. Prosody has no such table.

import { failed, ok, type Result } from "../error.ts";
import { host as host_of } from "../jid.ts";
import type { ArgumentsOf, JsonSchema, Parameters } from "./parameters.ts";

/** What a token may be good for. Each stands for the commands that have it. */
export const api_scopes = ["rooms:read", "rooms:write", "users:read", "users:write", "server:read", "server:write"] as const;
export type ApiScope = (typeof api_scopes)[number];

/** Why a command was refused. */
export interface ApiError {
	readonly kind: "bad-request" | "forbidden" | "not-found" | "conflict" | "failed" | "unavailable";
	/** One line for people. */
	readonly text: string;
	/** What is known all the same: what those nodes of a cluster say that have answered. */
	readonly partial?: unknown;
}

/** What a command answers: a value for JSON. */
export type ApiAnswer = Result<unknown, ApiError>;

/** An error as an answer. */
export function refuse_call(kind: ApiError["kind"], text: string): { readonly ok: false; readonly error: ApiError } {
	return failed({ kind, text });
}

/** Whoever calls. */
export interface ApiCaller {
	/** The bare JID whose rights count. */
	readonly jid: string;
	/** Whether it may manage a host. */
	may_manage(host: string): boolean;
	/** Whether it may manage the whole server. */
	may_manage_server(): boolean;
}

/**
 * Whose rights a command asks for: an administrator's of the host that it concerns, of the server, or of any host; in the last case the
 * command itself shows no more than the caller may manage.
 */
export type ApiRights = "host" | "server" | "some";

interface Definition<Given extends Parameters> {
	/** As ejabberd calls it, where it has the call. */
	readonly name: string;
	/** What it does, in one line. */
	readonly desc: string;
	readonly scope: ApiScope;
	readonly rights: ApiRights;
	readonly parameters: Given;
	/** What a successful call answers. */
	readonly result: JsonSchema;
	/** The parameter that names the host, or a JID there. */
	readonly host?: keyof Given & string;
	/**
	 * It answers a list, and is for all hosts of its kind: where the host is `global`, or no parameter names one, it is asked of each
	 * that the caller may manage.
	 */
	readonly spans?: true;
	/** In a cluster: the bare JID that it is about. The node that serves it runs the command. */
	owner?(args: ArgumentsOf<Given>): string;
	/** In a cluster: all nodes run the command, and this makes one answer of theirs. */
	together?(answers: readonly unknown[]): unknown;
	run(caller: ApiCaller, args: ArgumentsOf<Given>): ApiAnswer | Promise<ApiAnswer>;
}

/** A call with arguments that were read and checked. */
export interface PreparedCall {
	/** The host that it names. */
	readonly host: string | undefined;
	/** Arguments for the log; secrets are left out. */
	readonly shown: Readonly<Record<string, unknown>>;
	/** The arguments as they were given. */
	readonly given: Readonly<Record<string, unknown>>;
	/** The bare JID that it is about, where that matters: see the command's `owner`. */
	readonly owner: string | undefined;
	/** Runs it, by this command or one with the same parameters, such as that of another host. */
	run(caller: ApiCaller, command: ApiCommand): ApiAnswer | Promise<ApiAnswer>;
}

/** A command that can be called with arguments by name. */
export interface ApiCommand extends Omit<Definition<Parameters>, "owner" | "run"> {
	/** Whether it only looks at things. */
	readonly is_reading: boolean;
	/** Reads arguments; the error names the one that is wrong. */
	prepare(given: Readonly<Record<string, unknown>>): Result<PreparedCall, string>;
	run(caller: ApiCaller, args: Readonly<Record<string, unknown>>): ApiAnswer | Promise<ApiAnswer>;
}

/** Stands for all hosts, in ejabberd's spelling. */
export const every_host = "global";

function read_arguments(
	parameters: Parameters,
	given: Readonly<Record<string, unknown>>,
): Result<Record<string, unknown>, string> {
	const left = new Set(Object.keys(given));
	const args: Record<string, unknown> = {};
	for (const [name, parameter] of Object.entries(parameters)) {
		const names = [name, ...(parameter.alias === undefined ? [] : [parameter.alias])].filter((one) => left.delete(one));
		if (names.length > 1) return failed(`${names.join(" and ")} mean the same: expected one of them`);
		const [found] = names;
		if (found === undefined && !parameter.optional) return failed(`missing argument: ${name}`);
		const read = parameter.read(found === undefined ? undefined : given[found]);
		if (!read.ok) return failed(`${found ?? name}: ${read.error}`);
		args[name] = read.value;
	}
	const [unknown] = left;
	return unknown === undefined ? ok(args) : failed(`unknown argument: ${unknown.slice(0, 100)}`);
}

/** Makes a command. Its function gets the arguments with the types that the parameters give them. */
export function api_command<Given extends Parameters>(definition: Definition<Given>): ApiCommand;
export function api_command(definition: Definition<Parameters>): ApiCommand {
	const { parameters, host: named_by, scope } = definition;
	return {
		...definition,
		is_reading: scope.endsWith(":read"),
		prepare(given) {
			const read = read_arguments(parameters, given);
			if (!read.ok) return read;
			const args = read.value;
			const host = named_by === undefined ? undefined : args[named_by];
			const logged = Object.entries(args).filter(([name, value]) => value !== undefined && parameters[name]?.secret !== true);
			// Of settings only the names, since a password may be among them
			const shown = Object.fromEntries(logged.map(([name, value]) => [name, value instanceof Map ? [...value.keys()] : value]));
			return ok({
				host: typeof host === "string" ? host_of(host) : undefined,
				shown,
				given,
				owner: definition.owner?.(args),
				run: (caller, command) => command.run(caller, args),
			});
		},
		run: definition.run.bind(definition),
	};
}

/** Whether something looks like what {@link api_command} makes. */
export function is_api_command(value: unknown): value is ApiCommand {
	if (typeof value !== "object" || value === null) return false;
	const { name, parameters, prepare, run }: { readonly [Key in keyof ApiCommand]?: unknown } = value;
	const is_table = typeof parameters === "object" && parameters !== null;
	return typeof name === "string" && is_table && typeof prepare === "function" && typeof run === "function";
}

/** Descriptions of what commands answer. */
export const results = {
	/** ejabberd's `rescode`: what fails is an error, so this is always 0. */
	done: { type: "integer", enum: [0], description: "0: it is done" },
	texts: (description: string): JsonSchema => ({ type: "array", items: { type: "string" }, description }),
	number: (name: string): JsonSchema => ({ type: "object", properties: { [name]: { type: "integer" } }, required: [name] }),
	/** A list of objects whose members are all there. */
	table: (properties: { readonly [name: string]: JsonSchema }): JsonSchema => ({
		type: "array",
		items: record_of(properties),
	}),
	record: record_of,
} as const satisfies Record<string, JsonSchema | ((...args: never[]) => JsonSchema)>;

/** An object; those named as optional may be missing. */
function record_of(properties: { readonly [name: string]: JsonSchema }, may_be_missing: readonly string[] = []): JsonSchema {
	return { type: "object", properties, required: Object.keys(properties).filter((name) => !may_be_missing.includes(name)) };
}
