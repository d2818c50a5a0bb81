// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (create, delete, configure, default)

import { stanza_error } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import type { NodeConfig } from "../../util/pubsub.ts";
import * as st from "../../util/stanza.ts";
import * as uuid from "../../util/uuid.ts";
import { filled, parsed_values, read_form } from "./forms.ts";
import { type Answer, answer_done, type Request, type RequestHandler, refuse, with_node } from "./handle.ts";

function set_create(request: Request): Answer {
	const { service, pubsub, stanza, from, form } = request;
	const configure = pubsub.get_child("configure");
	let config: NodeConfig | undefined;
	if (configure !== undefined) {
		const read = read_form(form, configure.get_child("x", ns.data));
		if (!read.ok) return read;
		config = read.value;
	}
	const node = request.node ?? uuid.generate();
	const created = service.create(node, from, config);
	if (!created.ok) return refuse(created);
	const reply = st.reply(stanza);
	// Whoever did not name it is told its name
	return request.node === undefined ? reply.tag("pubsub", { xmlns: ns.pubsub }).tag("create", { node }) : reply;
}

function get_configure(request: Request, node: string): Answer {
	const config = request.service.get_node_config(node, request.from);
	if (!config.ok) return refuse(config);
	return st
		.reply(request.stanza)
		.tag("pubsub", { xmlns: ns.pubsub_owner })
		.tag("configure", { node })
		.add_child(filled(request.form, config.value));
}

function set_configure(request: Request, node: string): Answer {
	const { service, from, action, form } = request;
	if (!service.may(node, from, "configure")) return refuse("forbidden");
	const sent = action.get_child("x", ns.data);
	if (sent === undefined) return { error: stanza_error("modify", "bad-request", "Missing dataform") };
	const current = service.get_node_config(node, from);
	if (!current.ok) return refuse(current);
	const read = read_form(form, sent, parsed_values(current.value));
	return read.ok ? answer_done(request, service.set_node_config(node, from, read.value)) : read;
}

function get_default({ service, stanza, form }: Request): Answer {
	const defaults = filled(form, service.node_defaults);
	return st.reply(stanza).tag("pubsub", { xmlns: ns.pubsub_owner }).tag("default").add_child(defaults);
}

export const node_handlers: readonly (readonly [string, RequestHandler])[] = [
	["set create", set_create],
	["owner set delete", with_node((request, node) => answer_done(request, request.service.delete(node, request.from)))],
	["owner get configure", with_node(get_configure)],
	["owner set configure", with_node(set_configure)],
	["owner get default", get_default],
];
