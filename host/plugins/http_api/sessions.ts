// Counterpart: ejabberd's mod_admin_extra and ejabberd_sm (who is connected)

import type { C2sSession, ModuleApi, Server } from "../../core/types.ts";
import { type ApiCaller, type ApiCommand, api_command, refuse_call, results } from "../../util/api/command.ts";
import { choice, domain, jid, node, optional, text, unlogged } from "../../util/api/parameters.ts";
import { one_list, sums } from "../../util/api/together.ts";
import { ok } from "../../util/error.ts";
import { short as new_id } from "../../util/id.ts";
import * as st from "../../util/stanza.ts";
import { resourceprep } from "../../util/stringprep.ts";

const user = node("Name before the @");
const host = domain("The host of the account");

/** All sessions of an account are on the node that serves it. */
function account_of(args: { readonly user: string; readonly host: string }): string {
	return `${args.user}@${args.host}`;
}

/** Closes streams of clients; gives how many. */
export function disconnect(server: Server, is_meant: (session: C2sSession) => boolean, reason = ""): number {
	const meant = [...server.full_sessions.values()].filter(is_meant);
	for (const session of meant) {
		session.close({ condition: "policy-violation", ...(reason === "" ? {} : { text: reason }) });
	}
	return meant.length;
}

const session_record = results.record({
	jid: { type: "string" },
	connection: { type: "string", description: "How it is connected, and _tls where nobody else can read it" },
	ip: { type: "string" },
	port: { type: "integer" },
	priority: { type: "integer" },
	node: { type: "string", description: "The node of a cluster that has the session; empty where there is no cluster" },
	uptime: { type: "integer", description: "Seconds" },
	status: { type: "string" },
	resource: { type: "string" },
	statustext: { type: "string" },
	role: { type: "string" },
});

/** What of a session shows how and since when it is connected; not every kind has it. */
interface ConnectedSession {
	readonly conn?: { readonly carrier?: string; readonly ports?: { readonly client: number } };
	readonly conntime?: number;
}

function show(session: C2sSession & ConnectedSession, node: string): Record<string, unknown> {
	const { conn, conntime, presence } = session;
	const carrier = (conn?.carrier ?? "c2s").toLowerCase().replace(/\W+/g, "");
	return {
		jid: session.full_jid ?? "",
		connection: `${carrier === "tcp" ? "c2s" : carrier}${session.secure ? "_tls" : ""}`,
		ip: session.ip,
		port: conn?.ports?.client ?? 0,
		priority: session.priority ?? 0,
		node,
		uptime: conntime === undefined ? 0 : Math.max(0, Math.floor(Date.now() / 1000 - conntime)),
		status: presence === undefined ? "unavailable" : (presence.get_child_text("show") ?? "available"),
		resource: session.resource ?? "",
		statustext: presence?.get_child_text("status") ?? "",
		role: session.role?.name ?? "",
	};
}

function by_jid(a: C2sSession, b: C2sSession): number {
	return (a.full_jid ?? "") < (b.full_jid ?? "") ? -1 : 1;
}

export function session_commands(module: ModuleApi): ApiCommand[] {
	const { server } = module;
	const all = (is_meant: (session: C2sSession) => boolean): C2sSession[] =>
		[...server.full_sessions.values()].filter(is_meant).sort(by_jid);
	const seen_by =
		(caller: ApiCaller) =>
		(session: C2sSession): boolean =>
			caller.may_manage(session.host ?? "");
	const of = (args: { readonly user: string; readonly host: string }) => (session: C2sSession) =>
		session.username === args.user && session.host === args.host;
	return [
		api_command({
			name: "connected_users",
			desc: "Full JIDs of those who are online on hosts that the caller may manage",
			scope: "users:read",
			rights: "some",
			parameters: {},
			result: results.texts("Full JIDs"),
			together: one_list,
			run: (caller) => ok(all(seen_by(caller)).map(({ full_jid }) => full_jid)),
		}),
		api_command({
			name: "connected_users_number",
			desc: "How many sessions are online on hosts that the caller may manage",
			scope: "users:read",
			rights: "some",
			parameters: {},
			result: results.number("num_sessions"),
			together: sums,
			run: (caller) => ok({ num_sessions: all(seen_by(caller)).length }),
		}),
		api_command({
			name: "connected_users_info",
			desc: "Who is online on hosts that the caller may manage, and how they are connected",
			scope: "users:read",
			rights: "some",
			parameters: {},
			result: { type: "array", items: session_record },
			together: one_list,
			run: (caller) => ok(all(seen_by(caller)).map((session) => show(session, server.nodes.own))),
		}),
		api_command({
			name: "connected_users_vhost",
			desc: "Full JIDs of those who are online on a host",
			scope: "users:read",
			rights: "host",
			parameters: { host },
			host: "host",
			result: results.texts("Full JIDs"),
			together: one_list,
			run: (_caller, args) => ok(all((session) => session.host === args.host).map(({ full_jid }) => full_jid)),
		}),
		api_command({
			name: "user_resources",
			desc: "The resources by which an account is online",
			scope: "users:read",
			rights: "host",
			parameters: { user, host },
			host: "host",
			result: results.texts("Resources"),
			owner: account_of,
			run: (_caller, args) => ok(all(of(args)).map(({ resource }) => resource)),
		}),
		api_command({
			name: "user_sessions_info",
			desc: "How an account is connected",
			scope: "users:read",
			rights: "host",
			parameters: { user, host },
			host: "host",
			result: { type: "array", items: session_record },
			owner: account_of,
			run: (_caller, args) => ok(all(of(args)).map((session) => show(session, server.nodes.own))),
		}),
		api_command({
			name: "kick_user",
			desc: "Disconnects all sessions of an account, which may connect again",
			scope: "users:write",
			rights: "host",
			parameters: { user, host },
			host: "host",
			result: results.number("num_resources"),
			owner: account_of,
			run: (_caller, args) => ok({ num_resources: disconnect(server, of(args)) }),
		}),
		api_command({
			name: "kick_session",
			desc: "Disconnects one session of an account; done as well where there is none",
			scope: "users:write",
			rights: "host",
			parameters: {
				user,
				host,
				resource: text("Its resource", { filled: true }),
				reason: optional(text("Shown to whoever is disconnected")),
			},
			host: "host",
			result: results.done,
			owner: account_of,
			run: (_caller, args) => {
				const wanted = resourceprep(args.resource);
				disconnect(server, (session) => of(args)(session) && session.resource === wanted, args.reason);
				return ok(0);
			},
		}),
		api_command({
			name: "send_message",
			desc: "Sends a message in the name of a host, or of an account of it",
			scope: "users:write",
			rights: "host",
			parameters: {
				type: choice("What it is", ["chat", "headline", "normal"]),
				from: jid("In whose name"),
				to: jid("Who gets it"),
				subject: optional(text("Subject")),
				body: unlogged(text("Text", { max: 10_000 })),
			},
			host: "from",
			result: results.done,
			run: (_caller, { type, from, to, subject, body }) => {
				const sender = server.hosts.get(from.replace(/^.*@/, "").replace(/\/.*$/s, ""));
				if (sender === undefined) return refuse_call("not-found", `${from} is of no host here`);
				const message = st.message({ type, from, to, id: new_id() });
				if (subject !== undefined && subject !== "") message.text_tag("subject", subject);
				server.router.route_stanza(sender, message.text_tag("body", body).reset());
				return ok(0);
			},
		}),
	];
}
