// A host whose clients are no connections, with handlers in Lua for what they get: once as it is, and once with a handler beside them
// that wants each copy, so that all of them do.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { create_delivery } from "../../../host/core/delivery.ts";
import type { C2sSession, HostSession, ModuleApi, StanzaEvent } from "../../../host/core/types.ts";
import { Events, type Handler } from "../../../host/util/events.ts";
import * as st from "../../../host/util/stanza.ts";
import { VersionedMap } from "../../../host/util/versioned_map.ts";
import { create_lua } from "../lua.ts";

/** Libraries and state that rules use; each way has its own. */
const head = `
local split, bare_of = require "util.jid".split, require "util.jid".bare
local zone = { localhost = true, ["tybalt@localhost"] = true, ["mercutio@localhost/crypt"] = "quoth" }
local tree = { localhost = { mercutio = { friends = true }, ["tybalt"] = 7 }, away = zone }
local inherits = setmetatable({ own = 1 }, { __index = zone })
local asks = setmetatable({}, { __index = function (_, key) return key == "tybalt@localhost/crypt" end })
local counter, seen, said, last = { n = 0 }, {}, {}, nil
local function list_contains(self, item) return self.items[item] == true end
local list = { items = { ["mercutio@localhost"] = true }, contains = list_contains }
local function note(text) said[#said + 1] = text end
module:hook("state", function ()
	local names = {}
	for name in pairs(seen) do names[#names + 1] = name end
	table.sort(names)
	return table.concat({ counter.n, table.concat(names, ","), table.concat(said, ","), tostring(last) }, " / ")
end)
`;

/** A handler whose rules can name the parts of a stanza as those of mod_firewall do. */
export function handler(rules: string, priority = 1): string {
	return `
module:hook("message/full", function (event)
	local stanza, session = event.stanza, event.origin
	local to, from, type = stanza.attr.to, stanza.attr.from, stanza.attr.type
	${rules}
end, ${priority})
`;
}

/** What happened to copies: for whom, and without its address. */
export type Outcome = readonly [to: string, what: string];

export interface Way {
	/** Sends a stanza to many, and says what became of it. */
	broadcast(recipients: readonly string[], stanza: st.Stanza): Outcome[];
	/** What the handlers in Lua remember. */
	state(): unknown;
	/** How often Lua was called. */
	calls(): number;
}

export interface Parquet {
	/**
	 * Puts handlers on a new host.
	 * @param each whether a handler of the host's wants each copy
	 * @param filters clients who look at each stanza themselves
	 */
	way(code: string, each: boolean, filters?: ReadonlySet<string>): Way;
	stop(): Promise<void>;
}

/** A stanza without its address. */
function without_address(stanza: st.Stanza): string {
	const copy = st.clone(stanza);
	delete copy.attr["to"];
	return copy.toString();
}

export async function create_parquet(): Promise<Parquet> {
	const lua = await create_lua();
	let number = 0;

	function way(code: string, each: boolean, filters: ReadonlySet<string> = new Set()): Way {
		const name = `way${++number}`;
		const events = new Events<{ [name: string]: unknown }>();
		const outcomes: [string, string][] = [];
		const sessions = new VersionedMap<string, C2sSession>();
		for (const node of ["mercutio", "tybalt", "benvolio", "7"]) {
			for (const resource of ["crypt", "balcony"]) {
				const full_jid = `${node}@localhost/${resource}`;
				const session: Pick<C2sSession, "host" | "full_jid" | "has_filter" | "send" | "send_shared"> = {
					host: "localhost",
					full_jid,
					has_filter: () => filters.has(full_jid),
					send: (stanza) => outcomes.push([full_jid, without_address(stanza)]) > 0,
					send_shared: ({ head: before, tail }) => outcomes.push([full_jid, before + tail]) > 0,
				};
				// nothing else of it is asked for
				sessions.set(full_jid, session as C2sSession);
			}
		}
		const deliver: Handler<StanzaEvent> = ({ stanza }) => sessions.get(stanza.attr["to"] ?? "")?.send(stanza);
		events.add_any("message/full", deliver as Handler<unknown>, -1);
		if (each) events.add_any("message/full", () => undefined, 100);
		const plain_delivery = new Map([["message", deliver]]);
		const host = { host: "localhost", events, plain_delivery, bystanders: new Map(), text_routes: new Map() };
		const path = join(lua.data_path, `mod_${name}.lua`);
		writeFileSync(path, head + code);
		const server: ModuleApi["server"] = Object.create(lua.server, { hosts: { value: new Map([["localhost", host]]) } });
		const log = lua.server.logger(name);
		const api: Pick<ModuleApi, "name" | "host" | "log" | "unload" | "ready" | "server"> = {
			name,
			host: "localhost",
			server,
			log,
			unload: undefined,
			ready: undefined,
		};
		// the module needs nothing else
		lua.host.load(path, api as unknown as ModuleApi);
		const delivery = create_delivery(
			{ hosts: new Map([["localhost", host as unknown as HostSession]]), full_sessions: sessions, bare_sessions: new Map() },
			() => false,
		);
		const otherwise = (to: string, stanza: st.Stanza): void => {
			const copy = st.clone(stanza);
			copy.attr["to"] = to;
			try {
				const answer = events.fire_waiting("message/full", { origin: { host: "conference.localhost", marks: 1 }, stanza: copy });
				if (answer === undefined) outcomes.push([to, "nobody"]);
			} catch {
				outcomes.push([to, "error"]);
			}
		};
		return {
			broadcast(recipients, stanza) {
				outcomes.length = 0;
				delivery.broadcast(recipients, stanza, (to) => otherwise(to, stanza));
				return [...outcomes];
			},
			state: () => events.fire_any("state", {}),
			calls: () => lua.host.costs.get(`localhost:${name}`)?.calls ?? 0,
		};
	}

	return { way, stop: () => lua.stop() };
}
