// Counterpart: plugins/mod_smacks.lua (do_resume, hibernation, smacks_h)

import type { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi, StoreTable } from "../../core/types.ts";
import * as id from "../../util/id.ts";
import type { ManagedStream, SmacksOptions } from "./managed_stream.ts";
import type { ResumableStream } from "./session_mirror.ts";

/** Why a session cannot be resumed. */
export interface ResumptionProblem {
	readonly condition: string;
	readonly text: string;
	/** How many stanzas were handled before it ended. */
	readonly h?: number;
}

function number_in(table: unknown, name: string): number | undefined {
	const value: unknown = typeof table === "object" && table !== null ? Reflect.get(table, name) : undefined;
	return typeof value === "number" ? value : undefined;
}

/** Sessions of one host that wait for their clients, or may have to, by the names that they can be resumed under. */
export class Resumption {
	private readonly by_token = new Map<string, ManagedStream>();
	private readonly counts;
	private readonly all_counts;

	constructor(
		private readonly module: ModuleApi,
		private readonly options: SmacksOptions,
	) {
		this.counts = module.open_store("smacks_h", "map");
		this.all_counts = module.open_store("smacks_h");
	}

	private key(username: string | undefined, token: string): string {
		return `${username ?? ""}/${token}`;
	}

	/** A name for a session to be resumed under. */
	new_token(): string {
		return id.medium();
	}

	/** Makes a session resumable under a name. */
	track(stream: ManagedStream, session: ClientSession, token: string): void {
		stream.token = token;
		this.by_token.set(this.key(session.username, token), stream);
	}

	/** Forgets that a session could be resumed. */
	forget(stream: ResumableStream, username: string | undefined): void {
		if (stream.token === undefined) return;
		this.options.mirror.ended(stream);
		this.by_token.delete(this.key(username, stream.token));
		stream.token = undefined;
	}

	/** Keeps how much was handled of a session that ends without its client: that is asked for when it comes back. */
	keep_count(stream: ManagedStream, username: string | undefined): void {
		const { token, handled } = stream;
		if (token === undefined) return;
		this.forget(stream, username);
		const kept = this.counts.set(username, token, { h: handled ?? 0, t: Math.floor(Date.now() / 1000) });
		if (!kept.ok) this.module.log("error", "How much was handled for %s could not be kept: %s", username, kept.error.text);
	}

	/** Whether it is known how much was handled of a session that is over. */
	has_count(username: string, token: string): boolean {
		const known = this.counts.get(username, token);
		return known.ok && number_in(known.value, "h") !== undefined;
	}

	/** Forgets how much was handled of a session that goes on after all. */
	drop_count(username: string, token: string): void {
		const dropped = this.counts.set(username, token, undefined);
		if (!dropped.ok) this.module.log("error", "An old resumption counter of %s stays: %s", username, dropped.error.text);
	}

	/** Has a session end unless its client is back in so many seconds. */
	wait(stream: ManagedStream, session: ClientSession, seconds: number): void {
		stream.watchdog?.stop();
		stream.waits_until = Date.now() / 1000 + seconds;
		this.options.mirror.came(stream);
		stream.watchdog = this.module.add_timer(seconds, () => {
			stream.watchdog = undefined;
			if (session.destroyed || stream.token === undefined) return;
			session.log("debug", "Destroying session for hibernating too long");
			this.options.measures.sessions_expired(1);
			this.keep_count(stream, session.username);
			this.module.server.sessionmanager.destroy_session(session, "Hibernating too long");
		});
	}

	/** Keeps the counts of the newest sessions of an account only. */
	forget_old(username: string): void {
		const known = this.all_counts.get(username);
		if (!known.ok) {
			this.module.log("error", "Unable to retrieve old resumption counters: %s", known.error.text);
			return;
		}
		const entries = Object.entries(known.value ?? {});
		if (entries.length <= this.options.max_old_sessions) return;
		entries.sort(([, one], [, other]) => (number_in(other, "t") ?? 0) - (number_in(one, "t") ?? 0));
		const newest: StoreTable = Object.fromEntries(entries.slice(0, this.options.max_old_sessions));
		const kept = this.all_counts.set(username, newest);
		if (!kept.ok) this.module.log("error", "Old resumption counters could not be removed: %s", kept.error.text);
	}

	/** Sessions that can be resumed, by account. */
	by_account(): Map<string, ManagedStream[]> {
		const found = new Map<string, ManagedStream[]>();
		for (const stream of this.by_token.values()) {
			const username = "username" in stream.session ? stream.session.username : undefined;
			if (username !== undefined) found.set(username, [...(found.get(username) ?? []), stream]);
		}
		return found;
	}

	/** The session that a client wants to go on with, which then has what the client has; or why it cannot. */
	find(username: string | undefined, token: string, h: number): ManagedStream | ResumptionProblem {
		const stream = this.by_token.get(this.key(username, token));
		if (stream === undefined) return this.old_session(username, token);
		const problem = stream.queue?.ack(h);
		if (problem === "too high") {
			return { condition: "undefined-condition", text: "Client acknowledged more stanzas than sent by server" };
		}
		if (problem === "too low") {
			return { condition: "undefined-condition", text: "Client acknowledged less stanzas than already acknowledged" };
		}
		if (stream.queue?.is_whole === false) {
			const text = "Too many unacked stanzas remaining, session can't be resumed";
			return { condition: "resource-constraint", text };
		}
		return stream;
	}

	private old_session(username: string | undefined, token: string): ResumptionProblem {
		const known = this.counts.get(username, token);
		if (!known.ok) this.module.log("error", "The resumption counter of %s could not be read: %s", username, known.error.text);
		const h = known.ok ? number_in(known.value, "h") : undefined;
		if (h === undefined) return { condition: "item-not-found", text: "Unknown session" };
		if (username !== undefined) this.drop_count(username, token);
		this.options.measures.resumption_expired(1);
		return { condition: "item-not-found", text: "Session expired, and cannot be resumed", h };
	}
}
