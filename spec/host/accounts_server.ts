// A server that has hosts with accounts, rights and storage, but no sockets; its clients are values.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create_builtin_loader } from "../../host/core/builtin_loader.ts";
import { Config, type ConfigValue } from "../../host/core/config/config.ts";
import type {
	C2sSession,
	FilterKind,
	HostSession,
	KeyvalStore,
	ModuleDefinition,
	Role,
	SaslHandler,
	Server,
	StreamError,
} from "../../host/core/types.ts";
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
import { create_server } from "../../host/startup.ts";
import { ok } from "../../host/util/error.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";

/** Loaded on every host without being named, and not to be had here. */
const autoloaded = ["presence", "message", "offline", "c2s", "s2s", "s2s_auth_certs"];

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
		this.server.hosts.get(this.host ?? "")?.events.fire_event("stream-features", { origin: this, features, stream: {} });
		return features.toString();
	}
}

/** Has hashes computed at once: nothing holds these streams back while they wait. */
function without_waiting({ usermanager }: Server): void {
	const { get_sasl_handler } = usermanager;
	const at_once = (handler: SaslHandler): SaslHandler => {
		const { clean_clone } = handler;
		return Object.assign(handler, { process_waiting: undefined, clean_clone: () => at_once(clean_clone.call(handler)) });
	};
	usermanager.get_sasl_handler = (host, session) => at_once(get_sasl_handler(host, session));
	usermanager.check_password = usermanager.test_password;
	usermanager.hash_password = (_username, _host, password) => ok(password);
}

export interface AccountsServer {
	readonly server: Server;
	readonly usermanager: Server["usermanager"];
	readonly folder: string;
	/** What was logged, level first. */
	readonly log: string[];
	host(name?: string): HostSession;
	store(store: string, host?: string): KeyvalStore;
	/** A stream that has been opened to the first host. */
	connect(options?: { ip?: string; secure?: boolean; host?: string }): FakeStream;
	/** A stream that is logged in and has a resource. */
	login(username: string, resource: string): FakeStream;
	stop(keep_folder?: boolean): Promise<void>;
}

/** Brings up hosts with these options; `*` is the global section, which says `storage = "memory"` unless told otherwise. */
export function start_accounts(
	sections: Record<string, Record<string, ConfigValue>>,
	options: { folder?: string; modules?: readonly ModuleDefinition[] } = {},
): AccountsServer {
	const folder = options.folder ?? mkdtempSync(join(tmpdir(), "enjamb-accounts-"));
	const log: string[] = [];
	const created = create_server({
		// Only what the sections name is loaded
		config: Config.from({
			...sections,
			"*": { storage: "memory", data_path: folder, modules_disabled: autoloaded, ...sections["*"] },
		}),
		version: "test",
		loaders: () => [create_builtin_loader([...known_modules, ...(options.modules ?? [])])],
		log: [{ to: { write: (name, level, text) => log.push(`${level} ${name}: ${text}`) }, level: "debug" }],
	});
	if (!created.ok) throw new Error(created.error);
	const server = created.value;
	without_waiting(server);
	const hosts = Object.keys(sections).filter((host) => host !== "*");
	for (const host of hosts) server.activate_host(host);
	const first_host = hosts[0] ?? "";

	return {
		server,
		usermanager: server.usermanager,
		folder,
		log,
		host(name = first_host) {
			const session = server.hosts.get(name);
			if (!session) throw new Error(`no host ${name}`);
			return session;
		},
		store(store, host = first_host) {
			const opened = server.open_store(host, store, "keyval");
			if (!opened.ok) throw new Error(opened.error.text);
			return opened.value;
		},
		connect: ({ host = first_host, ...rest } = {}) => new FakeStream(server, host, rest),
		login(username, resource) {
			const session = new FakeStream(server, first_host);
			server.sessionmanager.make_authenticated(session, username);
			server.sessionmanager.bind_resource(session, resource);
			return session;
		},
		async stop(keep_folder = false) {
			await server.stop("The test is over");
			if (!keep_folder) rmSync(folder, { recursive: true, force: true });
		},
	};
}
