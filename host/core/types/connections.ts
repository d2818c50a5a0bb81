// No counterpart: Prosody describes in net/server_epoll.lua what carries a stream.

import type { RawHead } from "../../util/out_buffer.ts";
import type { AddressableText } from "../../util/stanza.ts";
import type { ConfigValue } from "../config/config.ts";

/**
 * What carries a stream: bytes over TCP or TLS, which net/server.ts makes, or messages of something else. What is written belongs
 * to the turn (util/out_buffer.ts): it goes out at its end, or not at all where the turn fails. A carrier of messages makes one of
 * each call of `write` and `write_shared`, and `ondata` gets one whole message.
 */
export interface Connection {
	readonly ip: string;
	/** The ports of both ends; missing where the carrier has no such thing, or where it is gone. */
	readonly ports?: ConnectionPorts | undefined;
	readonly secure: boolean;
	/** What it is, where it is not TCP. */
	readonly carrier?: "BOSH" | "WebSocket";
	/** Callbacks of the owner; `ondata` gets chunks as they come, `onclose` comes once. */
	ondata: (chunk: Buffer) => void;
	onclose: (error: string | undefined) => void;
	/** The other end was silent for `read_timeout`; unless this answers true, the connection ends. */
	onreadtimeout: () => boolean;
	/** What was written is about to go out; more can be added to it. */
	onpredrain: () => void;
	/** All that was written is out, after some of it had to wait. */
	ondrain: () => void;
	/** The turn failed, and what was written in it was dropped. */
	ondiscard: () => void;
	/** Whether that is told, and more can be written, where the connection was closed in that turn. */
	speaks_after_loss?: boolean;
	/**
	 * Collects text or bytes for the end of the turn. False where the connection is gone or its out-buffer is over its limit.
	 * @param keep whether a text goes out even when the turn fails, since it belongs to the stream and not to what was to be stored
	 */
	write(data: string | Uint8Array, keep?: boolean): boolean;
	/**
	 * Collects a text that others get too.
	 * @param to its `to` attribute for this one, with a space before it, as `st.to_attribute` makes it
	 * @param head what stands in front of it where this carries another carrier's frames
	 */
	write_shared(text: AddressableText, to: string, head?: RawHead): boolean;
	/** Has the system probe an idle connection. */
	set_keepalive(on: boolean): void;
	/** Protocol and cipher of TLS, for logs; undefined without TLS. */
	ssl_info(): { readonly protocol: string; readonly cipher: string } | undefined;
	/** What is known of the connection, for people; missing where the carrier has no such thing. */
	details?(): ConnectionDetails;
	/** Bytes that the peer has not taken yet. */
	readonly pending: number;
	/** Stops and resumes reading. */
	pause(): void;
	resume(): void;
	/** Reads no faster than this from now on; undefined for as fast as it comes. Missing where the carrier has no such thing. */
	setlimit?(settings: RateLimitSettings | undefined): void;
	/** Holds back what is written until {@link resume_writes}, or until the connection is closed. The limit of the out-buffer stays. */
	pause_writes(): void;
	resume_writes(): void;
	/** Writes what is left, then ends the connection. */
	close(): void;
	/** Ends the connection at once. */
	destroy(): void;
	/** TLS is agreed on. */
	onsecure?: () => void;
	/**
	 * Starts TLS; what was written before goes out unencrypted. Missing where the carrier cannot do that.
	 * @param client the name to ask for, where this side is the client
	 */
	starttls?(context: TlsContext, client?: TlsClient): void;
	/** The other end's certificate, and why it is not trusted, if it is not; undefined where there is none. */
	peer_certificate?():
		| { readonly certificate: import("node:crypto").X509Certificate; readonly problem: string | undefined }
		| undefined;
	/**
	 * A value that only the two ends of a TLS connection know (channel binding), so that nobody in between can reuse a proof of one
	 * end; undefined where the connection has none.
	 */
	channel_binding?(type: ChannelBinding): Buffer | undefined;
}

/** The ports of a connection. */
export interface ConnectionPorts {
	/** Of the side that was asked. */
	readonly server: number;
	/** Of the side that opened the connection. */
	readonly client: number;
	/** Of the other end. */
	readonly peer: number;
}

/** What administrators may want to see of a connection. */
export interface ConnectionDetails {
	readonly server_ip: string | undefined;
	/** Whom the client asked for in TLS (RFC 6066 §3). */
	readonly sni: string | undefined;
	/** The protocol that was agreed on in TLS (RFC 7301). */
	readonly alpn: string | undefined;
}

/** Kinds of channel binding: RFC 5929, RFC 9266. */
export type ChannelBinding = "tls-unique" | "tls-exporter" | "tls-server-end-point";

/** What a client says in the TLS handshake. */
export interface TlsClient {
	readonly servername: string;
	/** The protocol that it wants to speak (RFC 7301). */
	readonly alpn?: string;
}

/** How much may come over a connection. */
export interface RateLimitSettings {
	/** In bytes a second; above 0. */
	readonly rate: number;
	/** How many bytes may come at once after a time without any; at least as many as come in {@link resolution}. */
	readonly burst: number;
	/** Seconds after which reading goes on when it had to wait. */
	readonly resolution: number;
}

/** What is expected of the certificates of peers. */
export interface PeerVerification {
	/** Keeps the connection of a peer whose certificate is not good: the service decides about it (LuaSec: `lsec_continue`). */
	readonly goes_on: boolean;
	/** Takes the certificates of servers for clients, too (LuaSec: `lsec_ignore_purpose`). */
	readonly any_purpose: boolean;
	/** The most authorities between a certificate and a trusted one. */
	readonly depth: number;
	/** The trusted authorities. */
	trusted(): readonly import("node:crypto").X509Certificate[];
}

/** Opaque to plugins: key and certificate for TLS. */
export interface TlsContext {
	readonly names: readonly string[];
	readonly options: import("node:tls").TlsOptions;
	/** How certificates of peers are checked; undefined where they are not asked for. */
	readonly verification?: PeerVerification;
	/** The context for clients that name a host (SNI), where it depends on that. */
	readonly by_name?: (name: string) => TlsContext;
}

/** A service that listens on ports named by options: `NAME_ports`, `NAME_interfaces`. Source: core/portmanager.lua. */
export interface NetService {
	readonly name: string;
	/** Listened on where the configuration names no ports; none without it. */
	readonly default_port?: number;
	/** Direct TLS from the first byte. */
	readonly encryption?: "ssl";
	/** Its TLS settings, where the options do not say otherwise. */
	readonly ssl_config?: Readonly<Record<string, ConfigValue>>;
	/** What its options begin with, where that is not its name; the underscore behind it is left out where it is empty. */
	readonly config_prefix?: string;
	/** How connections for it are known on a port that it shares: by the protocol of TLS (RFC 7301), or by what comes first. */
	readonly multiplex?: { readonly protocol?: string; readonly pattern?: RegExp };
	/** Only listens on `local_interfaces`, unless `NAME_interfaces` says otherwise. */
	readonly private?: boolean;
	/** Takes an accepted connection. */
	onconnect(conn: Connection): void;
}

/** A port of a service with TLS from the first byte. */
export interface ServicePort extends Pick<NetService, "ssl_config"> {
	readonly service: string;
	readonly interface: string;
	readonly port: number;
}

/** Where to connect to. */
export interface OutgoingAddress {
	/** A name or an address. */
	readonly host: string;
	readonly port: number;
	/** Seconds after which it is given up. */
	readonly timeout: number;
}

/** An address that the server listens on. */
export interface ListenAddress {
	readonly service: string;
	/** As the configuration names the interface: an address, `*` or `::`. */
	readonly host: string;
	/** The port in use, also where any was asked for with 0. */
	readonly port: number;
}
