// Counterpart: plugins/mod_lastactivity.lua (XEP-0012)

import type { ModuleDefinition, Question } from "../core/types.ts";
import { fields_of, number_of, text_of } from "../util/cluster/read.ts";
import { now } from "../util/datetime.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import { type Eventual, go_on, waiting_for } from "../util/waiting.ts";

/** When an account went offline. */
interface Farewell {
	/** What its client said then. */
	readonly status: string | undefined;
	/** In seconds since 1970. */
	readonly time: number;
}

function is_farewells(value: unknown): value is Map<string, Farewell> {
	return value instanceof Map;
}

/** In a cluster the account may have been elsewhere when it went offline. */
function farewell_question(host: string): Question<string, { readonly farewell: Farewell | undefined }> {
	return {
		name: `lastactivity ${host}`,
		read_asked: text_of,
		read_answer(given) {
			const fields = fields_of(given);
			const farewell = fields_of(fields?.["farewell"]);
			const time = number_of(farewell?.["time"]);
			if (fields === undefined) return undefined;
			return { farewell: time === undefined ? undefined : { time, status: text_of(farewell?.["status"]) } };
		},
	};
}

/** Tells contacts since when somebody is offline. It is known until the server stops. */
export const definition: ModuleDefinition = {
	name: "lastactivity",
	load(module) {
		let farewells = new Map<string, Farewell>();
		module.add_feature(ns.last);

		module.hook(
			"pre-presence/bare",
			({ origin, stanza }) => {
				const { to, type } = stanza.attr;
				if (to !== undefined || type !== "unavailable" || origin.type !== "c2s" || origin.username === undefined) return;
				farewells.set(origin.username, { status: stanza.get_child_text("status"), time: now() });
			},
			10,
		);

		module.hook("iq-get/bare/jabber:iq:last:query", ({ origin, stanza }) => {
			const { to, from } = stanza.attr;
			const own = origin.type === "c2s" ? origin.username : undefined;
			const username = (to === undefined ? undefined : jid.node(to)) ?? own;
			const asking = jid.bare(from);
			if (username === undefined) return undefined;
			const may_ask =
				to === undefined ||
				(asking !== undefined && module.server.rostermanager.is_contact_subscribed(username, module.host, asking));
			if (!may_ask) {
				origin.send(st.error_reply(stanza, "auth", "forbidden"));
				return true;
			}
			return go_on(last_farewell(username), (farewell): true => {
				const seconds = farewell === undefined ? 0 : now() - farewell.time;
				const answer = st.reply(stanza).tag("query", { xmlns: ns.last, seconds: String(Math.max(0, seconds)) });
				origin.send(answer.text(farewell?.status).reset());
				return true;
			});
		});

		const { cluster, nodes } = module.server;
		const question = farewell_question(module.host);
		module.unload = nodes.answer(question, (username) => ({ farewell: farewells.get(username) }));

		/** The last one that any node has seen; those that do not answer are of no use here. */
		function last_farewell(username: string): Eventual<Farewell | undefined> {
			if (cluster === undefined) return farewells.get(username);
			const asking = nodes.ask_all(question, username).then(({ answers }) => {
				const all = answers.map(({ answer }) => answer.farewell).filter((farewell) => farewell !== undefined);
				return all.sort((a, b) => b.time - a.time)[0];
			});
			return waiting_for(asking);
		}

		module.hook_global("user-deleted", ({ username, host }) => {
			if (host === module.host) farewells.delete(username);
		});
		module.save = () => farewells;
		module.restore = (saved) => {
			if (is_farewells(saved)) farewells = saved;
		};
	},
};
