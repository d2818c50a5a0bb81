// Counterpart: mod_cloud_notify.lua of prosody-modules (process_stanza_queue, hibernate_session, restore_session, ack_delayed)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi, Timer } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import type { SmacksExports } from "../smacks/negotiation.ts";
import type { DeviceStore, PushInfo } from "./devices.ts";
import { is_important } from "./importance.ts";
import type { Notifier } from "./notify.ts";

/** In seconds: what comes in quick succession wakes a device once. */
const pause = 1;

/** What is known of a session whose device is woken. */
interface Watched {
	readonly identifier: string;
	readonly info: PushInfo;
	/** Whether its client was woken for something important since it is gone. */
	was_woken: boolean;
	/** What came since the timer runs. */
	queue: Stanza[];
	timer: Timer | undefined;
}

function is_smacks(exports: unknown): exports is SmacksExports {
	return typeof exports === "object" && exports !== null && "wait" in exports && "hibernation_time" in exports;
}

/** Wakes devices whose sessions wait for them (mod_smacks), or do not answer. */
export class WaitingSessions {
	private readonly watched = new Map<ClientSession, Watched>();

	/** @param longest_wait seconds that a session waits whose client was not woken yet */
	constructor(
		private readonly module: ModuleApi,
		private readonly notifier: Notifier,
		private readonly longest_wait: number,
		private readonly devices: DeviceStore,
	) {
		module.hook("smacks-hibernation-start", ({ origin, queue }) => this.gone(origin, queue));
		module.hook("smacks-hibernation-end", ({ resumed }) => this.back(resumed));
		module.hook("smacks-hibernation-stanza-queued", ({ origin, stanza }) => this.add(origin, stanza));
		module.hook("smacks-ack-delayed", ({ origin, queue }) => {
			if (origin instanceof ClientSession && this.watched.has(origin)) for (const stanza of queue) this.add(origin, stanza);
		});
		module.hook("resource-unbind", ({ session }) => {
			if (session instanceof ClientSession) this.end(session);
		});
		module.hook("session-frozen", ({ session, more }) => {
			const known = session instanceof ClientSession ? this.watched.get(session) : undefined;
			if (known !== undefined) more["cloud_notify"] = { identifier: known.identifier, was_woken: known.was_woken };
		});
		module.hook("session-restored", ({ session, more: { cloud_notify } }) => {
			if (!(session instanceof ClientSession && typeof cloud_notify === "object" && "identifier" in cloud_notify)) return;
			const { identifier, was_woken } = cloud_notify;
			const known = this.devices.get(session.username ?? "");
			const info = known.ok && typeof identifier === "string" ? known.value.get(identifier) : undefined;
			if (info === undefined || typeof identifier !== "string") return;
			this.watch(session, identifier, info).was_woken = was_woken === true;
		});
		// Those that were there before the module, or its reload
		for (const [username, { sessions }] of module.host_session().sessions) {
			for (const session of sessions.values()) {
				const identifier = session instanceof ClientSession ? session.push_identifier : undefined;
				if (!(session instanceof ClientSession) || identifier === undefined) continue;
				const known = this.devices.get(username);
				const info = known.ok ? known.value.get(identifier) : undefined;
				if (info !== undefined) this.watch(session, identifier, info);
			}
		}
	}

	/** A session's client wants to be woken this way. */
	watch(session: ClientSession, identifier: string, info: PushInfo): Watched {
		this.end(session);
		const watched: Watched = { identifier, info, was_woken: false, queue: [], timer: undefined };
		this.watched.set(session, watched);
		session.push_identifier = identifier;
		return watched;
	}

	/** A session's client is not woken any more. */
	private end(session: ClientSession): void {
		this.watched.get(session)?.timer?.stop();
		this.watched.delete(session);
		session.push_identifier = undefined;
	}

	/** A device is not woken any more. */
	forget(username: string, identifier: string): void {
		for (const [session, known] of [...this.watched]) {
			if (session.username !== username || known.identifier !== identifier) continue;
			this.end(session);
			// It is not woken, so there is no reason to wait longer than for others
			if (session.hibernating !== undefined && !known.was_woken) this.wait_as_usual(session);
		}
	}

	/** The devices of an account that have a session, which is told of what waits. */
	identifiers(username: string): ReadonlySet<string> {
		const found = new Set<string>();
		for (const session of this.module.host_session().sessions.get(username)?.sessions.values() ?? []) {
			const known = session instanceof ClientSession ? this.watched.get(session) : undefined;
			if (known !== undefined) found.add(known.identifier);
		}
		return found;
	}

	/** Ends all timers. Which session has which device stays known, for the module that comes next. */
	stop(): void {
		for (const { timer } of this.watched.values()) timer?.stop();
		this.watched.clear();
	}

	private get smacks(): SmacksExports | undefined {
		const { server, host } = this.module;
		const exports: unknown = server.modulemanager.get_module(host, "smacks")?.exports;
		return is_smacks(exports) ? exports : undefined;
	}

	private wait_as_usual(session: ClientSession): void {
		const { smacks } = this;
		smacks?.wait(session, smacks.hibernation_time);
	}

	private gone(session: ClientSession, queue: readonly Stanza[]): void {
		const known = this.watched.get(session);
		if (known === undefined) return;
		known.was_woken = false;
		this.smacks?.wait(session, this.longest_wait);
		this.tell(session, known, queue);
	}

	private back(session: ClientSession): void {
		const known = this.watched.get(session);
		if (known === undefined) return;
		known.timer?.stop();
		known.timer = undefined;
		known.queue = [];
		known.was_woken = false;
	}

	private add(session: ClientSession, stanza: Stanza): void {
		const known = this.watched.get(session);
		if (known === undefined) return;
		known.queue.push(st.clone(stanza));
		known.timer ??= this.module.add_timer(pause, () => {
			known.timer = undefined;
			const { queue } = known;
			known.queue = [];
			this.tell(session, known, queue);
		});
	}

	/** Wakes a device once for what is important, and once for what is not. */
	private tell(session: ClientSession, known: Watched, queue: readonly Stanza[]): void {
		const { identifier, info } = known;
		const devices = new Map([[identifier, info]]);
		const told = new Set<boolean>();
		for (const stanza of queue) {
			if (this.notifier.was_woken(stanza, identifier)) continue;
			const important = is_important(stanza);
			const { to } = stanza.attr;
			const username = to === undefined ? session.username : jid.node(to);
			if (told.has(important) || username === undefined) continue;
			if (this.notifier.notify(stanza, username, devices) === 0) continue;
			told.add(important);
			if (important && session.hibernating !== undefined && !known.was_woken) {
				known.was_woken = true;
				// Now it knows, and has as long as others
				this.wait_as_usual(session);
			}
		}
	}
}
