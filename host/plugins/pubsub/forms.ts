// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (forms)

import { type Field, type FieldValues, type Form, type FormData, new_form, type ParsedValues } from "../../util/dataforms.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import type { NodeConfig } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";

const boolean = (name: string, variable: string, label: string): Field => ({
	type: "boolean",
	name,
	var: `pubsub#${variable}`,
	label,
	value: true,
});

/**
 * What can be configured of a node.
 * @param most_items how many may be kept at most
 */
export function node_config_form(most_items: number): Form {
	return new_form({
		fields: [
			{ type: "hidden", var: "FORM_TYPE", value: "http://jabber.org/protocol/pubsub#node_config" },
			{ type: "text-single", name: "title", var: "pubsub#title", label: "Title" },
			{ type: "text-single", name: "description", var: "pubsub#description", label: "Description" },
			{
				type: "text-single",
				name: "payload_type",
				var: "pubsub#type",
				label: "The type of node data, usually specified by the namespace of the payload (if any)",
			},
			{
				type: "text-single",
				datatype: "pubsub:integer-or-max",
				name: "max_items",
				range_min: 1,
				range_max: most_items,
				var: "pubsub#max_items",
				label: "Max # of items to persist",
			},
			{ type: "boolean", name: "persist_items", var: "pubsub#persist_items", label: "Persist items to storage" },
			{
				type: "list-single",
				name: "access_model",
				var: "pubsub#access_model",
				label: "Specify the subscriber model",
				options: ["authorize", "open", "presence", "roster", "whitelist"],
			},
			{
				type: "list-multi",
				name: "roster_groups_allowed",
				var: "pubsub#roster_groups_allowed",
				label: "Roster groups allowed to subscribe",
			},
			{
				type: "list-single",
				name: "publish_model",
				var: "pubsub#publish_model",
				label: "Specify the publisher model",
				options: ["publishers", "subscribers", "open"],
			},
			{
				type: "list-single",
				var: "pubsub#send_last_published_item",
				name: "send_last_published_item",
				options: ["never", "on_sub", "on_sub_and_presence"],
			},
			boolean("notify_items", "deliver_notifications", "Whether to deliver event notifications"),
			boolean("include_payload", "deliver_payloads", "Whether to deliver payloads with event notifications"),
			{
				type: "list-single",
				name: "notification_type",
				var: "pubsub#notification_type",
				label: "Specify the delivery style for notifications",
				options: [
					{ label: "Messages of type normal", value: "normal" },
					{ label: "Messages of type headline", value: "headline", default: true },
				],
			},
			boolean("notify_delete", "notify_delete", "Whether to notify subscribers when the node is deleted"),
			boolean("notify_retract", "notify_retract", "Whether to notify subscribers when items are removed from the node"),
			{
				type: "list-single",
				label: "Specify whose JID to include as the publisher of items",
				name: "itemreply",
				var: "pubsub#itemreply",
				options: [
					{ label: "Include the node owner's JID", value: "owner" },
					{ label: "Include the item publisher's JID", value: "publisher" },
					{ label: "Don't include any JID with items", value: "none", default: true },
				],
			},
		],
	});
}

export const subscribe_options_form = new_form({
	fields: [
		{ type: "hidden", var: "FORM_TYPE", value: "http://jabber.org/protocol/pubsub#subscribe_options" },
		{ type: "boolean", name: "pubsub#include_body", label: "Receive message body in addition to payload?" },
	],
});

export const node_metadata_form = new_form({
	fields: [
		{ type: "hidden", var: "FORM_TYPE", value: "http://jabber.org/protocol/pubsub#meta-data" },
		{ type: "text-single", name: "title", var: "pubsub#title" },
		{ type: "text-single", name: "description", var: "pubsub#description" },
		{ type: "text-single", name: "payload_type", var: "pubsub#type" },
		{ type: "text-single", name: "access_model", var: "pubsub#access_model" },
		{ type: "text-single", name: "publish_model", var: "pubsub#publish_model" },
	],
});

/** Reads a form that was sent; an error that names the fields that are wrong. */
export function read_form(form: Form, sent: Stanza | undefined, current?: ParsedValues): Result<NodeConfig, StanzaError> {
	if (sent?.name !== "x" || sent.attr["xmlns"] !== ns.data) {
		return failed(stanza_error("modify", "bad-request", "Missing dataform"));
	}
	const { data, errors }: FormData = form.data(sent, current);
	if (errors === undefined) return ok(data);
	const problems = Object.entries(errors).map(([field, problem]) => `${field}: ${problem}`);
	return failed(stanza_error("modify", "bad-request", problems.join("; ")));
}

/** A configuration as the values of a form that are there already. */
export function parsed_values(config: NodeConfig): ParsedValues {
	const values: ParsedValues = {};
	for (const [key, value] of Object.entries(config)) {
		if (value !== undefined) values[key] = typeof value === "object" ? [...value] : value;
	}
	return values;
}

/** The form filled in. */
export function filled(form: Form, config: NodeConfig, type?: "result" | "submit"): Stanza {
	const values: FieldValues = { ...config };
	return form.form(values, type);
}
