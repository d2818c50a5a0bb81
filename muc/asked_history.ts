// Counterpart: plugins/muc/history.lib.lua (parse_history)

import { now, parse as parse_datetime } from "../host/util/datetime.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import { tonumber } from "../host/util/tonumber.ts";
import type { GetHistoryEvent } from "./events.ts";

/** What a presence asks for (XEP-0045 §7.2.14); `since` in seconds since 1970. */
export function parse_history(stanza: Stanza): Pick<GetHistoryEvent, "maxchars" | "maxstanzas" | "since"> {
	const history = stanza.get_child("x", ns.muc)?.get_child("history", ns.muc);
	if (history === undefined) return { maxchars: undefined, maxstanzas: undefined, since: undefined };
	let since = parse_datetime(history.attr["since"]);
	const seconds = tonumber(history.attr["seconds"]);
	if (seconds !== undefined) {
		const start = now() - seconds;
		since = since === undefined ? start : Math.max(since, start);
	}
	return { maxchars: tonumber(history.attr["maxchars"]), maxstanzas: tonumber(history.attr["maxstanzas"]), since };
}
