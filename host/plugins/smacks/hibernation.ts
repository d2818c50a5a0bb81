// Counterpart: plugins/mod_smacks.lua (pre-session-close, pre-resource-unbind, server-stopping)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import type { ManagedStream, SmacksOptions } from "./managed_stream.ts";
import type { Resumption } from "./resumption.ts";
import { give_back_unacked } from "./undelivered.ts";

/** Has sessions wait for clients whose connections broke, for a time. */
export function let_clients_come_back(
	module: ModuleApi,
	options: SmacksOptions,
	resumption: Resumption,
	stream_of: (session: object) => ManagedStream | undefined,
): void {
	module.hook("pre-session-close", ({ session }) => {
		const stream = stream_of(session);
		if (stream === undefined) return;
		resumption.forget(stream, session.username);
		stream.watchdog?.stop();
		stream.watchdog = undefined;
		// XEP-0198 §7
		if (session.conn !== undefined && stream.handled !== undefined) stream.send_ack();
	});

	module.hook("pre-resource-unbind", ({ session }) => {
		const stream = stream_of(session);
		if (stream === undefined || !(session instanceof ClientSession)) return undefined;
		if (stream.token === undefined) {
			give_back_unacked(module, stream, options.measures);
			stream.release();
			return undefined;
		}
		if (stream.hibernating !== undefined) return undefined;
		stream.hibernating = Math.floor(Date.now() / 1000);
		stream.stop_waiting();
		stream.watchdog?.stop();
		stream.watchdog = module.add_timer(options.hibernation_time, () => {
			stream.watchdog = undefined;
			if (session.destroyed || stream.token === undefined) return;
			session.log("debug", "Destroying session for hibernating too long");
			options.measures.sessions_expired(1);
			resumption.keep_count(stream, session.username);
			module.server.sessionmanager.destroy_session(session, "Hibernating too long");
		});
		session.log("debug", "Session going into hibernation (not being destroyed)");
		module.fire_event("smacks-hibernation-start", { origin: session, queue: stream.waiting() });
		return true;
	});

	// Before mod_c2s closes all streams, which would end the sessions: what was handled is to be known after the restart
	module.hook_global(
		"server-stopping",
		({ reason }) => {
			for (const user of module.server.hosts.get(module.host)?.sessions.values() ?? []) {
				for (const session of [...user.sessions.values()]) {
					const stream = stream_of(session);
					if (stream?.token === undefined || !(session instanceof ClientSession)) continue;
					resumption.keep_count(stream, session.username);
					give_back_unacked(module, stream, options.measures);
					// Without a word: whoever is told would not come back to it
					session.conn?.close();
					session.conn = undefined;
					session.close({ condition: "system-shutdown", text: reason });
				}
			}
		},
		-90,
	);
}
