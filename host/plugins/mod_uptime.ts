// Counterpart: plugins/mod_uptime.lua

import type { ModuleDefinition, Session } from "../core/types.ts";
import type { AdhocCommand } from "../util/adhoc.ts";
import { clock_at, format_clock } from "../util/date.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/**
 * How long the server has been running, as a sentence.
 * @param start_time in seconds since 1970, as is `now`
 */
export function uptime_text(start_time: number, now: number): string {
	const minutes = Math.floor((now - start_time) / 60);
	const count = (value: number, unit: string): string => `${value} ${unit}${value === 1 ? "" : "s"}`;
	const parts = [count(Math.floor(minutes / 1440), "day"), count(Math.floor(minutes / 60) % 24, "hour")];
	const since = format_clock("%c", clock_at(start_time, false));
	return `This server has been running for ${parts.join(", ")} and ${count(minutes % 60, "minute")} (since ${since})`;
}

/** Tells how long the server has been running (XEP-0012 §5), also by a command. */
export const definition: ModuleDefinition = {
	name: "uptime",
	load(module) {
		const now = (): number => Math.floor(Date.now() / 1000);
		const started = (): number => module.server.start_time ?? now();
		module.add_feature(ns.last);
		module.hook("iq-get/host/jabber:iq:last:query", ({ origin, stanza }) => {
			const seconds = now() - started();
			origin.send(st.reply(stanza).tag("query", { xmlns: ns.last, seconds: String(seconds) }));
			return true;
		});
		const command: AdhocCommand<Session> = {
			name: "Get uptime",
			node: "uptime",
			permission: "any",
			handler: () => [{ status: "completed", info: uptime_text(started(), now()) }],
		};
		module.depends("adhoc");
		module.add_item("adhoc-provider", command);
	},
};
