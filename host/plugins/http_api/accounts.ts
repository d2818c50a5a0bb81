// Counterpart: ejabberd's ejabberd_admin and mod_admin_extra (accounts)

import type { ModuleApi, Password, Server } from "../../core/types.ts";
import { type ApiAnswer, type ApiCaller, type ApiCommand, api_command, refuse_call, results } from "../../util/api/command.ts";
import { domain, node, optional, password, text } from "../../util/api/parameters.ts";
import { ok, type Result } from "../../util/error.ts";
import type { Role } from "../../util/roles.ts";
import { go_on, promised } from "../../util/waiting.ts";
import { disconnect } from "./sessions.ts";

/** An account as calls name it. */
interface Account {
	readonly user: string;
	readonly host: string;
}

const account = { user: node("Name before the @"), host: domain("The host of the account") };

/** What is done with an account is done where its sessions are, so that what is in memory of it there is right. */
function jid_of({ user, host }: Account): string {
	return `${user}@${host}`;
}

const default_role = "prosody:member";

/** Why nothing can be done on a host; undefined where it has accounts. */
function trouble(server: Server, host: string): ApiAnswer | undefined {
	const session = server.hosts.get(host);
	if (session === undefined) return refuse_call("not-found", `there is no host ${host}`);
	return session.type === "local" ? undefined : refuse_call("bad-request", `${host} is a component, which has no accounts`);
}

/** Has something done with an account that there is. */
function with_account(server: Server, { user, host }: Account, act: () => ApiAnswer): ApiAnswer {
	const problem = trouble(server, host);
	if (problem !== undefined) return problem;
	return server.usermanager.user_exists(user, host) ? act() : refuse_call("not-found", `there is no account ${user}@${host}`);
}

/** Whether whoever has a role manages the server. */
function manages_server(role: Role): boolean {
	return role.name === "prosody:operator" || role.may("http_api:manage-server");
}

/**
 * Keeps accounts of administrators of the server from those who only manage their host: otherwise these could make themselves
 * administrators of the server. It counts which role the name has, so that nobody makes an account that `admins` names already.
 */
function only_below<Answer>(server: Server, caller: ApiCaller, { user, host }: Account, act: () => Answer): Answer | ApiAnswer {
	if (caller.may_manage_server()) return act();
	const role = server.usermanager.get_user_role(user, host);
	if (role === undefined) return refuse_call("forbidden", `which role ${user}@${host} has cannot be read`);
	if (!manages_server(role)) return act();
	return refuse_call("forbidden", `${user}@${host} is an administrator of the server, and ${caller.jid} is none`);
}

/** Has something done with an account that there is, and that the caller may change. */
function change_account(server: Server, caller: ApiCaller, account: Account, act: () => ApiAnswer): ApiAnswer {
	return with_account(server, account, () => only_below(server, caller, account, act));
}

/** Who waits for hashes that calls ask for: all of them together are one. */
const whose = "http_api";

/** Has something done with a password that was hashed meanwhile, for which nobody else waits. */
function with_hash(
	{ usermanager }: Server,
	{ user, host }: Account,
	secret: string,
	act: (hashed: Password) => ApiAnswer,
): ApiAnswer | Promise<ApiAnswer> {
	const hashed = usermanager.hash_password(user, host, secret, whose);
	return promised(go_on(hashed, (known) => (known.ok ? act(known.value) : refuse_call("bad-request", known.error))));
}

function answer(changed: Result<unknown, string>, value: unknown = 0): ApiAnswer {
	return changed.ok ? ok(value) : refuse_call("bad-request", changed.error);
}

export function account_commands(module: ModuleApi): ApiCommand[] {
	const { server } = module;
	const users = server.usermanager;
	return [
		api_command({
			name: "register",
			desc: "Makes an account",
			scope: "users:write",
			rights: "host",
			parameters: { ...account, password: password("Its password") },
			host: "host",
			result: { type: "string", description: "What was done, for people" },
			owner: jid_of,
			run: (caller, { user, host, password: secret }) => {
				const problem = trouble(server, host);
				if (problem !== undefined) return problem;
				if (users.user_exists(user, host)) return refuse_call("conflict", `User ${user}@${host} already registered`);
				return with_hash(server, { user, host }, secret, (hashed) =>
					only_below(server, caller, { user, host }, () => {
						const usual = server.config.get(host, "default_provisioned_role");
						const role = typeof usual === "string" ? usual : default_role;
						const created = users.create_user_with_role(user, host, hashed, role);
						return answer(created, `User ${user}@${host} successfully registered`);
					}),
				);
			},
		}),
		api_command({
			name: "unregister",
			desc: "Deletes an account with all that is stored for it",
			scope: "users:write",
			rights: "host",
			parameters: account,
			host: "host",
			result: { type: "string", description: "Empty, as in ejabberd" },
			owner: jid_of,
			run: (caller, args) => change_account(server, caller, args, () => answer(users.delete_user(args.user, args.host), "")),
		}),
		api_command({
			name: "registered_users",
			desc: "Names of all accounts of a host",
			scope: "users:read",
			rights: "host",
			parameters: { host: account.host },
			host: "host",
			result: results.texts("Names before the @"),
			run: (_caller, { host }) => trouble(server, host) ?? ok(users.users(host).sort()),
		}),
		api_command({
			name: "registered_vhosts",
			desc: "The hosts with accounts that the caller may manage",
			scope: "server:read",
			rights: "some",
			parameters: {},
			result: results.texts("Hosts"),
			run: (caller) => {
				const local = [...server.hosts.values()].filter(({ type, host }) => type === "local" && caller.may_manage(host));
				return ok(local.map(({ host }) => host).sort());
			},
		}),
		api_command({
			name: "check_account",
			desc: "Whether there is such an account: 0 for yes, 1 for no",
			scope: "users:read",
			rights: "host",
			parameters: account,
			host: "host",
			result: { type: "integer", enum: [0, 1] },
			run: (_caller, { user, host }) => trouble(server, host) ?? ok(users.user_exists(user, host) ? 0 : 1),
		}),
		api_command({
			name: "check_password",
			desc: "Whether a password is that of an account: 0 for yes, 1 for no",
			scope: "users:write",
			rights: "host",
			parameters: { ...account, password: password("What is tried") },
			host: "host",
			result: { type: "integer", enum: [0, 1] },
			run: (caller, { user, host, password: secret }) =>
				trouble(server, host) ??
				only_below(server, caller, { user, host }, () => {
					const checked = users.check_password(user, host, secret, whose);
					return promised(go_on(checked, (known) => ok(known.ok ? 0 : 1)));
				}),
		}),
		api_command({
			name: "change_password",
			desc: "Gives an account another password",
			scope: "users:write",
			rights: "host",
			parameters: { ...account, newpass: password("The new password") },
			host: "host",
			result: results.done,
			owner: jid_of,
			run: (caller, args) =>
				with_hash(server, args, args.newpass, (hashed) =>
					change_account(server, caller, args, () => answer(users.set_password(args.user, args.host, hashed))),
				),
		}),
		api_command({
			name: "ban_account",
			desc: "Disables an account, and disconnects it",
			scope: "users:write",
			rights: "host",
			parameters: { ...account, reason: optional(text("Kept with the account")) },
			host: "host",
			result: results.done,
			owner: jid_of,
			run: (caller, args) =>
				change_account(server, caller, args, () => {
					const { user, host, reason = "" } = args;
					const when = Math.floor(Date.now() / 1000);
					const disabled = users.disable_user(user, host, { comment: reason, actor: caller.jid, when });
					if (disabled.ok) disconnect(server, (session) => session.username === user && session.host === host, reason);
					return answer(disabled);
				}),
		}),
		api_command({
			name: "unban_account",
			desc: "Enables an account again",
			scope: "users:write",
			rights: "host",
			parameters: account,
			host: "host",
			result: results.done,
			owner: jid_of,
			run: (caller, args) => change_account(server, caller, args, () => answer(users.enable_user(args.user, args.host))),
		}),
		api_command({
			name: "get_user_info",
			desc: "What is known of an account: role, whether it is enabled, and when it was made",
			scope: "users:read",
			rights: "host",
			parameters: account,
			host: "host",
			result: results.record({
				role: { type: "string" },
				enabled: { type: "boolean" },
				created: { type: "integer", description: "Seconds since 1970; 0 where that is not known" },
				sessions: { type: "integer" },
			}),
			owner: jid_of,
			run: (_caller, args) =>
				with_account(server, args, () => {
					const { user, host } = args;
					const info = users.get_account_info(user, host);
					const enabled = users.user_is_enabled(user, host);
					return ok({
						role: users.get_user_role(user, host)?.name ?? "",
						enabled: !enabled.ok || enabled.value,
						created: info.ok ? (info.value.created ?? 0) : 0,
						sessions: server.hosts.get(host)?.sessions.get(user)?.sessions.size ?? 0,
					});
				}),
		}),
		api_command({
			name: "set_user_role",
			desc: "Gives an account another role, such as prosody:admin",
			scope: "users:write",
			rights: "host",
			parameters: { ...account, role: text("Its role", { filled: true }) },
			host: "host",
			result: results.done,
			owner: jid_of,
			run: (caller, args) =>
				change_account(server, caller, args, () => {
					const wanted = users.get_role_by_name(args.role, args.host);
					if (wanted !== undefined && manages_server(wanted) && !caller.may_manage_server()) {
						return refuse_call("forbidden", `${caller.jid} is no administrator of the server, and cannot make others that`);
					}
					return answer(users.set_user_role(args.user, args.host, args.role));
				}),
		}),
	];
}
