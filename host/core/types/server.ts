// No counterpart: Prosody's server is its process, and the global `prosody`.

import type { Datamanager } from "../../util/datamanager.ts";
import type { Result } from "../../util/error.ts";
import type { Events } from "../../util/events.ts";
import type { HashQueue } from "../../util/hash_queue.ts";
import type { Turn } from "../../util/turn.ts";
import type { VersionedMap } from "../../util/versioned_map.ts";
import type { Waiting } from "../../util/waiting.ts";
import type { ConfigValue } from "../config/config.ts";
import type { StorageFence } from "../network_sql/storage_fence.ts";
import type { Writers } from "../sqlite/writers.ts";
import type { Cluster } from "./cluster.ts";
import type { Connection, ListenAddress, OutgoingAddress, ServicePort, TlsContext } from "./connections.ts";
import type { Delivery } from "./delivery.ts";
import type { EventMap, HostSession } from "./events.ts";
import type { HttpServer } from "./http.ts";
import type { HttpClient } from "./http_client.ts";
import type { Log, LogLevel } from "./logging.ts";
import type { RosterManager, SessionManager, StanzaRouter, StatsManager, UserManager } from "./managers.ts";
import type { Nodes } from "./questions.ts";
import type { ReloadReport } from "./reload.ts";
import type { C2sSession, ServerSession, StreamError, UserSessions } from "./sessions.ts";
import type { StorageError, StoreTypes } from "./storage.ts";

/** The configuration, host by host; `*` is what stands before the first host. Source: core/configmanager.lua. */
export interface ConfigReader {
	get(host: string, option: string): ConfigValue | undefined;
}

/** A whole server as a value; nothing of it is process-wide. */
export interface Server {
	readonly version: string;
	/** When it started, in seconds since 1970; undefined while it starts, which modules tell from it. */
	readonly start_time: number | undefined;
	readonly config: ConfigReader;
	readonly events: Events<EventMap>;
	readonly hosts: Map<string, HostSession>;
	readonly full_sessions: VersionedMap<string, C2sSession>;
	readonly bare_sessions: Map<string, UserSessions>;
	/** Streams that other servers opened. */
	readonly incoming_s2s: Set<ServerSession>;
	readonly turn: Turn;
	/** The other nodes; undefined where this server is none of a cluster. */
	readonly cluster: Cluster | undefined;
	/** Asks all nodes, or the one that serves an address; a server alone asks itself. */
	readonly nodes: Nodes;
	/** In a cluster: what databases refuse of lives that are over. It is there before a store is opened. */
	storage_fence?: StorageFence;
	/** Where several processes share files: who may write to one of them next. */
	readonly writers?: Writers;
	/** Where passwords are hashed, so that nobody waits for it who does not log in. */
	readonly hashing: HashQueue;
	readonly router: StanzaRouter;
	readonly delivery: Delivery;
	readonly sessionmanager: SessionManager;
	readonly usermanager: UserManager;
	readonly rostermanager: RosterManager;
	readonly statsmanager: StatsManager;
	readonly logger: (name: string) => Log;
	/** Prosody: `net.http.server`. It gets requests only where mod_http has opened a port. */
	readonly http_server: HttpServer;
	/** Sends requests to other servers. Prosody: `net.http`. */
	readonly http: HttpClient;
	readonly paths: { readonly data: string; readonly config: string; readonly plugins: readonly string[] };
	/** Prosody's files of data. Source: core/storagemanager.lua, olddm. */
	readonly datamanager: Datamanager;
	/**
	 * Opens a store on a host. Source: core/storagemanager.lua.
	 * @param driver_of the store whose driver it is kept by, as the option storage has it, where that is another one
	 */
	open_store<Kind extends keyof StoreTypes>(
		host: string,
		store: string,
		kind: Kind,
		driver_of?: string,
	): Result<StoreTypes[Kind], StorageError>;
	/**
	 * Reads what is stored for a user or a room of a host ahead, where that is in a database over the network, so that what waits for it can
	 * read at once. Undefined where nothing has to be waited for.
	 */
	fetch_stored(host: string, user: string): Waiting<void> | undefined;
	/** Whether anything is stored in a database over the network: a value that says so at any time, without a call. */
	readonly far_storage: { is_used: boolean };
	/** Removes everything that a host has stored for a user. Source: core/storagemanager.lua, purge. */
	purge_user(username: string, host: string): Result<void, StorageError>;
	/** Brings a host up that the configuration has. Source: core/hostmanager.lua. */
	activate_host(host: string): Result<HostSession, string>;
	/** Closes a host's streams, unloads its modules and forgets it. */
	deactivate_host(host: string, reason?: StreamError): Result<true, string>;
	/** Tells everybody, saves, and closes everything. */
	stop(reason: string): Promise<void>;
	/** Has the server end: whoever has taken over its end does that (`shutdown-wanted`), and otherwise it stops as soon as what runs is done. */
	shut_down(reason: string): void;
	/** Opens log files anew, as the configuration names them now. */
	reopen_logs(): void;
	/**
	 * Gives an option another value until the configuration is read again; undefined takes it away.
	 * @returns why that cannot be done
	 */
	set_config(host: string, option: string, value: ConfigValue | undefined): string | undefined;
	/** Reads the configuration again, with certificates and log files; an error is one line that says what is wrong, and nothing changed. */
	reload_config(): Result<ReloadReport, string>;
	/** Hosts that the configuration has and that do not run, because of their storage or else. */
	unserved_hosts(): string[];
	/** Domains directly below a host that its disco items name. Source: core/hostmanager.lua, get_children. */
	get_children(host: string): { host: string; name: string | undefined }[];
	/** The TLS context of a host name; undefined where there is no certificate. Source: core/certmanager.lua. */
	tls_context(host: string): TlsContext | undefined;
	/** The same for streams with other servers, of whom it wants a certificate, too. */
	peer_tls_context(host: string): TlsContext | undefined;
	/** The same for a port that speaks TLS from the first byte. */
	service_tls_context(at: ServicePort): TlsContext | undefined;
	/** The addresses that the server listens on. */
	addresses(): ListenAddress[];
	/**
	 * Connects to somebody by TCP, trying all addresses of a name.
	 * @param onfailure called with why there is no connection
	 * @returns a function that cancels it
	 */
	connect(address: OutgoingAddress, onconnect: (conn: Connection) => void, onfailure: (reason: string) => void): () => void;
	/**
	 * Listens on a socket of this machine, whose file mode is what the umask leaves. One that nobody listens on any more is replaced.
	 * @param told of why nobody can listen there, or of nothing once somebody does
	 * @returns closes it, and removes its file; connections live on
	 */
	listen_local(path: string, onconnect: (conn: Connection) => void, told: (problem: string | undefined) => void): () => void;
	/** Closes a port until its service comes again; its connections live on. False where nobody listens there. */
	close_port(at: ListenAddress): boolean;
	/** Tells of each line of the log, of all levels, until the answer is called. */
	watch_log(watcher: (source: string, level: LogLevel, text: string) => void): () => void;
	/** Deactivates and activates all hosts: a clean state between scripts. Source: plugins/mod_debug_reset.lua. */
	reset(): void;
}
