// Counterpart: plugins/mod_pep.lua (get_caps_hash_from_presence, update_subscriptions)

import type { ModuleApi } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import { calculate_hash } from "../../util/caps.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { PubsubService } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import type { Interested } from "./services.ts";

/** The nodes that somebody wants to be told of. */
type Nodes = ReadonlySet<string>;

const nothing: Nodes = new Set();

/** What clients say of themselves (XEP-0115): under which name it is known, and how to ask for it. */
function capabilities_of(presence: Stanza): { hash: string; node: string } | undefined {
	const { hash, node, ver, ext = "" } = presence.get_child("c", ns.caps)?.attr ?? {};
	if (node === undefined || ver === undefined) return undefined;
	if (hash === undefined) return { hash: `${node}#${ver}#${ext}`, node: `${node}#${ver}` };
	return hash === "sha-1" ? { hash: ver, node: `${node}#${ver}` } : undefined;
}

/** The nodes that a client wants to be told of, by what it says of itself (XEP-0060 §9.2, `+notify`). */
function wanted_nodes(disco: Stanza): Nodes {
	const nodes = new Set<string>();
	for (const { attr } of disco.childtags("feature")) {
		const name = attr["var"];
		if (name?.endsWith("+notify")) nodes.add(name.slice(0, -"+notify".length));
	}
	return nodes;
}

/** Who wants to be told of what. */
export interface Interest {
	readonly interested: Interested;
	forget(username: string): void;
}

/**
 * Learns from presences who wants to be told of what, and tells them what came last. Option: pep_info_cache_size.
 * @param service_of the service of an account
 */
export function learn_interest(module: ModuleApi, service_of: (username: string) => PubsubService): Interest {
	const { server, host } = module;
	const size = module.get_option_integer("pep_info_cache_size", 10_000, 1);
	/** By account whose nodes they are, and by who wants to be told of them. */
	const recipients = new Cache<string, Map<string, Nodes>>(size);
	/** By the name of what clients say of themselves. */
	const known = new Cache<string, Nodes>(size);

	module.hook("account-given-up", ({ username }) => {
		if (username === undefined) recipients.clear();
		else recipients.set(username, undefined);
	});

	function of_account(username: string): Map<string, Nodes> {
		const found = recipients.get(username) ?? new Map<string, Nodes>();
		recipients.set(username, found);
		return found;
	}

	function resend_last_item(service: PubsubService, node: string, recipient: string): void {
		const node_obj = service.nodes.get(node);
		if (node_obj === undefined || service.config_of(node_obj)["send_last_published_item"] !== "on_sub_and_presence") return;
		const last = service.get_last_item(node, recipient);
		if (!last.ok || last.value === undefined) return;
		const item = last.value[1];
		service.config.broadcaster?.({ kind: "items", node, recipients: new Map([[recipient, true]]), item, actor: true, node_obj });
	}

	/** Somebody wants to be told of these nodes from now on. */
	function update(recipient: string, username: string, nodes: Nodes = nothing): void {
		const wanting = of_account(username);
		const before = wanting.get(recipient) ?? nothing;
		if (before.size === 0 && nodes.size === 0) return;
		const service = service_of(username);
		for (const node of nodes) {
			if (!before.has(node) && service.may(node, recipient, "subscribe")) resend_last_item(service, node, recipient);
		}
		if (nodes.size === 0) wanting.delete(recipient);
		else wanting.set(recipient, nodes);
	}

	function may_see(username: string, address: string): boolean {
		const bare = jid.bare(address);
		if (bare === `${username}@${host}`) return true;
		return bare !== undefined && server.rostermanager.is_contact_subscribed(username, host, bare);
	}

	module.hook(
		"presence/bare",
		({ origin, stanza }) => {
			const { to, from, type } = stanza.attr;
			const username = to === undefined ? (origin.type === "c2s" ? origin.username : undefined) : jid.node(to);
			if (username === undefined || from === undefined) return undefined;
			if (type === undefined && (to === undefined || may_see(username, from))) {
				const said = capabilities_of(stanza);
				// Without a word of it, a client may have left it out since nothing changed
				const current = recipients.get(username)?.get(from);
				const nodes = said === undefined ? undefined : known.get(said.hash);
				if (current !== undefined && current === nodes) return undefined;
				if (said === undefined) update(from, username);
				else if (nodes !== undefined) update(from, username, nodes);
				else {
					of_account(username);
					origin.send(
						st
							.stanza("iq", { from: `${username}@${host}`, to: from, id: "disco", type: "get" })
							.tag("query", { xmlns: ns.disco_info, node: said.node })
							.reset(),
					);
				}
			} else if (type === "unavailable") update(from, username);
			else if (to !== undefined && type === "unsubscribe") {
				const gone = jid.bare(from);
				for (const recipient of [...(recipients.get(username)?.keys() ?? [])]) {
					if (jid.bare(recipient) === gone) update(recipient, username);
				}
			}
			return undefined;
		},
		10,
	);

	module.hook("iq-result/bare/disco", ({ origin, stanza }) => {
		const disco = stanza.get_child("query", ns.disco_info);
		const { to, from } = stanza.attr;
		const own = to === undefined && origin.type === "c2s" ? origin.username : undefined;
		const username = own ?? (to === undefined ? undefined : jid.node(to));
		if (disco === undefined || username === undefined || from === undefined) return undefined;
		const nodes = wanted_nodes(disco);
		known.set(calculate_hash(disco), nodes);
		if (own !== undefined) {
			// Contacts here need not ask
			for (const [contact, { subscription }] of server.rostermanager.load_roster(own, host).items) {
				const contact_node = jid.node(contact);
				if (contact_node === undefined || jid.host(contact) !== host) continue;
				if (subscription === "both" || subscription === "from") update(`${own}@${host}`, contact_node, nodes);
			}
		}
		update(from, username, nodes);
		return undefined;
	});

	// Whoever is told of what is known again after a restart, since nobody says it anew
	module.hook("session-frozen", ({ session: { username }, more }) => {
		const wanting = username === undefined ? undefined : recipients.get(username);
		if (wanting === undefined || wanting.size === 0) return;
		more["pep"] = new Map([...wanting].map(([recipient, nodes]) => [recipient, [...nodes]]));
	});
	module.hook("session-restored", ({ session: { username }, more: { pep } }) => {
		if (username === undefined || !(pep instanceof Map || (typeof pep === "object" && !Array.isArray(pep)))) return;
		const wanting = of_account(username);
		for (const [recipient, nodes] of pep instanceof Map ? pep : Object.entries(pep)) {
			if (typeof recipient !== "string" || !Array.isArray(nodes) || wanting.has(recipient)) continue;
			if (server.delivery.is_ours(recipient) && !server.delivery.is_online(recipient)) continue;
			wanting.set(recipient, new Set(nodes.filter((node) => typeof node === "string")));
		}
	});

	return {
		interested: (username) => recipients.get(username),
		forget: (username) => void recipients.set(username, undefined),
	};
}
