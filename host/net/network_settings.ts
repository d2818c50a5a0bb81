// Counterpart: net/server_epoll.lua (default_config)

/** What a configuration may say about the network (`network_settings`); times in seconds. */
export interface NetworkSettings {
	/** A connection that says nothing for so long is asked about with `onreadtimeout`, and ended unless that answers true. */
	readonly read_timeout: number;
	/** A peer that takes nothing for so long is given up. */
	readonly send_timeout: number;
	readonly ssl_handshake_timeout: number;
	/** Leaves TLS 1.3 to OpenSSL after the handshake, too, which takes some 25 KB more for each client. */
	readonly openssl_records: boolean;
	/** Most bytes that may wait for a peer; beyond, its connection is ended. */
	readonly max_send_buffer_size: number;
	/** How many connections may wait to be accepted. */
	readonly tcp_backlog: number;
	/** Whether the system may hold small writes back to join them. Off here unless asked for: a turn is one write already. */
	readonly nagle: boolean;
	/** How long a connection is idle before the system probes it; false leaves that to each service. */
	readonly tcp_keepalive: number | boolean;
	/** How long connections get to end when the server stops. */
	readonly shutdown_deadline: number;
}

/** Prosody's values, where not said otherwise above. */
export const default_network_settings: NetworkSettings = {
	read_timeout: 14 * 60,
	send_timeout: 180,
	ssl_handshake_timeout: 60,
	openssl_records: false,
	max_send_buffer_size: 32 * 1024 * 1024,
	tcp_backlog: 128,
	nagle: false,
	tcp_keepalive: false,
	shutdown_deadline: 5,
};
