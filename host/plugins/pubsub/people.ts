// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (subscriptions, options, affiliations)

import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import { is_affiliation, type PubsubNode, type SubscriptionOptions } from "../../util/pubsub.ts";
import * as st from "../../util/stanza.ts";
import { filled, parsed_values, read_form, subscribe_options_form } from "./forms.ts";
import { type Answer, answer_done, type Request, type RequestHandler, refuse, with_node } from "./handle.ts";

/** Handlers for one node and a JID that is named with it. */
function with_subscriber(handler: (request: Request, node: string, address: string) => Answer): RequestHandler {
	return (request) => {
		const address = jid.prep(request.action.attr["jid"]);
		if (address === undefined) return refuse("invalid-jid");
		return request.node === undefined ? refuse("nodeid-required") : handler(request, request.node, address);
	};
}

function subscription_reply({ stanza }: Request, node: string, address: string, subscription: string): st.Stanza {
	return st.reply(stanza).tag("pubsub", { xmlns: ns.pubsub }).tag("subscription", { node, jid: address, subscription }).up();
}

function set_subscribe(request: Request, node: string, address: string): Answer {
	const { service, pubsub, from } = request;
	const options_tag = pubsub.get_child("options");
	let options: SubscriptionOptions | undefined;
	if (options_tag !== undefined) {
		const read = read_form(subscribe_options_form, options_tag.first_tag);
		if (!read.ok) return read;
		options = read.value;
	}
	const done = service.add_subscription(node, from, address, options);
	if (done.ok) request.after = () => send_last_item(request, node, address);
	if (!done.ok) return refuse(done);
	const reply = subscription_reply(request, node, address, "subscribed");
	return options_tag === undefined ? reply : reply.add_child(st.clone(options_tag));
}

/** A new subscriber is told what came last, where the node does that. */
function send_last_item({ service }: Request, node: string, address: string): void {
	const node_obj = service.nodes.get(node);
	if (node_obj === undefined || service.config_of(node_obj)["send_last_published_item"] === "never") return;
	const last = service.get_last_item(node, address);
	if (!last.ok || last.value === undefined) return;
	service.config.broadcaster?.({ kind: "items", node, recipients: new Map([[address, true]]), item: last.value[1] });
}

function set_unsubscribe(request: Request, node: string, address: string): Answer {
	const done = request.service.remove_subscription(node, request.from, address);
	return done.ok ? subscription_reply(request, node, address, "none") : refuse(done);
}

function get_options(request: Request, node: string, address: string): Answer {
	const { service, from, stanza } = request;
	const found = service.get_subscription(node, from, address);
	if (!found.ok) return refuse("not-subscribed");
	const options = found.value === undefined || found.value === true ? {} : found.value;
	return st
		.reply(stanza)
		.tag("pubsub", { xmlns: ns.pubsub })
		.tag("options", { node, jid: address })
		.add_child(filled(subscribe_options_form, options));
}

function set_options(request: Request, node: string, address: string): Answer {
	const { service, from, action } = request;
	const found = service.get_subscription(node, from, address);
	if (!found.ok) return refuse(found);
	if (found.value === undefined) return refuse("not-subscribed");
	const before = found.value === true ? undefined : parsed_values(found.value);
	const read = read_form(subscribe_options_form, action.first_tag, before);
	return read.ok ? answer_done(request, service.add_subscription(node, from, address, read.value)) : read;
}

/** Lists subscriptions: one's own, or those of everybody to a node. */
function list_subscriptions(request: Request, of: string | undefined, xmlns: string): Answer {
	const found = request.service.get_subscriptions(request.node, request.from, of);
	if (!found.ok) return refuse(found);
	const reply = st.reply(request.stanza).tag("pubsub", { xmlns }).tag("subscriptions");
	for (const { node, jid: address } of found.value) {
		reply.tag("subscription", { node, jid: address, subscription: "subscribed" }).up();
	}
	return reply;
}

/** A node that somebody may change something of. */
function changeable(request: Request, node: string, action: "subscribe_other" | "set_affiliation"): PubsubNode | Answer {
	if (!request.service.may(node, request.from, action)) return refuse("forbidden");
	return request.service.nodes.get(node) ?? refuse("item-not-found");
}

function set_subscriptions(request: Request, node: string): Answer {
	const { service, action, from, stanza } = request;
	const checked = changeable(request, node, "subscribe_other");
	if (!("subscribers" in checked)) return checked;
	for (const tag of action.childtags("subscription")) {
		const { subscription } = tag.attr;
		if (subscription !== "subscribed" && subscription !== "none") continue;
		// Divergence: Prosody takes anything for a JID, and fails on none
		const address = jid.prep(tag.attr["jid"]);
		if (address === undefined) return refuse("invalid-jid");
		const done =
			subscription === "subscribed"
				? service.add_subscription(node, from, address)
				: service.remove_subscription(node, from, address);
		if (!done.ok) return refuse(done);
	}
	return st.reply(stanza);
}

function get_affiliations(request: Request, node: string): Answer {
	const checked = changeable(request, node, "set_affiliation");
	if (!("affiliations" in checked)) return checked;
	const reply = st.reply(request.stanza).tag("pubsub", { xmlns: ns.pubsub_owner }).tag("affiliations", { node });
	for (const [address, affiliation] of checked.affiliations) reply.tag("affiliation", { jid: address, affiliation }).up();
	return reply;
}

function set_affiliations(request: Request, node: string): Answer {
	const { service, action, from, stanza } = request;
	const checked = changeable(request, node, "set_affiliation");
	if (!("affiliations" in checked)) return checked;
	for (const tag of action.childtags("affiliation")) {
		const address = jid.prep(tag.attr["jid"]);
		const { affiliation } = tag.attr;
		if (address === undefined) return refuse("invalid-jid");
		// Divergence: Prosody stores whatever text it is
		if (!is_affiliation(affiliation)) return refuse("not-acceptable");
		const done = service.set_affiliation(node, from, address, affiliation === "none" ? undefined : affiliation);
		if (!done.ok) return refuse(done);
	}
	return st.reply(stanza);
}

export const people_handlers: readonly (readonly [string, RequestHandler])[] = [
	["get subscriptions", (request) => list_subscriptions(request, request.from, ns.pubsub)],
	["owner get subscriptions", (request) => list_subscriptions(request, undefined, ns.pubsub_owner)],
	["owner set subscriptions", with_node(set_subscriptions)],
	["set subscribe", with_subscriber(set_subscribe)],
	["set unsubscribe", with_subscriber(set_unsubscribe)],
	["get options", with_subscriber(get_options)],
	["set options", with_subscriber(set_options)],
	["owner get affiliations", with_node(get_affiliations)],
	["owner set affiliations", with_node(set_affiliations)],
];
