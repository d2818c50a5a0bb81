// A server that has hosts with accounts, rights and storage, but no sockets; its clients are values.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create_builtin_loader } from "../../host/core/builtin_loader.ts";
import { Config, type ConfigValue } from "../../host/core/config/config.ts";
import { create_delivery } from "../../host/core/delivery.ts";
import { create_hostmanager, type HostManager } from "../../host/core/hostmanager.ts";
import { create_modulemanager } from "../../host/core/modulemanager.ts";
import { create_router } from "../../host/core/stanza_router.ts";
import { create_statsmanager } from "../../host/core/statsmanager.ts";
import { create_storagemanager } from "../../host/core/storagemanager.ts";
import type {
	C2sSession,
	EventMap,
	FilterKind,
	HostSession,
	KeyvalStore,
	LogLevel,
	ModuleDefinition,
	Role,
	SaslHandler,
	Server,
	SessionManager,
	StreamError,
} from "../../host/core/types.ts";
import { create_usermanager, type UserManagerInternals } from "../../host/core/usermanager.ts";
import { definition as auth_anonymous } from "../../host/plugins/mod_auth_anonymous.ts";
import { definition as auth_insecure } from "../../host/plugins/mod_auth_insecure.ts";
import { definition as auth_internal_hashed } from "../../host/plugins/mod_auth_internal_hashed.ts";
import { definition as auth_internal_plain } from "../../host/plugins/mod_auth_internal_plain.ts";
import { definition as authz_internal } from "../../host/plugins/mod_authz_internal.ts";
import { definition as iq } from "../../host/plugins/mod_iq.ts";
import { definition as register } from "../../host/plugins/mod_register.ts";
import { definition as register_ibr } from "../../host/plugins/mod_register_ibr.ts";
import { definition as register_limits } from "../../host/plugins/mod_register_limits.ts";
import { definition as saslauth } from "../../host/plugins/mod_saslauth.ts";
import { definition as storage_memory } from "../../host/plugins/mod_storage_memory.ts";
import { definition as storage_none } from "../../host/plugins/mod_storage_none.ts";
import { definition as storage_sql } from "../../host/plugins/mod_storage_sql.ts";
import { definition as user_account_management } from "../../host/plugins/mod_user_account_management.ts";
import { definition as watchregistrations } from "../../host/plugins/mod_watchregistrations.ts";
import { failed, ok, stanza_error } from "../../host/util/error.ts";
import { Events } from "../../host/util/events.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { Turn } from "../../host/util/turn.ts";

const known_modules = [
	auth_anonymous,
	auth_insecure,
	auth_internal_hashed,
	auth_internal_plain,
	authz_internal,
	iq,
	register,
	register_ibr,
	register_limits,
	saslauth,
	storage_memory,
	storage_none,
	storage_sql,
	user_account_management,
	watchregistrations,
];

/** A client's stream that keeps what was sent, as text. */
export class FakeStream implements C2sSession {
	type: C2sSession["type"] = "c2s_unauthed";
	readonly id: string;
	readonly ip: string;
	secure = true;
	username: string | undefined;
	resource: string | undefined;
	full_jid: string | undefined;
	presence = undefined;
	priority = undefined;
	interested = false;
	directed = undefined;
	role: Role | undefined;
	sasl_handler: SaslHandler | undefined;
	/** What was sent, and in between what was done: `(reset)`, `(close CONDITION)`. */
	readonly seen: string[] = [];

	constructor(
		private readonly server: Server,
		public host: string | undefined,
		options: { ip?: string; secure?: boolean } = {},
	) {
		this.id = `c2s${Math.random()}`;
		this.ip = options.ip ?? "192.0.2.1";
		this.secure = options.secure ?? true;
	}

	log(): void {}

	send(stanza: Stanza): boolean {
		this.seen.push(stanza.toString());
		return true;
	}

	send_text(text: string): boolean {
		this.seen.push(text);
		return true;
	}

	send_shared(text: st.AddressableText): boolean {
		this.seen.push(st.address(text, this.full_jid ?? ""));
		return true;
	}

	close(reason?: StreamError): void {
		this.seen.push(`(close ${reason?.condition})`);
	}

	reset_stream(): void {
		this.seen.push("(reset)");
	}

	filter(_kind: FilterKind, stanza: Stanza): Stanza {
		return stanza;
	}

	has_filter(): boolean {
		return false;
	}

	add_filter(): void {}

	remove_filter(): void {}

	/** Has the server process what the client sent; answers with what was seen of it. */
	receive(stanza: Stanza): string[] {
		this.server.router.process_stanza(this, stanza);
		return this.take();
	}

	/** What was seen since the last time. */
	take(): string[] {
		return this.seen.splice(0);
	}

	/** The stream features that this stream is offered. */
	features(): string {
		const features = st.stanza("stream:features");
		this.server.hosts.get(this.host ?? "")?.events.fire_event("stream-features", { origin: this, features });
		return features.toString();
	}
}

export interface AccountsServer {
	readonly server: Server;
	readonly usermanager: UserManagerInternals;
	readonly hostmanager: HostManager;
	readonly folder: string;
	/** What was logged, level first. */
	readonly log: string[];
	host(name?: string): HostSession;
	store(store: string, host?: string): KeyvalStore;
	/** A stream that has been opened to the first host. */
	connect(options?: { ip?: string; secure?: boolean; host?: string }): FakeStream;
	/** A stream that is logged in and has a resource. */
	login(username: string, resource: string): FakeStream;
	stop(keep_folder?: boolean): void;
}

/** Just enough of core/sessionmanager. */
function fake_sessionmanager(server: () => Server): SessionManager {
	return {
		make_authenticated(session, username) {
			if (username === "refused") return failed("Invalid username");
			session.username = username;
			session.type = "c2s_unbound";
			session.role = server().usermanager.get_user_role(username, session.host ?? "");
			return ok(true);
		},
		bind_resource(session, resource = "random") {
			if (session.username === undefined) return failed(stanza_error("auth", "not-authorized"));
			if (session.resource !== undefined) return failed(stanza_error("cancel", "not-allowed", "twice"));
			session.resource = resource;
			session.full_jid = `${session.username}@${session.host}/${resource}`;
			session.type = "c2s";
			server().full_sessions.set(session.full_jid, session);
			return ok(true);
		},
		destroy_session: () => undefined,
		send_to_available_resources: () => 0,
		send_to_interested_resources: () => 0,
	};
}

/** Brings up hosts with these options; `*` is the global section, which says `storage = "memory"` unless told otherwise. */
export function start_accounts(
	sections: Record<string, Record<string, ConfigValue>>,
	options: { folder?: string; modules?: readonly ModuleDefinition[] } = {},
): AccountsServer {
	const folder = options.folder ?? mkdtempSync(join(tmpdir(), "enjamb-accounts-"));
	const config = Config.from({ ...sections, "*": { storage: "memory", ...sections["*"] } });
	const log: string[] = [];
	const unused = (): never => {
		throw new Error("this server has no such thing");
	};
	const server: Server = {
		version: "test",
		start_time: 0,
		config,
		events: new Events<EventMap>(),
		hosts: new Map(),
		full_sessions: new Map(),
		bare_sessions: new Map(),
		turn: new Turn((error) => log.push(`error turn: ${String(error)}`)),
		statsmanager: create_statsmanager(),
		logger:
			(name) =>
			(level: LogLevel, message: string, ...args: unknown[]) => {
				log.push(`${level} ${name}: ${message.replace(/%[sdq]/g, () => String(args.shift()))}`);
			},
		paths: { data: folder, config: folder, plugins: [] },
		get datamanager() {
			return unused();
		},
		get delivery() {
			return create_delivery(this, () => false);
		},
		get http_server() {
			return unused();
		},
		get http() {
			return unused();
		},
		addresses: unused,
		connect: unused,
		peer_tls_context: unused,
		get router() {
			return router;
		},
		get sessionmanager() {
			return sessionmanager;
		},
		get usermanager() {
			return usermanager;
		},
		get rostermanager() {
			return unused();
		},
		get modulemanager() {
			return modulemanager;
		},
		open_store: (host, store, kind) => storage.open(host, store, kind),
		get_children: unused,
		tls_context: unused,
		service_tls_context: unused,
		purge_user: unused,
		activate_host: unused,
		deactivate_host: unused,
		stop: unused,
		reopen_logs: unused,
		reload_config: unused,
		reset: unused,
	};
	const router = create_router(server, () => false);
	const storage = create_storagemanager(server);
	const sessionmanager = fake_sessionmanager(() => server);
	const modulemanager = create_modulemanager(server, [create_builtin_loader([...known_modules, ...(options.modules ?? [])])]);
	const usermanager = create_usermanager(server);
	const hostmanager = create_hostmanager(server, {
		load_modules(host) {
			usermanager.initialize_host(host);
			const enabled = config.get(host, "modules_enabled");
			for (const name of Array.isArray(enabled) ? enabled : []) modulemanager.load(host, String(name));
		},
		unload_modules: (host) => modulemanager.unload_all(host),
	});
	for (const host of config.hosts()) hostmanager.activate(host);
	const first_host = config.hosts()[0] ?? "";

	return {
		server,
		usermanager,
		hostmanager,
		folder,
		log,
		host(name = first_host) {
			const session = server.hosts.get(name);
			if (!session) throw new Error(`no host ${name}`);
			return session;
		},
		store(store, host = first_host) {
			const opened = storage.open(host, store, "keyval");
			if (!opened.ok) throw new Error(opened.error.text);
			return opened.value;
		},
		connect: ({ host = first_host, ...rest } = {}) => new FakeStream(server, host, rest),
		login(username, resource) {
			const session = new FakeStream(server, first_host);
			sessionmanager.make_authenticated(session, username);
			sessionmanager.bind_resource(session, resource);
			return session;
		},
		stop(keep_folder = false) {
			server.turn.end();
			for (const host of [...server.hosts.keys()]) hostmanager.deactivate(host);
			storage.close();
			if (!keep_folder) rmSync(folder, { recursive: true, force: true });
		},
	};
}
