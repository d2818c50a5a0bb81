// Counterpart: core/sessionmanager.lua

import { nodeprep, resourceprep } from "../util/encodings.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../util/error.ts";
import * as id from "../util/id.ts";
import { telling } from "./telling.ts";
import type { C2sSession, HostSession, RosterManager, Server, SessionManager, UserSessions } from "./types.ts";

/** The sessions of an account. It is a class so that Lua's views can recognise it. */
export class AccountSessions implements UserSessions {
	readonly sessions: UserSessions["sessions"] = new Map();
	top_resources: UserSessions["top_resources"];

	constructor(
		readonly username: string,
		readonly host: string,
	) {}
}

/** What of a server its sessions need. */
export interface SessionNeeds
	extends Pick<Server, "bare_sessions" | "cluster" | "config" | "delivery" | "full_sessions" | "hosts" | "logger"> {
	readonly rostermanager: Pick<RosterManager, "load_roster">;
}

/** Keeps track of which accounts are online on one server, and with which resources. */
export function create_sessionmanager(server: SessionNeeds): SessionManager {
	const log = server.logger("sessionmanager");
	const report = telling(log);
	/** Sessions that are being destroyed, so that handlers do not destroy them again. */
	const doomed = new WeakSet<C2sSession>();

	function host_of(session: C2sSession): HostSession | undefined {
		return session.host === undefined ? undefined : server.hosts.get(session.host);
	}

	/** An account's sessions, made when it has none. */
	function sessions_of(host: HostSession, username: string): UserSessions {
		let user = host.sessions.get(username);
		if (user === undefined) {
			user = new AccountSessions(username, host.host);
			host.sessions.set(username, user);
			server.bare_sessions.set(`${username}@${host.host}`, user);
		}
		return user;
	}

	/** Takes a resource out of all tables; true where the account has others left. */
	function remove(host: HostSession, username: string, resource: string): boolean {
		const user = host.sessions.get(username);
		user?.sessions.delete(resource);
		server.full_sessions.delete(`${username}@${host.host}/${resource}`);
		if (user !== undefined && user.sessions.size > 0) return true;
		host.sessions.delete(username);
		server.bare_sessions.delete(`${username}@${host.host}`);
		return false;
	}

	/** A resource that the account does not have: the wanted one, where the policy makes it free. */
	function resolve_conflict(host: HostSession, username: string, wanted: string): Result<string, StanzaError> {
		const taken = (resource: string): C2sSession | undefined => host.sessions.get(username)?.sessions.get(resource);
		const other = taken(wanted);
		if (other === undefined) return ok(wanted);
		let resource = wanted;
		switch (server.config.get(host.host, "conflict_resolve")) {
			case "kick_new":
				return failed(stanza_error("cancel", "conflict", "Resource already exists"));
			case "random":
				resource = id.short();
				break;
			case "increment":
				break;
			default:
				other.close({ condition: "conflict", text: "Replaced by new connection" });
				return ok(wanted);
		}
		if (taken(resource) === undefined) return ok(resource);
		let count = 1;
		while (taken(`${resource}#${count}`) !== undefined) count++;
		return ok(`${resource}#${count}`);
	}

	function retire(session: C2sSession): void {
		session.type = "c2s_destroyed";
		session.host = undefined;
		session.username = undefined;
		session.resource = undefined;
		session.full_jid = undefined;
		session.presence = undefined;
		session.priority = undefined;
		session.interested = false;
		session.directed = undefined;
		session.role = undefined;
		session.sasl_handler = undefined;
	}

	return {
		make_authenticated(session, given_username, role_name) {
			const username = nodeprep(given_username);
			const host = host_of(session);
			if (username === undefined || username === "") return failed("Invalid username");
			if (host === undefined) return failed("The stream has no host");
			session.username = username;
			if (session.type === "c2s_unauthed") session.type = "c2s_unbound";
			const role = role_name === undefined ? host.authz.get_user_role(username) : host.authz.get_role_by_name(role_name);
			if (role !== undefined) session.role = role;
			session.log("info", "Authenticated as %s@%s [%s]", username, host.host, role?.name ?? "no role");
			return ok(true);
		},

		bind_resource(session, wanted) {
			const { username } = session;
			const host = host_of(session);
			if (username === undefined || host === undefined) {
				return failed(stanza_error("auth", "not-authorized", "Cannot bind resource before authentication"));
			}
			if (session.resource !== undefined) {
				return failed(stanza_error("cancel", "not-allowed", "Cannot bind multiple resources on a single connection"));
			}
			if (server.cluster?.is_mine(`${username}@${host.host}`) === false) {
				return failed(stanza_error("wait", "resource-constraint", "Another node serves this account: try again"));
			}
			const event: { session: C2sSession; resource: string | undefined; error?: StanzaError } = { session, resource: wanted };
			if (host.events.fire_event("pre-resource-bind", event) === false) {
				return failed(event.error ?? stanza_error("cancel", "not-allowed"));
			}
			const prepared = resourceprep(event.resource ?? "", true);
			const free = resolve_conflict(host, username, prepared === undefined || prepared === "" ? id.short() : prepared);
			if (!free.ok) return free;
			const resource = free.value;
			const full_jid = `${username}@${host.host}/${resource}`;
			session.resource = resource;
			session.full_jid = full_jid;
			sessions_of(host, username).sessions.set(resource, session);
			server.full_sessions.set(full_jid, session);
			if (session.type === "c2s_unbound") session.type = "c2s";

			// An account whose contacts cannot be read must not go online: wrong people would get its presence, and it theirs.
			if (server.rostermanager.load_roster(username, host.host).broken) {
				remove(host, username, resource);
				session.resource = undefined;
				session.full_jid = undefined;
				session.type = "c2s_unbound";
				session.log("error", "Roster loading failed");
				return failed(stanza_error("cancel", "internal-server-error", "Error loading roster"));
			}
			host.events.tell("resource-bind", { session }, report);
			return ok(true);
		},

		destroy_session(session, error) {
			if (session.type === "c2s_destroyed" || doomed.has(session)) return;
			const { full_jid, username, resource } = session;
			const host = host_of(session);
			if (full_jid !== undefined && username !== undefined && resource !== undefined && host !== undefined) {
				const event = error === undefined ? { session } : { session, error };
				if (host.events.tell("pre-resource-unbind", event, report)) {
					session.log("debug", "Resource unbind prevented by module");
					return;
				}
				session.log("debug", "Unbinding resource for %s%s", full_jid, error === undefined ? "" : `: ${error}`);
				doomed.add(session);
				if (!remove(host, username, resource)) log("debug", "All resources of %s@%s are now offline", username, host.host);
				host.events.tell("resource-unbind", event, report);
				retire(session);
			} else {
				doomed.add(session);
				session.log(
					"debug",
					"Destroying unbound session for <%s@%s>%s",
					username ?? "(unknown)",
					session.host ?? "(unknown)",
					error === undefined ? "" : `: ${error}`,
				);
				retire(session);
			}
		},

		send_to_available_resources: (username, host, stanza) =>
			server.delivery.send_to_account(`${username}@${host}`, stanza, "available"),

		send_to_interested_resources: (username, host, stanza) =>
			server.delivery.send_to_account(`${username}@${host}`, stanza, "interested"),
	};
}
