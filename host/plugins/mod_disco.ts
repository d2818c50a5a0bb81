// Counterpart: plugins/mod_disco.lua

import type { DiscoEvent, ModuleApi, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import { calculate_hash } from "../util/caps.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** The host's identities, features and extensions, each once. */
function host_info(module: ModuleApi): st.Stanza {
	const query = st.stanza("query", { xmlns: ns.disco_info });
	const seen = new Set<string>();
	for (const { category, type, name } of module.get_host_items("identity")) {
		const key = `${category}\u0000${type}`;
		if (seen.has(key)) continue;
		seen.add(key);
		query.tag("identity", { category, type, name }).up();
	}
	for (const feature of new Set(module.get_host_items("feature"))) query.tag("feature", { var: feature }).up();
	for (const extension of new Set(module.get_host_items("extension"))) query.add_child(st.clone(extension));
	return query;
}

/** Fires an event for handlers that know nodes; answers item-not-found where none knows this one. */
function answer_node(module: ModuleApi, name: NodeEvent, event: DiscoEvent): unknown {
	const answer = module.fire_event(name, event);
	if (answer !== undefined) return answer;
	event.origin.send(event.exists ? event.reply : st.error_reply(event.stanza, "cancel", "item-not-found", "Node does not exist"));
	return true;
}

type NodeEvent = "host-disco-info-node" | "host-disco-items-node" | "account-disco-info-node" | "account-disco-items-node";

/** What an account tells those about itself who may see its presence. */
function load_account_disco(module: ModuleApi): void {
	const expose_admins = module.get_option_boolean("disco_expose_admins", false);
	module.default_permission("prosody:admin", ":be-discovered-admin");

	/** The queried account, where the sender may see its presence. */
	function visible_account({ origin, stanza }: StanzaEvent): { account: string; is_admin: boolean } | undefined {
		const { to, from } = stanza.attr;
		const account = to ?? (origin.type === "c2s" ? jid.bare(origin.full_jid) : undefined);
		const username = jid.node(account);
		const sender = jid.bare(from);
		if (account === undefined || username === undefined) return undefined;
		const is_admin = module.could(":be-discovered-admin", account);
		const subscribed = sender !== undefined && module.server.rostermanager.is_contact_subscribed(username, module.host, sender);
		return to === undefined || (expose_admins && is_admin) || subscribed ? { account, is_admin } : undefined;
	}

	function start_reply(stanza: st.Stanza, account: string, xmlns: string, node: string | undefined): st.Stanza {
		const reply = st.reply(stanza).tag("query", { xmlns, node });
		reply.attr["from"] ??= account;
		return reply;
	}

	module.hook("iq-get/bare/http://jabber.org/protocol/disco#info:query", (event) => {
		const { origin, stanza } = event;
		const visible = visible_account(event);
		if (!visible) return undefined;
		const node = stanza.first_tag?.attr["node"] || undefined;
		const reply = start_reply(stanza, visible.account, ns.disco_info, node);
		const add_features = (): void => {
			for (const feature of [ns.disco_info, ns.disco_items]) reply.tag("feature", { var: feature }).up();
		};
		if (node !== undefined) {
			add_features();
			return answer_node(module, "account-disco-info-node", { origin, stanza, reply, node, exists: false });
		}
		const is_anonymous = module.host_session().users.name === "anonymous";
		const type = visible.is_admin ? "admin" : is_anonymous ? "anonymous" : "registered";
		reply.tag("identity", { category: "account", type }).up();
		add_features();
		module.fire_event("account-disco-info", { origin, stanza, reply });
		origin.send(reply);
		return true;
	});

	module.hook("iq-get/bare/http://jabber.org/protocol/disco#items:query", (event) => {
		const { origin, stanza } = event;
		const visible = visible_account(event);
		if (!visible) return undefined;
		const node = stanza.first_tag?.attr["node"] || undefined;
		const reply = start_reply(stanza, visible.account, ns.disco_items, node);
		if (node !== undefined) {
			return answer_node(module, "account-disco-items-node", { origin, stanza, reply, node, exists: false });
		}
		module.fire_event("account-disco-items", { origin, stanza, reply });
		origin.send(reply);
		return true;
	});
}

/** The option `disco_items`: `{ { "JID", "name" }, … }`. */
function read_disco_items(module: ModuleApi): { jid: string; name: string | undefined }[] {
	const items: { jid: string; name: string | undefined }[] = [];
	for (const entry of module.get_option_array("disco_items")) {
		const [address, name]: unknown[] = Array.isArray(entry) ? entry : [];
		if (typeof address !== "string" || (name !== undefined && typeof name !== "string")) {
			module.log("error", 'option disco_items is malformed: expected a list of { "JID", "name" }');
			return [];
		}
		items.push({ jid: address, name });
	}
	return items;
}

/** Service discovery of hosts and accounts (XEP-0030). */
export const definition: ModuleDefinition = {
	name: "disco",
	load(module) {
		if (module.get_host_type() === "local") module.add_identity("server", "im", module.get_option_string("name", "Prosody"));
		module.add_feature(ns.disco_info);
		module.add_feature(ns.disco_items);
		const disco_items = read_disco_items(module);

		let cached: { query: st.Stanza; hash: string } | undefined;
		const info = () => {
			if (!cached) {
				const query = host_info(module);
				cached = { query, hash: calculate_hash(query) };
			}
			return cached;
		};
		const forget = (): void => {
			cached = undefined;
		};
		module.handle_items("identity", forget, forget, false);
		module.handle_items("feature", forget, forget, false);
		module.handle_items("extension", forget, forget, false);

		module.hook("iq-get/host/http://jabber.org/protocol/disco#info:query", ({ origin, stanza }) => {
			const node = stanza.first_tag?.attr["node"];
			if (node !== undefined && node !== "" && node !== `http://prosody.im#${info().hash}`) {
				const reply = st.reply(stanza).tag("query", { xmlns: ns.disco_info, node });
				return answer_node(module, "host-disco-info-node", { origin, stanza, reply, node, exists: false });
			}
			const query = st.clone(info().query);
			query.attr["node"] = node;
			origin.send(st.reply(stanza).add_child(query));
			return true;
		});

		module.hook("iq-get/host/http://jabber.org/protocol/disco#items:query", ({ origin, stanza }) => {
			const node = stanza.first_tag?.attr["node"] || undefined;
			const reply = st.reply(stanza).tag("query", { xmlns: ns.disco_items, node });
			if (node !== undefined) {
				return answer_node(module, "host-disco-items-node", { origin, stanza, reply, node, exists: false });
			}
			const answer = module.fire_event("host-disco-items", { origin, stanza, reply });
			if (answer !== undefined) return answer;
			for (const child of module.server.get_children(module.host)) reply.tag("item", { jid: child.host, name: child.name }).up();
			for (const item of disco_items) reply.tag("item", item).up();
			origin.send(reply);
			return true;
		});

		module.hook("stream-features", ({ origin, features }) => {
			if (origin.type !== "c2s" && origin.type !== "c2s_unbound") return;
			features.add_child(
				st.stanza("c", { xmlns: "http://jabber.org/protocol/caps", hash: "sha-1", node: "http://prosody.im", ver: info().hash }),
			);
		});

		if (module.get_host_type() === "local") load_account_disco(module);
	},
};
