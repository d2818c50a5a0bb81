// Counterpart: plugins/mod_smacks.lua (do_enable, do_resume)

import { ClientSession } from "../../core/c2s_session.ts";
import { ServerStreamSession } from "../../core/s2s_session.ts";
import type { ModuleApi, Session } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { tonumber } from "../../util/tonumber.ts";
import { type ManagedSession, ManagedStream, type SmacksOptions } from "./managed_stream.ts";
import type { Resumption } from "./resumption.ts";

/** A stream that is about to be managed, or that has just taken a session over. */
export interface StreamChange<Of extends ManagedSession = ManagedSession> {
	readonly type: "enabled" | "resumed";
	/** Under what name the session can be resumed, or was. */
	readonly id: string | undefined;
	/** For how many seconds it waits for its client. */
	readonly resume_max?: string | undefined;
	/** Where the client is to come back to. */
	readonly location?: string | undefined;
	/** The session that goes on. */
	readonly session: Of;
	/** How many stanzas of the client were handled before. */
	readonly h?: number;
	/** To be called once the client was told: from then on stanzas count, and what it may not have is sent again. */
	finish(): void;
}

/** Why a stream cannot be managed, or a session not be resumed. */
export interface SmacksError {
	readonly type: "cancel";
	readonly condition: string;
	readonly text: string;
	/** How many stanzas were handled of a session that is gone. */
	readonly context: { readonly h?: number };
}

/** For modules that do the same in the course of something else (mod_sasl2_sm). Prosody 13 has the first two, too. */
export interface SmacksExports {
	do_enable(session: ManagedSession, stanza: Stanza): Result<StreamChange, SmacksError>;
	/** Goes on with a session over the stream of another one, which is authenticated and has no resource. */
	do_resume(session: ClientSession, stanza: Stanza): Result<StreamChange<ClientSession>, SmacksError>;
	/** For how many seconds a session that waits for its client goes on waiting, from now on. */
	wait(session: ClientSession, seconds: number): void;
	/** For how long sessions wait, in seconds. */
	readonly hibernation_time: number;
}

declare module "../../core/types.ts" {
	interface ModuleExports {
		smacks: SmacksExports;
	}
}

function refuse(condition: string, text: string, h?: number): Result<never, SmacksError> {
	return failed({ type: "cancel", condition, text, context: h === undefined ? {} : { h } });
}

function changed({ type, id, resume_max, location, h = 0 }: StreamChange, xmlns: string): Stanza {
	if (type === "resumed") return st.stanza("resumed", { xmlns, h: String(h), previd: id });
	return st.stanza("enabled", { xmlns, id, resume: id === undefined ? undefined : "true", max: resume_max, location });
}

function failure({ condition, context: { h } }: SmacksError, xmlns: string): Stanza {
	const element = st.stanza("failed", h === undefined ? { xmlns } : { xmlns, h: String(h) });
	return element.tag(condition, { xmlns: ns.stanzas }).reset();
}

/** How many stanzas an element says that somebody has; undefined where it says nothing that makes sense. */
export function count_in(stanza: Stanza): number | undefined {
	const h = tonumber(stanza.attr["h"]);
	return h !== undefined && Number.isInteger(h) && h >= 0 ? h : undefined;
}

/** Begins to manage streams, and has sessions go on. */
export class Negotiation {
	private readonly streams = new WeakMap<object, ManagedStream>();

	constructor(
		private readonly module: ModuleApi,
		private readonly options: SmacksOptions,
		private readonly resumption: Resumption,
	) {}

	find(session: object): ManagedStream | undefined {
		return this.streams.get(session);
	}

	begin(session: ManagedSession, xmlns: string): ManagedStream {
		const stream = new ManagedStream(this.module, this.options, session, xmlns);
		this.streams.set(session, stream);
		return stream;
	}

	can_be_managed(session: Session): boolean {
		if (this.streams.has(session)) return false;
		if (session instanceof ClientSession) return session.username !== undefined;
		return this.options.with_servers && session instanceof ServerStreamSession && session.is_authed;
	}

	/** `<enabled/>`, `<resumed/>` or `<failed/>`: what becomes of a request, told where nothing else is said with it. */
	answer(session: ManagedSession, change: Result<StreamChange, SmacksError>, xmlns: string): true {
		const going_on = change.ok ? change.value.session : session;
		const answer = change.ok ? changed(change.value, xmlns) : failure(change.error, xmlns);
		if (going_on instanceof ServerStreamSession) going_on.sends2s(answer);
		else going_on.send(answer);
		if (change.ok) change.value.finish();
		return true;
	}

	enable(session: ManagedSession, stanza: Stanza): Result<StreamChange, SmacksError> {
		const { options, resumption } = this;
		const unexpected = (text: string) => refuse("unexpected-request", text);
		if (this.streams.has(session)) return unexpected("Stream management is already enabled");
		if (session instanceof ClientSession && session.username !== undefined && session.resource === undefined) {
			return unexpected("Client must bind a resource before enabling stream management");
		}
		if (!this.can_be_managed(session)) {
			return refuse("service-unavailable", "Stream management is not available for this stream");
		}
		const { resume, xmlns = ns.sm3 } = stanza.attr;
		const may_come_back = session instanceof ClientSession && (resume === "true" || resume === "1");
		if (may_come_back && session.username !== undefined) resumption.forget_old(session.username);
		const id = may_come_back ? resumption.new_token() : undefined;
		return ok({
			type: "enabled",
			id,
			resume_max: may_come_back ? String(options.hibernation_time) : undefined,
			location: may_come_back ? options.location : undefined,
			session,
			finish: () => {
				session.log("debug", "Enabling stream management");
				const stream = this.begin(session, xmlns);
				if (id !== undefined && session instanceof ClientSession) resumption.track(stream, session, id);
				stream.manage_outgoing();
				stream.manage_incoming();
				options.mirror.began(stream);
			},
		});
	}

	resume(session: ClientSession, stanza: Stanza): Result<StreamChange<ClientSession>, SmacksError> {
		const { module, options, resumption } = this;
		if (session.username === undefined || session.full_jid !== undefined) {
			return refuse("unexpected-request", "Cannot resume another session after a resource is bound");
		}
		const h = count_in(stanza);
		const { previd } = stanza.attr;
		if (h === undefined || previd === undefined) {
			return refuse("bad-request", "Missing or invalid 'h' or 'previd' attribute");
		}
		const found = resumption.find(session.username, previd, h);
		if (!(found instanceof ManagedStream)) {
			session.log("debug", "Resumption failed: %s", found.text);
			return refuse(found.condition, found.text, found.h);
		}
		const { session: original } = found;
		if (!(original instanceof ClientSession)) return refuse("item-not-found", "Unknown session");
		found.watchdog?.stop();
		found.watchdog = undefined;
		session.log("debug", "Resuming session %s", original.id);
		found.say_count();
		original.resume_over(session);
		original.handled_stanza_count = found.handled;
		return ok({
			type: "resumed",
			id: previd,
			session: original,
			h: found.handled ?? 0,
			finish() {
				const { hibernating } = found;
				found.resend();
				options.mirror.came(found);
				// Whose connection was not known to be gone did not wait
				options.measures.resumption_age.sample(hibernating === undefined ? 0 : Math.floor(Date.now() / 1000) - hibernating);
				module.fire_event("smacks-hibernation-end", { origin: session, resumed: original, queue: found.waiting() });
			},
		});
	}
}
