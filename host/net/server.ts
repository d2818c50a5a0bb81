// Counterpart: net/server.lua, net/server_epoll.lua

import { createServer, type Server as NodeServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Log, TlsContext } from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";
import type { Turn } from "../util/turn.ts";
import { SocketConnection } from "./connection.ts";
import { type ListenFailure, LocalSocket } from "./local_socket.ts";
import type { NetworkSettings } from "./network_settings.ts";
import { KeyStore } from "./tls_keys.ts";

export type { ListenFailure } from "./local_socket.ts";

/** Where and how to listen. */
export interface ListenOptions {
	/** An address, `*` for all of IPv4, `::` for all of IPv6. */
	readonly interface: string;
	/** 0 for any that is free. */
	readonly port: number;
	/** TLS from the first byte; asked for with each connection, so that new certificates take effect. */
	readonly tls?: () => TlsContext | undefined;
	onconnect(connection: SocketConnection): void;
}

/** An open port. */
export interface Listener {
	readonly interface: string;
	/** The one in use, also where any was asked for. */
	readonly port: number;
	/** Accepts no more; connections live on. */
	close(): void;
}

/** Accepts connections and keeps track of them. */
export class NetServer {
	private readonly connections = new Set<SocketConnection>();
	private readonly keys = new KeyStore();
	private readonly listeners = new Set<NodeServer>();
	private readonly local_sockets = new Set<() => void>();

	constructor(
		private readonly turn: Turn,
		private settings: NetworkSettings,
		private readonly log: Log,
	) {}

	/** Changes the settings for connections and ports to come. */
	configure(settings: NetworkSettings): void {
		this.settings = settings;
	}

	/** Opens a port. */
	listen(options: ListenOptions): Promise<Result<Listener, ListenFailure>> {
		const { nagle, tcp_keepalive, tcp_backlog } = this.settings;
		const server = createServer({ allowHalfOpen: true, noDelay: !nagle });
		server.on("connection", (socket) => {
			if (tcp_keepalive !== false) socket.setKeepAlive(true, typeof tcp_keepalive === "number" ? tcp_keepalive * 1000 : 0);
			this.accept(socket, options);
		});
		return new Promise((resolve) => {
			server.once("error", (error: NodeJS.ErrnoException) => {
				resolve(failed({ code: error.code ?? "", message: error.message }));
			});
			server.listen({ host: host_of(options.interface), port: options.port, backlog: tcp_backlog, ipv6Only: true }, () => {
				const address = server.address();
				const port = typeof address === "object" && address !== null ? address.port : options.port;
				server.removeAllListeners("error");
				server.on("error", (error) => this.log("error", "Cannot accept on [%s]:%d: %s", options.interface, port, error.message));
				this.listeners.add(server);
				const close = (): void => {
					this.listeners.delete(server);
					server.close();
				};
				resolve(ok({ interface: options.interface, port, close }));
			});
		});
	}

	/**
	 * Listens on a socket of this machine; who may connect is decided by its file mode, which the umask leaves. A socket that nobody
	 * listens on any more is replaced.
	 * @param told of why nobody can listen there, or of nothing once somebody does
	 * @param is_shared whether all processes of this server listen there, where it has several
	 * @returns closes it, and removes its file; connections live on
	 */
	listen_local(
		path: string,
		onconnect: (connection: SocketConnection) => void,
		told: (failure: ListenFailure | undefined) => void,
		is_shared: boolean,
	): () => void {
		const socket = new LocalSocket(path, (stream) => this.adopt(stream, onconnect, { ip: "unix" }), told, is_shared);
		const close = (): void => {
			this.local_sockets.delete(close);
			socket.close();
		};
		this.local_sockets.add(close);
		socket.open();
		return close;
	}

	private accept(socket: Socket, { tls, onconnect }: ListenOptions): void {
		const ip = socket.remoteAddress;
		// The peer may be gone already.
		if (ip === undefined) {
			socket.on("error", () => {});
			socket.destroy();
			return;
		}
		this.adopt(socket, onconnect, { ip, tls });
	}

	/**
	 * Takes a stream that is connected already, such as one end of a pair in memory.
	 * @param onconnect told of the connection before anything is read from it; with TLS, once that is agreed on
	 * @param options the peer's address for logs and limits; TLS from the first byte; whether this side opened it; whether nobody else can
	 * read what passes over it, since somebody else speaks TLS with the peer
	 */
	adopt(
		stream: Duplex,
		onconnect: (connection: SocketConnection) => void,
		options: { ip?: string; tls?: (() => TlsContext | undefined) | undefined; was_opened?: boolean; is_secure?: boolean } = {},
	): SocketConnection {
		const connection = new SocketConnection(
			stream,
			options.ip ?? "127.0.0.1",
			this.turn,
			this.settings,
			this.log,
			this.keys,
			() => this.connections.delete(connection),
		);
		connection.was_opened = options.was_opened === true;
		connection.is_secured = options.is_secure === true;
		this.connections.add(connection);
		const tell = (): void => connection.guard(() => onconnect(connection));
		if (options.tls === undefined) tell();
		else {
			const context = options.tls();
			connection.onsecure = tell;
			if (context === undefined) connection.fail("no certificate");
			else connection.starttls(context);
		}
		return connection;
	}

	/** How many connections there are. */
	get size(): number {
		return this.connections.size;
	}

	/** Closes ports and connections, each after what it still has to say; cuts off what takes too long. */
	async close(): Promise<void> {
		for (const server of this.listeners) server.close();
		this.listeners.clear();
		for (const close_socket of this.local_sockets) close_socket();
		for (const connection of this.connections) connection.close();
		const closed = Promise.all([...this.connections].map((connection) => connection.closed));
		const deadline = new AbortController();
		const late = new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, this.settings.shutdown_deadline * 1000);
			deadline.signal.addEventListener("abort", () => clearTimeout(timer));
		});
		await Promise.race([closed, late]);
		deadline.abort();
		for (const connection of this.connections) connection.destroy();
	}
}

/** Node's name of an interface. */
function host_of(name: string): string {
	return name === "*" ? "0.0.0.0" : name;
}
