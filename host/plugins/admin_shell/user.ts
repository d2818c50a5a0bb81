// Counterpart: plugins/mod_admin_shell.lua (def_env.user)

import type { ModuleApi } from "../../core/types.ts";
import type { Result } from "../../util/error.ts";
import * as jid from "../../util/jid.ts";
import { entries } from "../../util/luatable.ts";
import {
	BadArgument,
	command,
	done,
	type Outcome,
	optional_text,
	refused,
	result,
	type Section,
	type Shell,
	type ShellValue,
	text_of,
} from "./command.ts";
import { lua_pattern } from "./patterns.ts";

/** The account that an argument names. */
interface Account {
	readonly address: string;
	readonly username: string;
	readonly host: string;
}

function account_of(given: ShellValue): Account {
	const address = text_of(given, "a JID");
	const { node, host } = jid.prepped_split(address);
	if (host === undefined || node === undefined)
		throw new BadArgument(`${address} is no account: expected a JID such as user@example.com`);
	return { address, username: node, host };
}

/** The one role that somebody gets in Prosody 0.12's spelling: `"admin"`, `"prosody:admin"`, `{"prosody:admin"}`. */
function one_role(given: ShellValue): string {
	const names = typeof given === "object" ? entries(given).map(([key, value]) => (value === true ? key : value)) : [given];
	const [name] = names;
	if (names.length !== 1 || typeof name !== "string")
		throw new BadArgument("expected one role: an account has one here, as in Prosody 13");
	return name.includes(":") ? name : `prosody:${name}`;
}

export function user_section(module: ModuleApi): Section {
	const { server } = module;
	const users = server.usermanager;

	/** Has something done with an account that there is. */
	function with_account(given: ShellValue, act: (account: Account) => Outcome | Promise<Outcome>): Outcome | Promise<Outcome> {
		const account = account_of(given);
		if (!server.hosts.has(account.host)) return refused(`No such host: ${account.host}`);
		return users.user_exists(account.username, account.host) ? act(account) : refused("No such user");
	}

	function report(changed: Result<unknown, string>, message: string, problem: string): Outcome {
		return changed.ok ? done(message) : refused(`${problem}: ${changed.error}`);
	}

	/** The password that was given, or that is typed now. */
	function with_password(shell: Shell, given: ShellValue, act: (password: string) => Outcome): Outcome | Promise<Outcome> {
		const password = optional_text(given, "the password");
		if (password !== undefined) return act(password);
		return shell
			.request_password()
			.then(act, (reason: unknown) => refused(reason instanceof Error ? reason.message : String(reason)));
	}

	function create(shell: Shell, given: ShellValue, password: ShellValue, named_role: ShellValue): Outcome | Promise<Outcome> {
		const { address, username, host } = account_of(given);
		if (!server.hosts.has(host)) return refused(`No such host: ${host}`);
		if (users.user_exists(username, host)) return refused("User exists");
		const usual = server.config.get(host, "default_provisioned_role");
		const role = optional_text(named_role, "the role") ?? (typeof usual === "string" ? usual : "prosody:member");
		return with_password(shell, password, (chosen) => {
			const created = users.create_user_with_role(username, host, chosen, role);
			return report(created, `Created ${address} with role '${role}'`, "Could not create user");
		});
	}

	/** Where a role is, and of whom: `JID, ROLE` or `JID, HOST, ROLE`. */
	function role_arguments([given, host, role]: readonly ShellValue[]): { account: Account; host: string; role: string } {
		const account = account_of(given);
		return role === undefined
			? { account, host: account.host, role: text_of(host, "the role") }
			: { account, host: text_of(host, "the host"), role: text_of(role, "the role") };
	}

	/** Why the roles of somebody on a host cannot be looked at. */
	function trouble({ username, host: home }: Account, host: string): Outcome | undefined {
		if (!server.hosts.has(host)) return refused(`No such host: ${host}`);
		return server.hosts.has(home) && !users.user_exists(username, home) ? refused("No such user") : undefined;
	}

	const show_role = (shell: Shell, [given, named]: readonly ShellValue[]): Outcome => {
		const account = account_of(given);
		const host = optional_text(named, "the host") ?? account.host;
		const problem = trouble(account, host);
		if (problem !== undefined) return problem;
		const is_home = host === account.host;
		const role = is_home ? users.get_user_role(account.username, host) : users.get_jid_role(account.address, host);
		const primary = role?.name ?? "<none>";
		const secondary = is_home ? [...users.get_user_secondary_roles(account.username, host).keys()] : [];
		if (secondary.length === 0) return done(primary);
		shell.print(primary);
		for (const name of secondary) shell.print(`${name} (secondary)`);
		return done(`${primary} (primary)`);
	};

	function set_role(args: readonly ShellValue[]): Outcome {
		const { account, host, role } = role_arguments(args);
		const problem = trouble(account, host);
		if (problem !== undefined) return problem;
		if (account.host !== host) {
			const changed = users.set_jid_role(account.address, host, role);
			return changed.ok ? result(true) : refused(changed.error);
		}
		const changed = users.set_user_role(account.username, host, role);
		return changed.ok ? result(`role<[${changed.value.id}] ${changed.value.name}>`) : refused(changed.error);
	}

	/** Gives or takes a secondary role. */
	function change_secondary(
		args: readonly ShellValue[],
		elsewhere: string,
		act: (account: Account, role: string) => Result<unknown, string>,
		message: string,
	): Outcome {
		const { account, host, role } = role_arguments(args);
		const problem = trouble(account, host);
		if (problem !== undefined) return problem;
		if (account.host !== host) return refused(elsewhere);
		const changed = act(account, role);
		return changed.ok ? done(message) : refused(changed.error);
	}

	function list(shell: Shell, given: ShellValue, pattern: ShellValue): Outcome {
		const host = optional_text(given, "the host");
		if (host === undefined) return refused("No host given");
		if (!server.hosts.has(host)) return refused("No such host");
		const filter = pattern === undefined ? undefined : lua_pattern(text_of(pattern, "the pattern"));
		const all = users.users(host);
		const listed = all.filter((name) => filter === undefined || filter(name));
		for (const name of listed) shell.print(`${name}@${host}`);
		return done(`Showing ${filter === undefined ? "all " : `${listed.length} of `}${all.length} users`);
	}

	return {
		name: "user",
		desc: "Commands to create and delete users, and change their passwords",
		commands: [
			command("create(jid, password, role)", "Create the specified user account", (shell, [given, password, role]) =>
				create(shell, given, password, role),
			),
			command("disable(jid)", "Disable the specified user account, preventing login", (_shell, [given]) =>
				with_account(given, ({ username, host }) =>
					report(users.disable_user(username, host), "User disabled", "Could not disable user"),
				),
			),
			command("enable(jid)", "Enable the specified user account, restoring login access", (_shell, [given]) =>
				with_account(given, ({ username, host }) =>
					report(users.enable_user(username, host), "User enabled", "Could not enable user"),
				),
			),
			command(
				"delete(jid)",
				"Permanently remove the specified user account",
				(_shell, [given]) =>
					with_account(given, ({ username, host }) =>
						report(users.delete_user(username, host), "User deleted", "Could not delete user"),
					),
				{ nodes: "owner" },
			),
			command("password(jid, password)", "Set the password for the specified user account", (shell, [given, password]) =>
				with_account(given, ({ username, host }) =>
					with_password(shell, password, (chosen) => {
						const changed = users.set_password(username, host, chosen);
						return report(changed, "User password changed", "Could not change password for user");
					}),
				),
			),
			command("role(jid, host)", "Show primary role for a user", show_role),
			command("roles(jid, host)", "Show primary role for a user", show_role, { hidden: true }),
			command("set_role(jid, host, role)", "Set primary role of a user (see 'help roles')", (_shell, args) => set_role(args)),
			command(
				"setroles(jid, host, roles)",
				"Set the role of a user, as Prosody 0.12 spells it",
				(_shell, [given, first, second]) => {
					const [host, roles] = second === undefined ? [undefined, first] : [first, second];
					return set_role(host === undefined ? [given, one_role(roles)] : [given, host, one_role(roles)]);
				},
				{ hidden: true },
			),
			command(
				"addrole(jid, host, role)",
				"Add a secondary role to a user",
				(_shell, args) =>
					change_secondary(
						args,
						"Can't add roles outside users own host",
						({ username, host }, role) => users.add_user_secondary_role(username, host, role),
						"Role added",
					),
				{ hidden: true },
			),
			command(
				"delrole(jid, host, role)",
				"Remove a secondary role from a user",
				(_shell, args) =>
					change_secondary(
						args,
						"Can't remove roles outside users own host",
						({ username, host }, role) => users.remove_user_secondary_role(username, host, role),
						"Role removed",
					),
				{ hidden: true },
			),
			command(
				"list(hostname, pattern)",
				"List users on the specified host, optionally filtering with a pattern",
				(shell, [host, pattern]) => list(shell, host, pattern),
			),
		],
	};
}
