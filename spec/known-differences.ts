import type { Difference, KnownDifference, PlayStep } from "../tools/compare/types.ts";

/** Whether the element that a difference is about, on the side that has it, is a form field of one of these names. */
function is_field(difference: Difference, ...names: string[]): boolean {
	const element = difference.subject ?? difference.reference ?? "";
	return difference.path.endsWith("/x/field") && names.some((name) => element.includes(`var='${name}'`));
}

function sends(step: PlayStep): string {
	return step.kind === "send" ? step.xml : "";
}

/** Every difference to a Prosody that is accepted, with its reason. `enjamb compare` counts and shows them apart. */
export const known_differences: readonly KnownDifference[] = [
	{
		id: "own-name-and-version",
		reason: "The server says that it is Enjamb, with its own version.",
		matches: ({ path }, step) => sends(step).includes("jabber:iq:version") && /^iq\/query\/(name|version|os)$/.test(path),
	},
	{
		id: "0.12-restricted-private-messages",
		reason: "Prosody 13 lets owners restrict private messages; 0.12 has no such fields in the configuration form.",
		reference: "0.12",
		shown_by: "muc_config_form.scs",
		matches: (difference) =>
			difference.kind === "extra element" && is_field(difference, "muc#roomconfig_allowpm", "{xmpp:prosody.im}muc#allow_modpm"),
	},
	{
		id: "0.12-reasons-in-lists",
		reason: "Prosody 13 keeps the reason of an affiliation and shows it in lists; 0.12 forgets it.",
		reference: "0.12",
		shown_by: "muc_affiliations.scs",
		matches: ({ kind, path }) => kind === "extra element" && path === "iq/query/item/reason",
	},
	{
		id: "0.12-private-message-settings",
		reason:
			"Prosody 13 knows the fields that restrict private messages, so that changing them is announced (104); 0.12 does not.",
		reference: "0.12",
		matches: ({ kind, subject }, step) =>
			kind === "extra stanza" && /allowpm|allow_modpm/.test(sends(step)) && (subject ?? "").includes("<status code='104'/>"),
	},
	{
		id: "0.12-false-hats",
		reason:
			"Prosody 13 takes hats of urn:xmpp:hats:0 out of what clients send, and not those of its older namespace; 0.12 does it the other way round.",
		reference: "0.12",
		matches: ({ path }, step) => path === "presence/hats" && sends(step).includes("<hats "),
	},
];
