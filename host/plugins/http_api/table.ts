// No counterpart: which commands there are, and who may call them.

import type { ModuleApi, Question } from "../../core/types.ts";
import {
	type ApiAnswer,
	type ApiCaller,
	type ApiCommand,
	type ApiError,
	every_host,
	is_api_command,
	type PreparedCall,
	refuse_call,
} from "../../util/api/command.ts";
import { fields_of, missing_text, text_of } from "../../util/cluster/read.ts";
import * as jid from "../../util/jid.ts";
import type { Token } from "./tokens.ts";

/** A call that another node is to run. */
interface AskedCall {
	/** Whose rights count. */
	readonly caller: string;
	readonly name: string;
	/** Which host's command; `*` is the server itself. */
	readonly offered_by: string;
	readonly given: Readonly<Record<string, unknown>>;
}

const error_kinds: ReadonlySet<unknown> = new Set(["bad-request", "forbidden", "not-found", "conflict", "failed", "unavailable"]);

function is_error_kind(kind: unknown): kind is ApiError["kind"] {
	return error_kinds.has(kind);
}

function read_answer(given: unknown): ApiAnswer | undefined {
	const answer = fields_of(given);
	if (answer?.["ok"] === true) return { ok: true, value: answer["value"] };
	const error = fields_of(answer?.["error"]);
	const [kind, text] = [error?.["kind"], text_of(error?.["text"])];
	return is_error_kind(kind) && text !== undefined ? refuse_call(kind, text) : undefined;
}

const api_call: Question<AskedCall, ApiAnswer> = {
	name: "api-call",
	read_asked(asked) {
		const fields = fields_of(asked);
		const [caller, name] = [text_of(fields?.["caller"]), text_of(fields?.["name"])];
		const [offered_by, given] = [text_of(fields?.["offered_by"]), fields_of(fields?.["given"])];
		const is_whole = caller !== undefined && name !== undefined && offered_by !== undefined && given !== undefined;
		return is_whole ? { caller, name, offered_by, given } : undefined;
	},
	read_answer,
};

/** The permissions that administrators have by default: of a host, and of the server. */
const manage = ":manage";
const manage_server = ":manage-server";

/** A name that is no command's. */
export const unknown_command = refuse_call("not-found", "Endpoint not found.");

/** What was called, for the log. */
export interface Called {
	readonly command: ApiCommand | undefined;
	readonly call: PreparedCall | undefined;
	readonly answer: ApiAnswer;
}

/** All commands, as modules offer them by `module.add_item("api-command", …)`. */
export class ApiTable {
	/** This module as it were on each host, to ask for permissions there. */
	private readonly hosts = new Map<string, ModuleApi>();

	/** Ends the answers to other nodes. */
	readonly stop: () => void;

	constructor(private readonly module: ModuleApi) {
		this.stop = module.server.nodes.answer(api_call, (asked) => this.run_asked(asked));
	}

	/** Gives the administrators of a host their rights. */
	follow(host: string): void {
		const context = this.module.context(host);
		context.default_permission("prosody:admin", manage);
		context.default_permission("prosody:operator", manage_server);
		this.hosts.set(host, context);
	}

	forget(host: string): void {
		this.hosts.delete(host);
	}

	/** A command by the hosts that offer it; `*` is the server itself. */
	find(name: string): ReadonlyMap<string, ApiCommand> {
		const found = new Map<string, ApiCommand>();
		for (const host of ["*", ...this.hosts.keys()]) {
			const command = this.offered(host).find((one) => one.name === name);
			if (command !== undefined) found.set(host, command);
		}
		return found;
	}

	/** Every command once, by name. */
	all(): ApiCommand[] {
		const found = new Map<string, ApiCommand>();
		for (const host of ["*", ...this.hosts.keys()]) {
			for (const command of this.offered(host)) if (!found.has(command.name)) found.set(command.name, command);
		}
		return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
	}

	/** Somebody with the rights that the account has at this moment. */
	caller(address: string): ApiCaller {
		return {
			jid: address,
			may_manage: (host) => this.could(host, manage, address),
			may_manage_server: () => {
				const home = jid.host(address) ?? "";
				// Every host knows the administrators of the server
				const [any] = this.hosts.has(home) ? [home] : this.hosts.keys();
				return any !== undefined && this.could(any, manage_server, address);
			},
		};
	}

	/** Whether somebody may manage any host at all. */
	may_manage_some(caller: ApiCaller): boolean {
		return [...this.hosts.keys()].some((host) => caller.may_manage(host));
	}

	/** Calls a command with the rights of a token. */
	async call(token: Token, name: string, given: Readonly<Record<string, unknown>>): Promise<Called> {
		const offers = this.find(name);
		const [command] = offers.values();
		if (command === undefined) return { command, call: undefined, answer: unknown_command };
		const refuse = (...error: Parameters<typeof refuse_call>): Called => ({ command, call, answer: refuse_call(...error) });
		let call: PreparedCall | undefined;
		if (!token.grants.has(command.scope) && !token.grants.has(name)) {
			return refuse("forbidden", `the token is not good for ${name}: it lacks the scope ${command.scope}`);
		}
		const caller = this.caller(token.jid);
		if (command.rights === "server" && !caller.may_manage_server()) {
			return refuse("forbidden", `${token.jid} is no administrator of the server`);
		}
		if (command.rights === "some" && !this.may_manage_some(caller)) {
			return refuse("forbidden", `${token.jid} is no administrator of any host`);
		}
		const prepared = command.prepare(given);
		if (!prepared.ok) return refuse("bad-request", prepared.error);
		call = prepared.value;
		if (command.rights !== "host") {
			const offered_by = offers.has("*") ? "*" : ([...offers.keys()][0] ?? "*");
			return { command, call, answer: await this.run(caller, call, offers.get(offered_by) ?? command, offered_by) };
		}
		const spans = command.spans === true && (call.host === undefined || call.host === every_host);
		return { command, call, answer: await (spans ? this.span(caller, call, offers) : this.call_host(caller, call, offers)) };
	}

	private call_host(
		caller: ApiCaller,
		call: PreparedCall,
		offers: ReadonlyMap<string, ApiCommand>,
	): ApiAnswer | Promise<ApiAnswer> {
		const host = call.host ?? "";
		if (!caller.may_manage(host)) {
			const is_known = this.module.server.hosts.has(host) || !caller.may_manage_server();
			if (!is_known) return refuse_call("not-found", `there is no host ${host}`);
			return refuse_call("forbidden", `${caller.jid} is no administrator of ${host}`);
		}
		const offered_by = offers.has(host) ? host : "*";
		const offered = offers.get(offered_by);
		if (offered === undefined) return refuse_call("not-found", `${host} has no such command`);
		return this.run(caller, call, offered, offered_by);
	}

	/** Runs a command: on this node, on the one that serves what it is about, or on all. */
	private run(caller: ApiCaller, call: PreparedCall, command: ApiCommand, offered_by: string): ApiAnswer | Promise<ApiAnswer> {
		const is_alone = this.module.server.cluster === undefined;
		if (is_alone || (call.owner === undefined && command.together === undefined)) return call.run(caller, command);
		const asked: AskedCall = { caller: caller.jid, name: command.name, offered_by, given: call.given };
		return call.owner === undefined ? this.run_everywhere(asked, command) : this.run_there(asked, call.owner);
	}

	private async run_there(asked: AskedCall, owner: string): Promise<ApiAnswer> {
		const told = await this.module.server.nodes.ask_owner(owner, api_call, asked);
		return told.ok ? told.value.answer : refuse_call("unavailable", told.error);
	}

	private async run_everywhere(asked: AskedCall, command: ApiCommand): Promise<ApiAnswer> {
		const { answers, missing } = await this.module.server.nodes.ask_all(api_call, asked);
		const problems = new Map(missing);
		const values: unknown[] = [];
		let kind: ApiError["kind"] = "unavailable";
		for (const { node, answer } of answers) {
			if (answer.ok) values.push(answer.value);
			else {
				problems.set(node, answer.error.text);
				kind = answer.error.kind;
			}
		}
		const partial = command.together?.(values);
		const text = missing_text(problems);
		if (text === undefined) return { ok: true, value: partial };
		return { ok: false, error: { kind, text, ...(values.length === 0 ? {} : { partial }) } };
	}

	/** Runs a call of another node. It has read the token; the rights are those that the account has here. */
	private async run_asked({ caller: address, name, offered_by, given }: AskedCall): Promise<ApiAnswer> {
		const command = this.find(name).get(offered_by);
		if (command === undefined) return refuse_call("not-found", `${offered_by} has no command ${name} there`);
		const caller = this.caller(address);
		const prepared = command.prepare(given);
		if (!prepared.ok) return refuse_call("bad-request", prepared.error);
		const { host = offered_by } = prepared.value;
		const is_allowed =
			command.rights === "server"
				? caller.may_manage_server()
				: command.rights === "some"
					? this.may_manage_some(caller)
					: caller.may_manage(host === every_host ? offered_by : host);
		return is_allowed ? prepared.value.run(caller, command) : refuse_call("forbidden", `${address} is no administrator there`);
	}

	/** Asks all hosts that the caller may manage, and puts the lists together. */
	private async span(caller: ApiCaller, call: PreparedCall, offers: ReadonlyMap<string, ApiCommand>): Promise<ApiAnswer> {
		const meant = [...offers].filter(([host]) => caller.may_manage(host));
		if (meant.length === 0) return refuse_call("forbidden", `${caller.jid} is no administrator of a host that could answer this`);
		const all: unknown[] = [];
		const problems: ApiError[] = [];
		for (const [host, command] of meant) {
			const answer = await this.run(caller, call, command, host);
			const value = answer.ok ? answer.value : answer.error.partial;
			if (!answer.ok && answer.error.partial === undefined) return answer;
			if (!answer.ok) problems.push(answer.error);
			if (Array.isArray(value)) all.push(...value);
		}
		const [problem] = problems;
		return problem === undefined ? { ok: true, value: all } : { ok: false, error: { ...problem, partial: all } };
	}

	/** What the modules of a host offer; a module in Lua may have put something else under that key. */
	private offered(host: string): ApiCommand[] {
		return this.module.server.modulemanager.get_items(host, "api-command").filter(is_api_command);
	}

	private could(host: string, permission: string, address: string): boolean {
		return this.is_active(address) && (this.hosts.get(host)?.could(permission, address) ?? false);
	}

	/** Whether an account is there and enabled, as far as this server knows it. */
	private is_active(address: string): boolean {
		const { node, host } = jid.split(address);
		const { usermanager, hosts } = this.module.server;
		if (node === undefined || host === undefined || hosts.get(host)?.type !== "local") return true;
		if (!usermanager.user_exists(node, host)) return false;
		const enabled = usermanager.user_is_enabled(node, host);
		return enabled.ok && enabled.value;
	}
}
