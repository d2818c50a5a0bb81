// No counterpart: what is known of accounts: contacts, messages, archives, and what people publish.

import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import type { KnownDifference, PlayStep } from "../types.ts";

function sends(step: PlayStep): string {
	return step.kind === "send" ? step.xml : "";
}

/** Whether somebody is told that an account was deleted. */
function is_gone(stanza: Stanza | undefined): boolean {
	const error = stanza?.get_error();
	return error?.condition === "gone" && error.text === "User deleted";
}

/** What Prosody 13 and this host do, and 0.12 does not. */
const of_older: readonly KnownDifference[] = [
	{
		id: "0.12-ends-of-connections",
		reason:
			"Prosody 13 says in a client's last presence that its connection was closed without a goodbye, and remembers it; 0.12 does not.",
		shown_by: "im_connection_lost.scs",
		matches: ({ kind, path, subject }) =>
			(kind === "extra element" && /^<status[^>]*>Disconnected: closed</.test(subject ?? "")) ||
			(kind === "text" && path === "iq/query" && subject === "Disconnected: closed"),
	},
	{
		id: "0.12-discovery-of-accounts",
		reason: "Accounts and nodes of Prosody 13 say that they can be asked what they are and what they have; those of 0.12 do not.",
		shown_by: "im_account_disco.scs",
		matches: ({ kind, path, subject }) =>
			kind === "extra element" &&
			path === "iq/query/feature" &&
			/ var='http:\/\/jabber\.org\/protocol\/disco#(info|items)'/.test(subject ?? ""),
	},
	{
		id: "0.12-answers-to-blocked",
		reason:
			"0.12 answers a message of somebody who is blocked with an error; 13 says nothing unless bounce_blocked_messages is on.",
		shown_by: "im_blocked_message.scs",
		matches: ({ kind, reference_stanza }, step) =>
			kind === "missing stanza" &&
			sends(step).startsWith("<message ") &&
			reference_stanza?.name === "message" &&
			reference_stanza.get_error()?.condition === "service-unavailable",
	},
	{
		id: "0.12-fields-of-nodes",
		reason: "Prosody 13 lets people configure whose groups may read a node, and whether items tell who published them.",
		shown_by: "pep_node_form.scs",
		matches: ({ kind, path, subject }) =>
			kind === "extra element" &&
			path.endsWith("/x/field") &&
			/ var='pubsub#(roster_groups_allowed|itemreply)'/.test(subject ?? ""),
	},
	{
		id: "0.12-publishers",
		reason: "0.12 always tells which account has published an item; 13 where the node is configured so.",
		shown_by: "pep_publisher.scs",
		matches: ({ path, subject }) => path.endsWith("/items/item@publisher") && subject === undefined,
	},
	{
		id: "0.12-discovery-of-nodes",
		reason: "0.12 tells the access model of an account's node to everybody, and says of its items that they belong to the host.",
		shown_by: "pep_node_disco.scs",
		matches: ({ kind, path, reference }) =>
			(kind === "missing element" && path === "iq/query/x/field/value") ||
			(path === "iq/query/item@jid" && reference !== undefined && !reference.includes("@")),
	},
	{
		id: "0.12-missing-nodes",
		reason: "0.12 forbids to read a node that there is not; 13 says that there is none.",
		shown_by: "pep_missing_node.scs",
		matches: ({ path, reference_stanza, subject_stanza }) =>
			path.startsWith("iq/error") &&
			reference_stanza?.get_error()?.condition === "forbidden" &&
			subject_stanza?.get_error()?.condition === "item-not-found",
	},
	{
		id: "0.12-no-bookmarks",
		reason: "0.12 refuses to store that there are no bookmarks where there were none yet.",
		shown_by: "pep_no_bookmarks.scs",
		matches: ({ path, reference_stanza, subject_stanza }, step) =>
			/<storage xmlns='storage:bookmarks'(\/>|><\/storage>)/.test(sends(step)) &&
			path.startsWith("iq") &&
			reference_stanza?.get_error()?.condition === "internal-server-error" &&
			subject_stanza?.attr["type"] === "result",
	},
	{
		id: "0.12-payloads-of-last-items",
		reason: "0.12 sends the last item of a node to who comes online with its payload, also where the node is configured without.",
		shown_by: "pep_last_payload.scs",
		matches: ({ kind, path }) => kind === "missing element" && path.startsWith("message/event/items/item/"),
	},
	{
		id: "0.12-unreachable-clients",
		reason: "0.12 does not say whose client did not get a stanza, where that was lost with a connection.",
		shown_by: "im_unacknowledged.scs",
		matches: ({ path, reference }) => path.endsWith("/error@by") && reference === undefined,
	},
];

/** What accounts have otherwise than in Prosody, with the script that shows it. */
export const account_differences: readonly KnownDifference[] = [
	...of_older.map((entry) => ({ ...entry, reference: "0.12" })),
	{
		id: "items-twice",
		reason: "In memory, Prosody shows one item twice and another not at all after some were replaced.",
		shown_by: "pep_items_once.scs",
		matches({ path, reference_stanza }) {
			// An item that it has lost so cannot be taken out
			if (reference_stanza?.get_error()?.text === "Failed to store bookmarks to PEP") return true;
			if (!/items\/item|storage\/conference/.test(path)) return false;
			const names = [...(reference_stanza?.toString() ?? "").matchAll(/<item id='([^']*)'|<conference [^>]*jid='([^']*)'/g)];
			return new Set(names.map(([name]) => name)).size < names.length;
		},
	},
	{
		id: "contacts-in-any-order",
		reason: "Prosody does what concerns several contacts in the order of a Lua table, which is chance.",
		shown_by: "im_contacts_waiting.scs",
		matches: ({ kind }, step) => kind === "order" && /^<presence\b/.test(sends(step)),
	},
	{
		id: "forged-archive-ids",
		reason:
			"Prosody means to take out ids that claim to be of an account's archive, but archives and delivers the message with them (XEP-0359 §6).",
		shown_by: "im_forged_archive_ids.scs",
		matches: ({ kind, path, reference_stanza }) =>
			(kind === "missing element" && path.endsWith("message/stanza-id")) ||
			// Two that differ by such an id only
			(kind === "order" && reference_stanza?.get_child("result", ns.mam) !== undefined) ||
			(kind === "reuse" && path.startsWith("iq/fin/set/")),
	},
	{
		id: "carbons-of-archived",
		reason:
			"Prosody means to copy what is archived to all clients of an account, whatever its type, but looks for it without saying whose archive it is.",
		shown_by: "im_carbons_archived.scs",
		matches: ({ kind, subject }) =>
			kind === "extra stanza" && (subject ?? "").includes("urn:xmpp:carbons:2") && (subject ?? "").includes("<stanza-id "),
	},
	{
		id: "messages-to-oneself",
		reason:
			"Where a client writes to its own account, Prosody's carbons put the address back that was left out, so that all clients get a second copy.",
		shown_by: "im_carbons_archived.scs",
		matches: ({ kind, path, subject, reference }) =>
			(path.endsWith("message@to") && subject === undefined) ||
			(kind === "missing stanza" && (reference ?? "").includes("<received xmlns='urn:xmpp:carbons:2'")),
	},
	{
		id: "refused-subscriptions",
		reason: "Prosody sends the last item of a node to whoever was to be subscribed, even where that was refused.",
		shown_by: "pep_refused_subscription.scs",
		matches: ({ kind, reference }, step) =>
			kind === "missing stanza" && sends(step).includes("<subscribe ") && (reference ?? "").includes("pubsub#event"),
	},
	{
		id: "fleeting-messages",
		reason:
			"Prosody keeps chat states, and messages that ask not to be kept, for accounts that are offline (XEP-0160 §3, XEP-0334 §4.3).",
		shown_by: "im_offline_hints.scs",
		matches: ({ kind, reference }) =>
			kind === "missing stanza" &&
			(reference ?? "").includes("<delay ") &&
			/<(no-store|active|composing|paused|inactive|gone) /.test(reference ?? ""),
	},
	{
		id: "removed-contacts",
		reason:
			"Where a contact is removed, Prosody tells it that the user is gone if the user could see the contact, and not if the contact could see the user (RFC 6121 §3.2.2).",
		shown_by: "im_contact_removed.scs",
		matches: ({ kind, path, reference_stanza }, step) =>
			path === "presence" &&
			(/subscription='remove'|<remove\/>/.test(sends(step)) ||
				// What was never acknowledged of it comes back later; such presences have no id
				(kind === "missing stanza" &&
					reference_stanza?.attr["id"] === undefined &&
					reference_stanza?.get_error()?.condition === "recipient-unavailable")),
	},
	{
		id: "tombstones-of-known-names",
		reason:
			"Prosody remembers of a name that no account of it was deleted, also when it is deleted then: contacts hear nothing of it, and anybody can take the name.",
		shown_by: "im_account_deleted.scs",
		matches: ({ kind, subject_stanza, subject }) =>
			kind === "extra stanza" &&
			(is_gone(subject_stanza) ||
				(subject_stanza?.attr["from"] === "rosaline@court.localhost" && /type='unsubscribed?'/.test(subject ?? ""))),
	},
	{
		id: "requests-to-clients",
		reason:
			"Prosody keeps a request for a subscription as it is where it was sent to a client, not to the account (RFC 6121 §3.1.3).",
		shown_by: "im_subscribe_to_client.scs",
		matches: ({ path, subject_stanza }) => path === "presence@to" && subject_stanza?.attr["type"] === "subscribe",
	},
	{
		id: "13-refused-stream-management",
		reason: "Prosody 13 puts why a stream cannot be managed into an error element, which clients do not look for (XEP-0198 §3).",
		reference: "13",
		shown_by: "im_stream_management.scs",
		matches: ({ path }, step) => path.startsWith("failed/") && /<enable xmlns='urn:xmpp:sm:3'/.test(sends(step)),
	},
];
