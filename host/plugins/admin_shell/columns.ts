// Counterpart: plugins/mod_admin_shell.lua (available_columns, get_colspec)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { Server } from "../../core/types.ts";
import { type Column, format_table, type TableLines } from "../../util/human/table.ts";
import * as jid from "../../util/jid.ts";
import { BadArgument, type ShellValue } from "./command.ts";

declare module "../../core/types.ts" {
	interface EventMap {
		/** Asks for a field that a module keeps in a session, by Prosody's name. */
		"session-field": { session: ListedSession; name: string };
	}
}

/** What can be listed. */
export type ListedSession = ClientSession | ServerStreamSession;

interface SessionColumn extends Column<ListedSession> {
	readonly title: string;
	readonly desc: string;
}

/** `cert_identity_status` → `Cert identity status`. */
function capitalize(text: string): string {
	return (text.charAt(0).toUpperCase() + text.slice(1)).replaceAll("_", " ");
}

/** The hosts of a stream with another server: ours, and the other one. */
export function ends_of({ direction, from_host, to_host }: ServerStreamSession): {
	readonly local: string | undefined;
	readonly remote: string | undefined;
} {
	return direction === "outgoing" ? { local: from_host, remote: to_host } : { local: to_host, remote: from_host };
}

function ends(session: ListedSession): ReturnType<typeof ends_of> | undefined {
	return session instanceof ClientSession ? undefined : ends_of(session);
}

/** The address of a client; of one that has not said who it is, its connection. */
export function client_jid(session: ClientSession): string {
	const { username, host, resource } = session;
	if (session.full_jid !== undefined) return session.full_jid;
	if (username !== undefined) return jid.join(username, host, resource) ?? username;
	const { ports } = session.conn ?? {};
	const peer = `[${session.ip === "" ? "?" : session.ip}]:${ports?.client ?? "?"}`;
	return `${peer}@${host ?? `[${session.conn?.details?.().server_ip ?? "?"}]:${ports?.server ?? "?"}`}`;
}

function two(value: number): string {
	return String(value).padStart(2, "0");
}

/** Seconds since 1970 as `2025-03-01 09:05:00`, in local time. */
export function show_date(seconds: number): string {
	const date = new Date(seconds * 1000);
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Which way a stream with another server goes. */
export function direction_of(session: ServerStreamSession): string {
	if (session.bidi) return "<->";
	return session.direction === "outgoing" ? "-->" : "<--";
}

/** How an identity was proved by its certificate. */
function certificate_status(session: ListedSession): string {
	if (session instanceof ClientSession) return "Unknown";
	if (session.cert_identity_status === "invalid") return "Mismatched";
	if (session.cert_identity_status !== undefined) return capitalize(session.cert_identity_status);
	const { cert_problem } = session;
	if (cert_problem === undefined) return "Unknown";
	if (/expired/i.test(cert_problem)) return "Expired";
	return /self.?signed/i.test(cert_problem) ? "Self-signed" : "Untrusted";
}

function dialback_status(session: ListedSession): string {
	const { type } = session;
	if (session instanceof ClientSession || session.dialback_key === undefined)
		return type === "s2sin" || type === "s2sout" ? "Not used" : "Not initiated";
	return type === "s2sin_unauthed" || type === "s2sout_unauthed" ? "Initiated" : "Completed";
}

/** A field of a session that a module keeps there, in whatever language. */
type FieldReader = (session: ListedSession, name: string) => unknown;

/** A field that is simple enough to be shown. */
function show_simple(value: unknown): string | undefined {
	return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** Columns that show what is known of sessions themselves, by the name that they are asked for. */
const own_columns = {
	jid: {
		title: "JID",
		desc: "Full JID of user session",
		width: "3p",
		value: (session) => (session instanceof ClientSession ? client_jid(session) : undefined),
	},
	host: {
		title: "Host",
		desc: "Local hostname",
		width: "1p",
		value: (session) => session.host ?? "?",
	},
	remote: { title: "Remote", desc: "Remote hostname", width: "1p", value: (session) => ends(session)?.remote },
	port: {
		title: "Port",
		desc: "Server port used",
		width: 5,
		align: "right",
		value: (session) => session.conn?.ports?.server.toString(),
	},
	created: {
		title: "Connection Created",
		desc: "Time when connection was created",
		width: 19,
		align: "right",
		value: (session) => session.conn && show_date(session.conntime),
	},
	dir: {
		title: "Dir",
		desc: "Direction of server-to-server connection",
		width: 3,
		value: (session) => (session instanceof ClientSession ? undefined : direction_of(session)),
	},
	id: { title: "Session ID", desc: "Internal session ID used in logging", width: 20, value: ({ id }) => id },
	type: { title: "Type", desc: "Session type", width: 15, value: ({ type }) => type },
	method: { title: "Method", desc: "Connection method", width: 9, value: ({ conn }) => conn?.carrier ?? "TCP" },
	ipv: {
		title: "IPv",
		desc: "Internet Protocol version (4 or 6)",
		width: 4,
		value: ({ ip }) => (ip === "" ? undefined : ip.includes(":") ? "IPv6" : "IPv4"),
	},
	ip: { title: "IP address", desc: "IP address the session connected from", width: 39, value: ({ ip }) => ip },
	status: {
		title: "Status",
		desc: "Presence status",
		width: 6,
		value: (session) =>
			session instanceof ClientSession ? session.presence && (session.presence.get_child_text("show") ?? "online") : undefined,
	},
	secure: {
		title: "Security",
		desc: "TLS version or security status",
		width: 8,
		value: (session) => (session.secure ? (session.conn?.ssl_info()?.protocol ?? "secure") : "insecure"),
	},
	encryption: {
		title: "Encryption",
		desc: "Encryption algorithm used (TLS cipher suite)",
		width: 29,
		value: (session) => session.conn?.ssl_info()?.cipher,
	},
	cert: { title: "Certificate", desc: "Validation status of certificate", width: 11, value: certificate_status },
	sni: {
		title: "SNI",
		desc: "Hostname requested in TLS",
		width: "1p",
		value: (session) => session.conn?.details?.().sni,
	},
	alpn: {
		title: "ALPN",
		desc: "Protocol requested in TLS",
		width: 11,
		value: (session) => session.conn?.details?.().alpn,
	},
	s2s_sasl: {
		title: "SASL",
		desc: "Server authentication status",
		width: 10,
		value: (session) =>
			session instanceof ClientSession || session.external_auth === undefined ? undefined : capitalize(session.external_auth),
	},
	dialback: { title: "Dialback", desc: "Legacy server verification", width: 13, value: dialback_status },
	role: {
		title: "Role",
		desc: "Session role with 'prosody:' prefix removed",
		width: "1p",
		value: (session) => (session instanceof ClientSession ? session.role?.name.replace(/^prosody:(?=\w)/, "") : undefined),
	},
} satisfies Readonly<Record<string, SessionColumn>>;

/** Columns that show what modules know. */
function module_columns(field: FieldReader) {
	return {
		smacks: {
			title: "SM",
			desc: "Stream Management (XEP-0198) status",
			width: 11,
			value: (session) => (!field(session, "smacks") ? "no" : field(session, "hibernating") ? "hibernating" : "yes"),
		},
		smacks_queue: {
			title: "SM Queue",
			desc: "Length of Stream Management stanza queue",
			width: 8,
			align: "right",
			value: (session) => show_simple(field(session, "smacks_queue_length")),
		},
		csi: {
			title: "CSI State",
			desc: "Client State Indication (XEP-0352)",
			value: (session) => show_simple(field(session, "state")),
		},
	} satisfies Readonly<Record<string, SessionColumn>>;
}

/** Every column that sessions can be listed with, by the name that it is asked for. */
export function available_columns(field: FieldReader = () => undefined): ReadonlyMap<string, SessionColumn> {
	return new Map<string, SessionColumn>(Object.entries({ ...own_columns, ...module_columns(field) }));
}

/** The names of columns that an argument lists: `"id jid ipv"`, or a list. */
export function column_names(given: ShellValue, usual: readonly string[]): readonly string[] {
	if (given === undefined) return usual;
	if (typeof given === "string") return given.split(/\s+/).filter((name) => name !== "");
	const names = Array.isArray(given) ? given : [given];
	return names.map((name, index) => {
		if (typeof name === "string") return name;
		throw new BadArgument(`argument ${index + 1}: expected string|table but got ${typeof name}`);
	});
}

/** A table of sessions with the named columns; a name that is none of them is a field of sessions. */
export function session_table(server: Server, names: readonly string[], width: number): TableLines<ListedSession> {
	const field: FieldReader = (session, name) =>
		show_simple(Reflect.get(session, name)) ?? server.events.fire_event("session-field", { session, name });
	const known = available_columns(field);
	const field_column = (name: string): Column<ListedSession> => ({
		title: capitalize(name),
		width: "1p",
		value: (session) => show_simple(field(session, name)),
	});
	return format_table(
		names.map((name) => known.get(name) ?? field_column(name)),
		width,
	);
}
