// Counterpart: plugins/mod_smacks.lua (pre-session-close, pre-resource-unbind, server-stopping)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import type { ManagedStream, SmacksOptions } from "./managed_stream.ts";
import type { Restart } from "./restart.ts";
import type { Resumption } from "./resumption.ts";
import { give_back_unacked } from "./undelivered.ts";

/** Has sessions wait for clients whose connections broke, for a time, and while the server restarts. */
export function let_clients_come_back(
	module: ModuleApi,
	options: SmacksOptions,
	resumption: Resumption,
	restart: Restart,
	stream_of: (session: object) => ManagedStream | undefined,
): void {
	module.hook("pre-session-close", ({ session }) => {
		const stream = stream_of(session);
		if (stream === undefined || stream.outlives_server) return;
		resumption.forget(stream, session.username);
		stream.watchdog?.stop();
		stream.watchdog = undefined;
		// XEP-0198 §7
		if (session.conn !== undefined && stream.handled !== undefined) stream.send_ack();
	});

	module.hook("pre-resource-unbind", ({ session }) => {
		const stream = stream_of(session);
		if (stream === undefined || !(session instanceof ClientSession)) return undefined;
		if (stream.outlives_server) return true;
		if (stream.token === undefined) {
			give_back_unacked(module, stream, options);
			stream.release();
			return undefined;
		}
		if (stream.hibernating !== undefined) return undefined;
		stream.hibernating = Math.floor(Date.now() / 1000);
		stream.stop_waiting();
		resumption.wait(stream, session, options.hibernation_time);
		session.log("debug", "Session going into hibernation (not being destroyed)");
		module.fire_event("smacks-hibernation-start", { origin: session, queue: stream.waiting() });
		return true;
	});

	/** Without a word: whoever is told would not come back to it. */
	function cut(session: ClientSession): void {
		session.conn?.close();
		session.conn = undefined;
	}

	function end_for_good(stream: ManagedStream, session: ClientSession, reason: string): void {
		resumption.keep_count(stream, session.username);
		give_back_unacked(module, stream, options);
		cut(session);
		session.close({ condition: "system-shutdown", text: reason });
	}

	// In a cluster, another node goes on with them.
	// Before mod_c2s closes all streams, which would end the sessions: what was handled is to be known after the restart
	module.hook_global(
		"server-stopping",
		({ reason }) => {
			for (const stream of [...resumption.by_account().values()].flat()) {
				const { session } = stream;
				if (!(session instanceof ClientSession)) continue;
				const is_mirrored = options.mirror.has(stream);
				if (!(is_mirrored || options.outlives_restarts) || stream.queue?.is_whole !== true) {
					end_for_good(stream, session, reason);
					continue;
				}
				stream.outlives_server = true;
				stream.stop_waiting();
				if (stream.hibernating === undefined) {
					stream.hibernating = Math.floor(Date.now() / 1000);
					stream.waits_until = Date.now() / 1000 + options.hibernation_time;
				}
				stream.watchdog?.stop();
				options.mirror.came(stream);
				cut(session);
			}
		},
		-90,
	);

	// Once all others have left, and what they hear of that is in their queues
	module.hook_global(
		"server-stopping",
		({ reason }) => {
			for (const [username, streams] of resumption.by_account()) {
				const kept = streams.filter((stream) => stream.outlives_server && !options.mirror.has(stream));
				if (kept.length === 0) continue;
				if (restart.put_away(username, kept)) {
					// For a Prosody that comes next
					for (const stream of kept) resumption.keep_count(stream, username);
					continue;
				}
				for (const stream of kept) {
					stream.outlives_server = false;
					if (stream.session instanceof ClientSession) end_for_good(stream, stream.session, reason);
				}
			}
		},
		-1000,
	);

	module.hook_global("host-activated", (host) => {
		if (host !== module.host) return;
		// Sessions that go on have copies of their own
		options.copies.settle();
		restart.bring_back();
	});
}
