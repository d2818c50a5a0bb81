// Counterpart: plugins/mod_pep.lua (XEP-0163)

import type { DiscoEvent, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { PubsubService } from "../util/pubsub.ts";
import { type Interest, learn_interest } from "./pep/interest.ts";
import { open_services } from "./pep/services.ts";
import { pubsub_commands } from "./pubsub/commands.ts";
import { node_config_form } from "./pubsub/forms.ts";
import { handle_pubsub_iq } from "./pubsub/handle.ts";
import { feature_set, handle_disco_info_node, handle_disco_items_node, handlers, iq_namespaces } from "./pubsub/pubsub.lib.ts";

declare module "../core/types.ts" {
	interface ModuleExports {
		pep: {
			/** What an account publishes about itself; a service without nodes that allows nothing, where there is no such account. */
			get_pep_service(username: string): PubsubService;
		};
	}
}

/** The account that a stanza is about. */
function account_of({ origin, stanza: { attr } }: Pick<StanzaEvent, "origin" | "stanza">): string {
	const { to } = attr;
	return (to === undefined ? (origin.type === "c2s" ? origin.username : undefined) : jid.node(to)) ?? "";
}

/** People publish things about themselves, and their contacts are told. Option: pep_max_items. */
export const definition: ModuleDefinition = {
	name: "pep",
	load(module) {
		const most_items = module.get_option_number("pep_max_items", 256, 0);
		const form = node_config_form(most_items);
		let interest: Interest | undefined;
		const services = open_services(module, (username) => interest?.interested(username), most_items);
		interest = learn_interest(module, services.get);

		for (const xmlns of iq_namespaces) {
			module.hook(`iq/bare/${xmlns}:pubsub`, (event) => handle_pubsub_iq(event, services.get(account_of(event)), form, handlers));
		}

		module.hook("account-disco-info-node", (event) => handle_disco_info_node(event, services.get(account_of(event))));
		module.hook("account-disco-items-node", (event) => handle_disco_items_node(event, services.get(account_of(event))));

		module.hook("account-disco-info", (event: DiscoEvent) => {
			const { reply } = event;
			reply.tag("identity", { category: "pubsub", type: "pep" }).up();
			const features = feature_set(services.get(account_of(event)));
			const more = ["auto-subscribe", "filtered-notifications", "last-published", "presence-notifications", "presence-subscribe"];
			for (const feature of more) features.add(feature);
			reply.tag("feature", { var: ns.pubsub }).up();
			for (const feature of features) reply.tag("feature", { var: `${ns.pubsub}#${feature}` }).up();
		});

		module.hook("account-disco-items", (event: DiscoEvent) => {
			const { reply, stanza } = event;
			const username = account_of(event);
			const service = services.get(username);
			const nodes = service.get_nodes(jid.bare(stanza.attr["from"]) ?? "");
			if (!nodes.ok) return;
			for (const [node, { config }] of nodes.value) {
				const { title } = config;
				const name = typeof title === "string" ? title : undefined;
				reply.tag("item", { jid: `${username}@${module.host}`, node, name }).up();
			}
		});

		module.hook_global("user-deleted", ({ username, host }) => {
			if (host !== module.host) return;
			const service = services.loaded(username);
			for (const node of [...(service?.nodes.keys() ?? [])]) service?.delete(node, true);
			services.forget(username);
			interest?.forget(username);
		});

		for (const command of pubsub_commands((address) => services.get(jid.node(address) ?? ""), form)) {
			module.add_item("shell-command", command);
		}
		return { get_pep_service: services.get };
	},
};
