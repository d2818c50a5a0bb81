// No counterpart: which commands there are, and who may call them.

import type { ModuleApi } from "../../core/types.ts";
import {
	type ApiAnswer,
	type ApiCaller,
	type ApiCommand,
	every_host,
	is_api_command,
	type PreparedCall,
	refuse_call,
} from "../../util/api/command.ts";
import * as jid from "../../util/jid.ts";
import type { Token } from "./tokens.ts";

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

	constructor(private readonly module: ModuleApi) {}

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
		if (command.rights !== "host") return { command, call, answer: await call.run(caller, offers.get("*") ?? command) };
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
		const offered = offers.get(host) ?? offers.get("*");
		return offered === undefined ? refuse_call("not-found", `${host} has no such command`) : call.run(caller, offered);
	}

	/** Asks all hosts that the caller may manage, and puts the lists together. */
	private async span(caller: ApiCaller, call: PreparedCall, offers: ReadonlyMap<string, ApiCommand>): Promise<ApiAnswer> {
		const meant = [...offers].filter(([host]) => caller.may_manage(host));
		if (meant.length === 0) return refuse_call("forbidden", `${caller.jid} is no administrator of a host that could answer this`);
		const all: unknown[] = [];
		for (const [, command] of meant) {
			const answer = await call.run(caller, command);
			if (!answer.ok) return answer;
			if (Array.isArray(answer.value)) all.push(...answer.value);
		}
		return { ok: true, value: all };
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
