// Counterpart: util/startup.lua

import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { create_certmanager } from "./core/certmanager.ts";
import { Claims } from "./core/claims.ts";
import type { ClusterBase } from "./core/cluster/cluster.ts";
import { create_entrance } from "./core/cluster/entrance.ts";
import { share_http } from "./core/cluster/shared_http.ts";
import type { Config, ConfigError, ConfigValue } from "./core/config/config.ts";
import type { LoadedConfig } from "./core/config/lua_sandbox.ts";
import { as_period } from "./core/config/option_types.ts";
import { create_delivery } from "./core/delivery.ts";
import { create_hostmanager } from "./core/hostmanager.ts";
import { create_loggingmanager, type LogSink, read_log_option } from "./core/loggingmanager.ts";
import { create_modulemanager } from "./core/modulemanager.ts";
import { ServerNodes } from "./core/nodes.ts";
import { answer_online } from "./core/online.ts";
import { create_portmanager } from "./core/portmanager.ts";
import { create_reload } from "./core/reload.ts";
import { create_rostermanager } from "./core/rostermanager.ts";
import { measure_server } from "./core/server_measures.ts";
import { create_sessionmanager } from "./core/sessionmanager.ts";
import { create_router } from "./core/stanza_router.ts";
import { create_statsmanager } from "./core/statsmanager.ts";
import { create_storagemanager } from "./core/storagemanager.ts";
import { telling } from "./core/telling.ts";
import type {
	C2sSession,
	EventMap,
	ListenAddress,
	ModuleLoader,
	Server,
	StanzaEvent,
	StorageError,
	UserSessions,
} from "./core/types.ts";
import { create_usermanager } from "./core/usermanager.ts";
import { LockedHosts } from "./locked_hosts.ts";
import { create_http } from "./net/http/client.ts";
import { create_http_server } from "./net/http/server.ts";
import type { RunningServer } from "./running_server.ts";
import { create_datamanager } from "./util/datamanager.ts";
import { failed, ok, type Result } from "./util/error.ts";
import { Events } from "./util/events.ts";
import { folder_mode } from "./util/file_owner.ts";
import { HashQueue } from "./util/hash_queue.ts";
import * as st from "./util/stanza.ts";
import { Turn } from "./util/turn.ts";
import { TurnFiles } from "./util/turn_files.ts";
import { VersionedMap } from "./util/versioned_map.ts";

/** In seconds. */
const default_lock_time = 10;

/** What a server is made from. */
export interface ServerOptions {
	readonly config: Config;
	/** The file that the configuration came from, which relative paths in it start at; the working folder without one. */
	readonly config_path?: string;
	/** Reads that file again; without it, only what the options name is read again. */
	readonly read_config?: () => Result<LoadedConfig, ConfigError>;
	/** Where modules are found, in order, beside what the folders of `plugin_paths` hold. */
	readonly loaders: (plugin_folders: readonly string[]) => readonly ModuleLoader[];
	/** In place of the configuration's `log`; an empty list is silence. */
	readonly log?: readonly LogSink[];
	readonly version: string;
	/** Makes the server a node of a cluster, in place of what the option `cluster` says. */
	readonly cluster?: ClusterBase;
	/** Whether another process sees to it that nobody else runs on the same data. */
	readonly is_claimed?: boolean;
	/** What stands before the names of those who log, where several servers share a log. */
	readonly log_prefix?: string;
}

/** The folders that `plugin_paths` names; relative ones start at the folder of the configuration file. */
export function plugin_folders(config: Config, config_folder: string): string[] {
	const paths = config.get("*", "plugin_paths");
	return (Array.isArray(paths) ? paths : [])
		.filter((path) => typeof path === "string")
		.map((path) => resolve(config_folder, path));
}

function option_text(config: Config, name: string): string | undefined {
	const value = config.get("*", name);
	return typeof value === "string" ? value : undefined;
}

/**
 * The folder that data are in: `data_path`, which starts at the folder of the configuration file, or where an installed Prosody has
 * them when nothing is said: `PREFIX/var/lib/prosody` for `PREFIX/etc/prosody`.
 */
export function data_folder(config: Config, config_folder: string): string {
	const named = option_text(config, "data_path");
	if (named !== undefined) return resolve(config_folder, named);
	const prefix = /^(.*)\/etc\/prosody$/.exec(config_folder)?.[1];
	const installed = `${prefix}/var/lib/prosody`;
	return prefix !== undefined && existsSync(installed) ? installed : resolve(config_folder, "data");
}

/** Why a server without hosts does not start. */
export const no_host = "the configuration defines no host: expected a VirtualHost or a Component";

/** The hosts that a configuration has run. */
export function enabled_hosts(config: Config): string[] {
	return config.hosts().filter((host) => config.raw(host)?.get("enabled") !== false);
}

/** Makes sure that data can be kept in a folder; answers with why it cannot. */
export function prepare_data_folder(path: string): string | undefined {
	try {
		mkdirSync(path, { recursive: true, mode: folder_mode });
		accessSync(path, constants.W_OK | constants.X_OK);
		return undefined;
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
		return `cannot keep data in the folder ${path} (${code}): set data_path to a folder that this user may write to`;
	}
}

function keeps_data(config: Config): boolean {
	return ["*", ...config.hosts()].some((host) => (config.get(host, "storage") ?? "default") !== "memory");
}

/**
 * Composes a server; {@link RunningServer.start} starts it. Nothing of it is process-wide, so several can run in one process.
 * @returns an error that names what is wrong with the configuration
 */
export function create_server(options: ServerOptions): Result<RunningServer, string> {
	const { config } = options;
	const wanted = create_entrance(config, options.cluster);
	if (!wanted.ok) return wanted;
	const entrance = wanted.value;
	const config_folder = options.config_path === undefined ? process.cwd() : dirname(resolve(options.config_path));
	const data = data_folder(config, config_folder);
	const log_sinks = (): readonly LogSink[] =>
		options.log ??
		read_log_option(config.get("*", "log"), config_folder, config.get("*", "debug") === true, config.get("*", "syslog_facility"));
	const logging = create_loggingmanager(log_sinks(), options.log_prefix);
	const { logger, wants } = logging;
	const log = logger("general");
	const report = telling(log);

	const hosts: Server["hosts"] = new Map();
	const full_sessions = new VersionedMap<string, C2sSession>();
	const bare_sessions = new Map<string, UserSessions>();
	const events = new Events<EventMap>();
	const plugins = plugin_folders(config, config_folder);

	const lock_time = read_lock_time(config.get("*", "storage_lock_timeout"), (problem) =>
		log("error", "Option storage_lock_timeout: %s", problem),
	);
	const fail_turn = (error: unknown, work: readonly object[]): void => {
		log("error", "Could not store what was done: %s", error instanceof Error ? error.message : error);
		const stanzas = work.filter(is_stanza_event);
		events.tell("turn-failed", { error, stanzas }, report);
		for (const { origin, stanza } of stanzas) {
			// Elements of the stream itself have no answer of this kind
			if (stanza.attr["xmlns"] !== undefined) continue;
			const type = stanza.attr["type"];
			if (type === "error" || (stanza.name === "iq" && type === "result")) continue;
			origin.send(st.error_reply(stanza, "wait", "internal-server-error", "This could not be stored, and was not done"));
		}
	};
	const turn = new Turn(fail_turn, undefined, lock_time);
	const statsmanager = create_statsmanager({ config, events, log: logger("stats"), report });

	let start_time: number | undefined;
	// The managers know each other only through this value, which is complete before any of them is asked for something.
	const server: RunningServer = {
		version: options.version,
		get start_time() {
			return start_time;
		},
		config,
		events,
		hosts,
		full_sessions,
		incoming_s2s: new Set(),
		bare_sessions,
		get delivery() {
			return delivery;
		},
		turn,
		nodes: new ServerNodes(turn),
		...(entrance === undefined ? {} : { storage_fence: entrance.fence }),
		...(options.cluster?.writers === undefined ? {} : { writers: options.cluster.writers }),
		get cluster() {
			return entrance?.cluster;
		},
		hashing: new HashQueue(),
		logger,
		http_server: create_http_server({ turn, logger }),
		http: create_http({ turn, logger }),
		paths: {
			data,
			config: config_folder,
			plugins,
		},
		statsmanager,
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
			return rostermanager;
		},
		get modulemanager() {
			return modulemanager;
		},
		datamanager: create_datamanager({ data_path: data, files: new TurnFiles(turn), log: logger("datamanager") }),
		open_store: (host, store, kind, driver_of) => storagemanager.open(host, store, kind, driver_of),
		fetch_stored: (host, user) => storagemanager.fetch(host, user),
		far_storage: { is_used: false },
		purge_user: (username, host) => storagemanager.purge(username, host),
		activate_host: (host) => hostmanager.activate(host),
		deactivate_host: (host, reason) => hostmanager.deactivate(host, reason),
		get_children: (host) => hostmanager.get_children(host),
		unserved_hosts: () => enabled_hosts(config).filter((host) => !hosts.has(host)),
		tls_context: (host) => certmanager.tls_context(host),
		peer_tls_context: (host) => certmanager.peer_tls_context(host),
		service_tls_context: (at) => certmanager.service_tls_context(at),
		reset() {
			events.tell("server-resetting", {}, report);
			const names = [...hosts.keys()];
			for (const host of names) hostmanager.deactivate(host);
			for (const host of names) hostmanager.activate(host);
			events.tell("server-reset", {}, report);
		},
		start,
		open_accounts,
		stop,
		shut_down,
		addresses: () => portmanager.addresses(),
		listen_local: (path, onconnect, told) => portmanager.listen_local(path, onconnect, told),
		close_port: (at) => portmanager.close_port(at),
		watch_log: (watcher) => logging.watch(watcher),
		connect: (address, onconnect, onfailure) => portmanager.connect(address, onconnect, onfailure),
		reopen_logs: () => events.tell("reopen-log-files", {}, report),
		set_config(host, option, value) {
			if (config.raw(host) === undefined) return `the configuration has no host ${host}`;
			config.set(host, option, value);
			return undefined;
		},
		reload_config: () => reload(),
	};
	const reload = create_reload(server, config, options.read_config, options.config_path, {
		activate: (host) => bring_up(host),
		deactivate: (host) => hostmanager.deactivate(host),
		modules_for: (host) => modulemanager.configured_for(host),
		follow_configuration: (host, before) => modulemanager.follow_configuration(host, before),
		unload_unwanted: (before) => modulemanager.unload_unwanted(before),
	});
	events.add_handler("config-reloaded", () => server.reopen_logs());
	events.add_handler("reopen-log-files", () => {
		logging.reconfigure(log_sinks());
		events.tell("logging-reloaded", {}, report);
	});
	const delivery = create_delivery(server, () => wants("debug"));
	const router = create_router(server, () => wants("debug"));
	const storagemanager = create_storagemanager(server);
	const modulemanager = create_modulemanager(server, options.loaders(plugins));
	const sessionmanager = create_sessionmanager(server);
	const rostermanager = create_rostermanager(server);
	const usermanager = create_usermanager(server);
	const certmanager = create_certmanager(server);
	const portmanager = create_portmanager(server);
	answer_online(server);
	measure_server(server);
	const hostmanager = create_hostmanager(server, {
		load_modules(host) {
			// Where nothing can be stored, every module would only log an error of its own.
			const problem = storagemanager.trouble(host);
			if (problem !== undefined) {
				storage_problems.set(host, problem);
				return;
			}
			storage_problems.delete(host);
			usermanager.initialize_host(host);
			if (!only_accounts) modulemanager.load_modules_for_host(host);
		},
		unload_modules: (host) => modulemanager.unload_all(host),
	});

	/** Why hosts cannot store anything, by name. */
	const storage_problems = new Map<string, StorageError>();
	const locked_hosts = new LockedHosts(
		// The configuration may have lost it meanwhile
		(host) => enabled_hosts(config).includes(host) && activate_host(host) === "locked",
		log,
		lock_time,
	);
	let only_accounts = false;
	const claims = new Claims(log);
	let stopped: Promise<void> | undefined;

	/** Brings up a host. Where that cannot be, because of its storage or else, the log says so. */
	function activate_host(host: string): "locked" | "done" {
		const activated = hostmanager.activate(host);
		const problem = storage_problems.get(host);
		if (problem !== undefined) {
			hostmanager.deactivate(host);
			if (problem.locked) return "locked";
			log("error", "%s does not run, since nothing can be stored there: %s; everything else does", host, problem.text);
			return "done";
		}
		if (!activated.ok) log("error", "%s does not run: %s", host, activated.error);
		const component = config.component_module(host);
		if (component !== undefined && !modulemanager.is_loaded(host, component)) {
			log("error", "The component %s does not run, since mod_%s could not be loaded; everything else does", host, component);
		}
		return "done";
	}

	/** Brings up a host while the server runs; answers with why it does not run yet, or not at all. */
	function bring_up(host: string): string | undefined {
		if (activate_host(host) === "locked") {
			locked_hosts.add(host, storage_problems.get(host)?.text ?? "");
			locked_hosts.watch();
		}
		if (!hosts.has(host)) return `${host} does not run: ${storage_problems.get(host)?.text ?? "the log says why"}`;
		const component = config.component_module(host);
		const is_whole = component === undefined || modulemanager.is_loaded(host, component);
		return is_whole ? undefined : `${host} does not run, since mod_${component} could not be loaded`;
	}

	/** Brings up hosts; answers with why that cannot be done. */
	async function activate_hosts(wanted: (host: string) => boolean): Promise<string | undefined> {
		const problem = keeps_data(config) ? prepare_data_folder(data) : undefined;
		if (problem !== undefined) return problem;
		events.tell("server-starting", {}, report);
		const enabled = enabled_hosts(config).filter(wanted);
		if (enabled.length === 0) return no_host;
		for (const host of enabled) {
			if (activate_host(host) === "locked") locked_hosts.add(host, storage_problems.get(host)?.text ?? "");
		}
		// For accounts, all of them are needed; to run, any
		await locked_hosts.wait(() => !only_accounts && hosts.size > 0);
		// A database elsewhere may be gone for long; its hosts come when it does
		const is_expected = !only_accounts && [...storage_problems.values()].some(({ unreachable }) => unreachable);
		return hosts.size > 0 || is_expected ? undefined : [...storage_problems.values()][0]?.text;
	}

	async function open_accounts(): Promise<Result<true, string>> {
		only_accounts = true;
		// The caller wants to work on accounts, and has to know which ones cannot be reached.
		const problem =
			(await activate_hosts((host) => config.host_type(host) === "local")) ?? [...storage_problems.values()][0]?.text;
		return problem === undefined ? ok(true) : fail_start(problem);
	}

	async function start(): Promise<Result<ListenAddress[], string>> {
		const unwritable = keeps_data(config) ? prepare_data_folder(data) : undefined;
		if (unwritable !== undefined) return fail_start(unwritable);
		const named = option_text(config, "pidfile");
		if (options.is_claimed !== true) {
			const claimed = claims.take(keeps_data(config) ? data : undefined, named === undefined ? undefined : resolve(data, named));
			if (!claimed.ok) return fail_start(claimed.error);
		}
		if (claims.unended_since !== undefined) mend_lists(claims.unended_since);
		const entered = await entrance?.enter(server);
		if (entered?.ok === false) return fail_start(entered.error);
		await share_http(server, log, portmanager.take);
		const problem = await activate_hosts(() => true);
		if (problem !== undefined) return fail_start(problem);
		start_time = Math.floor(Date.now() / 1000);
		const listening = await portmanager.start();
		if (!listening.ok) return fail_start(listening.error);
		claims.write_pid();
		modulemanager.server_is_ready();
		locked_hosts.watch();
		events.tell("server-started", {}, report);
		turn.end();
		return listening;
	}

	/** Puts right what a crash, or a disk that failed, has left of entries in lists written since then (milliseconds since 1970). */
	function mend_lists(since: number): void {
		const { mended, problems } = server.datamanager.mend_lists(since);
		if (mended.length > 0) log("info", "Lists that ended within an entry can be read again: %d", mended.length);
		for (const problem of problems) log("error", "A list that ends within an entry stays as it is: %s", problem);
		turn.end();
	}

	async function fail_start(reason: string): Promise<Result<never, string>> {
		await stop(reason);
		return failed(reason);
	}

	function shut_down(reason: string): void {
		log("info", "Shutting down: %s", reason);
		// the caller is in the middle of something, which has to be finished first
		if (events.fire_event("shutdown-wanted", { reason }) !== true) setImmediate(() => void stop(reason));
	}

	function stop(reason: string): Promise<void> {
		stopped ??= end(reason);
		return stopped;
	}

	async function end(reason: string): Promise<void> {
		locked_hosts.stop();
		events.tell("server-stopping", { reason }, report);
		turn.end();
		await entrance?.leave();
		for (const host of [...hosts.keys()]) hostmanager.deactivate(host, { condition: "system-shutdown", text: reason });
		modulemanager.unload_all("*");
		await turn.done();
		if (server.datamanager.troubles > 0) mend_lists((start_time ?? 0) * 1000);
		await turn.done();
		await portmanager.stop();
		storagemanager.close();
		events.tell("server-stopped", { reason }, report);
		statsmanager.close();
		claims.release();
	}

	return ok(server);
}

/** How long turns and hosts wait for a database that somebody else has locked, in milliseconds. */
function read_lock_time(option: ConfigValue | undefined, warn: (problem: string) => void): number {
	const { value, problem } = as_period(option, 0);
	if (problem !== undefined) warn(problem);
	return (value ?? default_lock_time) * 1000;
}

function is_stanza_event(work: object): work is StanzaEvent {
	return "origin" in work && "stanza" in work;
}
