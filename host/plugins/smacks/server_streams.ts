// Counterpart: plugins/mod_smacks.lua (streams with other servers)

import { ServerStreamSession } from "../../core/s2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import { ns } from "../../util/ns.ts";
import * as st from "../../util/stanza.ts";
import type {} from "../s2s/events.ts";
import type { ManagedStream, SmacksOptions } from "./managed_stream.ts";
import { give_back_unacked } from "./undelivered.ts";

/** Has streams with other servers managed, where both have it; they are not resumed. */
export function manage_server_streams(
	module: ModuleApi,
	options: SmacksOptions,
	streams: {
		find(session: object): ManagedStream | undefined;
		begin(session: ServerStreamSession, xmlns: string): ManagedStream;
	},
): void {
	/** What other servers offer. */
	const offered = new WeakMap<ServerStreamSession, string>();

	module.hook(`stanza/${ns.streams}:features`, ({ origin, stanza }): undefined => {
		if (!(origin instanceof ServerStreamSession) || origin.type !== "s2sout" || !options.with_servers) return;
		const xmlns = [ns.sm3, ns.sm2].find((name) => stanza.get_child("sm", name) !== undefined);
		if (xmlns !== undefined) offered.set(origin, xmlns);
	});

	module.hook("s2sout-established", ({ session }) => {
		const xmlns = offered.get(session);
		if (xmlns === undefined || streams.find(session) !== undefined) return;
		const stream = streams.begin(session, xmlns);
		stream.manage_outgoing();
		stream.send(st.stanza("enable", { xmlns }));
	});

	for (const xmlns of [ns.sm2, ns.sm3]) {
		module.hook(
			`stanza/${xmlns}:enabled`,
			({ origin }) => {
				const stream = streams.find(origin);
				if (!(origin instanceof ServerStreamSession) || stream === undefined) return undefined;
				if (stream.handled === undefined) stream.manage_incoming();
				return true;
			},
			100,
		);
		module.hook(`stanza/${xmlns}:failed`, ({ origin, stanza }) => {
			const stream = streams.find(origin);
			if (!(origin instanceof ServerStreamSession) || stream === undefined) return undefined;
			origin.log("warn", "%s does not manage its stream after all: %s", origin.to_host, stanza.first_tag?.name ?? "no reason");
			stream.release();
			stream.queue = undefined;
			return true;
		});
	}

	for (const event of ["s2sout-destroyed", "s2sin-destroyed"] as const) {
		module.hook(event, ({ session }) => {
			const stream = streams.find(session);
			if (stream === undefined) return;
			const waiting = stream.waiting();
			if (waiting.length > 0) session.log("warn", "Destroying session with %d unacked stanzas", waiting.length);
			if (options.resends_to_servers) for (const stanza of waiting) module.send(stanza);
			else give_back_unacked(module, stream, options);
			stream.release();
		});
	}

	module.hook("s2s-pre-ondrain", ({ session }) => streams.find(session)?.going_out());
	module.hook("s2s-read-timeout", ({ session }) => {
		const stream = streams.find(session);
		if (stream?.queue === undefined) return undefined;
		if (stream.awaits_ack) return false;
		stream.request_ack(true, "read timeout");
		return true;
	});
	// Source: mod_s2s.lua
	module.hook(
		"smacks-ack-delayed",
		({ origin }) => {
			if (!(origin instanceof ServerStreamSession)) return undefined;
			origin.close({ condition: "connection-timeout" });
			return true;
		},
		-1,
	);
}
