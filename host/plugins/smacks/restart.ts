// No counterpart: Prosody's sessions end with it; only how much was handled of them is known afterwards.

import { ClientSession } from "../../core/c2s_session.ts";
import type { StreamControl } from "../../core/stream_session.ts";
import { reason_text } from "../../core/streams.ts";
import type { ModuleApi, StorageError, StoreTable } from "../../core/types.ts";
import { ok } from "../../util/error.ts";
import { document_framing } from "../../util/framing.ts";
import * as id from "../../util/id.ts";
import * as xml from "../../util/xml.ts";
import type { OfflineExports } from "../mod_offline.ts";
import { is_for_later } from "./for_later.ts";
import type { ManagedStream, SmacksOptions } from "./managed_stream.ts";
import type { ResumeState } from "./resume_state.ts";
import type { ResumeStore } from "./resume_store.ts";
import type { Resumption } from "./resumption.ts";
import type { ResumableStream } from "./session_mirror.ts";
import { is_stanza } from "./unacked_queue.ts";

/** What keeps messages for later, where that is ours. */
function offline_of({ server, host }: ModuleApi): OfflineExports | undefined {
	const exports: unknown = server.modulemanager.get_module(host, "offline")?.exports;
	return is_offline(exports) ? exports : undefined;
}

function is_offline(exports: unknown): exports is OfflineExports {
	return typeof exports === "object" && exports !== null && "keep" in exports && "drop" in exports;
}

/**
 * A session with all that is needed to go on with it elsewhere; undefined where it cannot go on.
 * @param with_queue whether it includes what the client has not acknowledged
 */
export function state_of(module: ModuleApi, stream: ResumableStream, with_queue = true): ResumeState | undefined {
	const { session, queue, token, handled = 0, xmlns } = stream;
	if (!(session instanceof ClientSession) || queue?.is_whole !== true || token === undefined) return undefined;
	const { username, host, resource, presence } = session;
	if (username === undefined || host === undefined || resource === undefined) return undefined;
	const more: StoreTable = {};
	module.fire_event("session-frozen", { session, more });
	const now = Date.now() / 1000;
	return {
		token,
		username,
		host,
		resource,
		xmlns,
		handled,
		acked: queue.count_acked,
		queue: with_queue ? queue.items().map((item) => ({ text: stream.stanza_of(item).toString(), sent_at: item.sent_at })) : [],
		offline: [],
		since: stream.hibernating ?? now,
		until: stream.waits_until ?? now,
		ip: session.ip,
		secure: session.secure,
		role: session.role?.name,
		presence: presence?.toString(),
		priority: session.priority,
		interested: session.interested,
		directed: [...(session.directed ?? [])],
		csi: session.state,
		carbons: session.want_carbons,
		mam_requested: session.mam_requested === true,
		blocklist_requested: session.interested_blocklist === true,
		more,
	};
}

/** Sessions of a host that are kept while the server restarts. */
export class Restart {
	constructor(
		private readonly module: ModuleApi,
		private readonly options: SmacksOptions,
		private readonly resumption: Resumption,
		private readonly store: ResumeStore,
		private readonly begin: (session: ClientSession, xmlns: string) => ManagedStream,
	) {}

	private complain(what: string, username: string, error: StorageError): void {
		this.module.log("error", "%s of %s: %s", what, username, error.text);
	}

	/**
	 * Puts the sessions of an account away, at the end of the server.
	 * @returns false where that could not be stored
	 */
	put_away(username: string, streams: readonly ManagedStream[]): boolean {
		const offline = offline_of(this.module);
		const states: ResumeState[] = [];
		for (const stream of streams) {
			const state = state_of(this.module, stream);
			if (state !== undefined) states.push({ ...state, offline: this.copy_to_offline(offline, username, stream) });
		}
		const saved = this.store.save(username, states);
		if (!saved.ok) {
			this.complain("Sessions could not be kept", username, saved.error);
			return false;
		}
		for (const stream of streams) this.options.copies.remove(username, stream.queue?.items() ?? []);
		return true;
	}

	/** Messages go where a Prosody finds them, if that comes next. */
	private copy_to_offline(offline: OfflineExports | undefined, username: string, stream: ManagedStream): string[] {
		const { session, queue } = stream;
		if (offline === undefined || !(session instanceof ClientSession)) return [];
		const waiting = (queue?.items() ?? []).map((item) => stream.delayed(item));
		return waiting.flatMap((stanza) => (is_for_later(session, stanza) ? (offline.keep(username, stanza) ?? []) : []));
	}

	/** Makes sessions of all that were put away. */
	bring_back(): void {
		const users = this.store.users();
		if (!users.ok) this.complain("Sessions could not be read", "anybody", users.error);
		const restored = (users.ok ? users.value : []).flatMap((username) => this.restore_account(username));
		// Each may look for the others
		for (const { session, more } of restored) this.module.fire_event("session-restored", { session, more });
		if (restored.length > 0) this.module.log("info", "%d sessions wait for their clients after the restart", restored.length);
	}

	/** Makes sessions of those of an account that another node had. */
	go_on(states: readonly ResumeState[]): void {
		const restored = states.flatMap((state) => {
			const session = this.restore(state);
			return session === undefined ? [] : [{ session, more: state.more }];
		});
		for (const { session, more } of restored) this.module.fire_event("session-restored", { session, more });
	}

	private restore_account(username: string): { session: ClientSession; more: StoreTable }[] {
		const loaded = this.store.load(username);
		if (!loaded.ok) {
			this.complain("Sessions could not be read", username, loaded.error);
			return [];
		}
		const states = loaded.value;
		if (states.length === 0) return [];
		const removed = this.store.remove(username, states);
		if (!removed.ok) {
			this.complain("Sessions could not be taken out of the store", username, removed.error);
			return [];
		}
		return states.flatMap((state) => {
			const session = this.takes_over(username, state) ? this.restore(state) : undefined;
			if (session === undefined) return [];
			this.resumption.drop_count(username, state.token);
			return [{ session, more: state.more }];
		});
	}

	/** Takes what goes on in a session out of where it is kept as well; false where another server has dealt with it meanwhile. */
	private takes_over(username: string, { token, offline }: ResumeState): boolean {
		if (!this.resumption.has_count(username, token)) return false;
		const dropped = offline.length === 0 ? ok(true) : offline_of(this.module)?.drop(username, offline);
		if (dropped?.ok === false) this.complain("Messages could not be taken out of the store", username, dropped.error);
		return dropped?.ok === true && dropped.value;
	}

	private restore(state: ResumeState): ClientSession | undefined {
		const { module } = this;
		const { sessionmanager, usermanager } = module.server;
		const { username, host, resource, token } = state;
		const enabled = usermanager.user_is_enabled(username, host);
		const is_known = usermanager.user_exists(username, host) && (!enabled.ok || enabled.value);
		if (host !== module.host || !is_known) {
			module.log("info", "The session %s/%s does not go on: there is no such account any more", username, resource);
			return undefined;
		}
		const session = new ClientSession(module.server, `c2s${id.short()}`, undefined, this.without_connection());
		session.host = host;
		session.ip = state.ip;
		session.secure = state.secure;
		session.notopen = false;
		const authenticated = sessionmanager.make_authenticated(session, username, state.role);
		const bound = authenticated.ok ? sessionmanager.bind_resource(session, resource) : authenticated;
		if (!bound.ok || session.resource !== resource) {
			session.log("warn", "The session of %s/%s cannot go on", username, resource);
			session.close();
			return undefined;
		}
		this.fill(session, state);
		const stream = this.begin(session, state.xmlns);
		stream.manage_outgoing();
		stream.manage_incoming(state.handled);
		stream.hibernating = state.since;
		this.refill(stream, session, state);
		this.resumption.track(stream, session, token);
		this.options.mirror.began(stream);
		this.resumption.wait(stream, session, state.until - Date.now() / 1000);
		session.log("debug", "Waits for its client, as it did before");
		return session;
	}

	private fill(session: ClientSession, state: ResumeState): void {
		session.presence = state.presence === undefined ? undefined : xml.parse(state.presence);
		session.priority = state.priority;
		session.interested = state.interested;
		if (state.directed.length > 0) session.directed = new Set(state.directed);
		session.state = state.csi;
		session.want_carbons = state.carbons;
		session.mam_requested = state.mam_requested || undefined;
		session.interested_blocklist = state.blocklist_requested || undefined;
	}

	private refill({ queue }: ManagedStream, session: ClientSession, state: ResumeState): void {
		const items = state.queue.flatMap(({ text, sent_at }) => {
			const content = xml.parse(text);
			return content === undefined ? [] : [{ content, sent_at }];
		});
		queue?.restore(state.acked, items);
		for (const item of queue?.items() ?? []) if (is_stanza(item.content)) this.options.copies.keep(session, item, undefined);
	}

	/** The stream of a session before its client comes back. */
	private without_connection(): StreamControl {
		const { module } = this;
		return {
			framing: document_framing,
			close(session, reason, remote_reason) {
				if (!(session instanceof ClientSession)) return;
				module.fire_event("pre-session-close", { session, reason });
				module.server.sessionmanager.destroy_session(session, remote_reason ?? reason_text(reason));
			},
			hold: () => () => {},
			reset_stream: () => {},
			authenticated: () => {},
			take_over: () => {},
		};
	}
}
