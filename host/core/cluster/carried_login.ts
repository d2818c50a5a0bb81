// No counterpart: in Prosody a client logs in where its session is.

import { ns } from "../../util/ns.ts";
import { type Stanza, xml_escape } from "../../util/stanza.ts";
import type { C2sSession, ChannelBinding, Connection, ProvenLogin } from "../types.ts";
import type { OpenLogin } from "./items.ts";

const binding_types: readonly ChannelBinding[] = ["tls-exporter", "tls-unique", "tls-server-end-point"];

/** The header of a client's stream, as it may have come. */
function header_of({ claimed_username, host = "", conn }: C2sSession, lang: string): string {
	const from = claimed_username === undefined ? "" : ` from='${xml_escape(`${claimed_username}@${host}`)}'`;
	const attributes = `to='${xml_escape(host)}'${from} version='1.0' xml:lang='${xml_escape(lang)}'`;
	if (conn?.carrier === "WebSocket") return `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' ${attributes}/>`;
	if (conn?.carrier === "BOSH") return in_body("");
	return `<?xml version='1.0'?><stream:stream xmlns='${ns.client}' xmlns:stream='${ns.streams}' ${attributes}>`;
}

/** What clients by BOSH send (XEP-0124). */
function in_body(text: string): string {
	return `<body xmlns='http://jabber.org/protocol/httpbind'>${text}</body>`;
}

/** What another node needs to go on with a login. */
export function open_login(
	session: C2sSession,
	conn: Connection,
	authenticate: Stanza,
	proven: ProvenLogin | undefined,
): OpenLogin {
	const bindings: Record<string, string> = {};
	for (const type of binding_types) {
		const data = conn.channel_binding?.(type);
		if (data !== undefined) bindings[type] = data.toString("base64");
	}
	return {
		header: header_of(session, authenticate.attr["xml:lang"] ?? "en"),
		authenticate: conn.carrier === "BOSH" ? in_body(authenticate.toString()) : authenticate.toString(),
		bindings,
		is_proven: proven !== undefined,
		data: proven?.data === undefined ? undefined : Buffer.from(proven.data).toString("base64"),
	};
}

/** Whom the client of a login has proved to be, for the node that goes on with it. */
export function proven_login(username: string, { is_proven, data }: OpenLogin): ProvenLogin | undefined {
	return is_proven ? { username, data: data === undefined ? undefined : Buffer.from(data, "base64") } : undefined;
}
