// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (get_items, set_publish, set_retract, owner_set_purge)

import { ns } from "../../util/ns.ts";
import type { NodeConfig } from "../../util/pubsub.ts";
import * as st from "../../util/stanza.ts";
import { tonumber } from "../../util/tonumber.ts";
import * as uuid from "../../util/uuid.ts";
import { read_form } from "./forms.ts";
import { type Answer, answer_done, type Request, type RequestHandler, refuse, with_node } from "./handle.ts";

/** Whether items say who published them. */
function exposes_publisher({ service, node }: Request): boolean {
	const node_obj = node === undefined ? undefined : service.nodes.get(node);
	return service.config.expose_publisher ?? (node_obj !== undefined && service.config_of(node_obj)["itemreply"] === "publisher");
}

function get_items(request: Request, node: string): Answer {
	const { service, action, stanza, from } = request;
	const ids = [...action.childtags("item")].flatMap(({ attr: { id } }) => (id === undefined ? [] : [id]));
	if (!service.nodes.has(node)) return refuse("item-not-found");
	const { max_items } = action.attr;
	const max = max_items === undefined ? undefined : tonumber(max_items);
	const found = service.get_items(node, from, ids.length > 0 ? ids : undefined, max);
	if (!found.ok) return refuse(found);
	const is_exposed = exposes_publisher(request);
	const list = st.stanza("items", { node });
	const items = [...found.value.values()];
	// Oldest first, where the client does not say which ones
	for (const item of ids.length > 0 ? items : items.toReversed()) {
		if (!is_exposed) delete item.attr["publisher"];
		list.add_child(item);
	}
	return st.reply(stanza).tag("pubsub", { xmlns: ns.pubsub }).add_child(list);
}

function set_publish(request: Request, node: string): Answer {
	const { service, action, pubsub, stanza, from, form } = request;
	const options = pubsub.get_child("publish-options");
	let requested: NodeConfig | undefined;
	if (options !== undefined) {
		const read = read_form(form, options.get_child("x", ns.data));
		if (!read.ok) return read;
		requested = read.value;
	}
	const item = action.get_child("item");
	const id = item?.attr["id"] ?? uuid.generate();
	if (item !== undefined) {
		item.attr["id"] = id;
		item.attr["publisher"] = service.config.normalize_jid(from);
	}
	const done = service.publish(node, from, id, item, requested && { config: requested });
	if (!done.ok) return refuse(done);
	return st.reply(stanza).tag("pubsub", { xmlns: ns.pubsub }).tag("publish", { node }).tag("item", { id });
}

function set_retract(request: Request, node: string): Answer {
	const { service, action, from } = request;
	const { notify } = action.attr;
	const id = action.get_child("item")?.attr["id"];
	if (id === undefined) return refuse("item-not-found");
	const notice = notify === "1" || notify === "true" ? st.stanza("retract", { id }) : undefined;
	return answer_done(request, service.retract(node, from, id, notice));
}

export const item_handlers: readonly (readonly [string, RequestHandler])[] = [
	["get items", with_node(get_items)],
	["set publish", with_node(set_publish)],
	["set retract", with_node(set_retract)],
	["owner set purge", with_node((request, node) => answer_done(request, request.service.purge(node, request.from, true)))],
];
