// No counterpart: in Prosody, the messages of all rooms are kept equally long.

import type { ModuleApi } from "../../host/core/types.ts";
import type { ConfigSubmittedEvent, MucEvents } from "../events.ts";
import { own_length, set_own_length } from "./length.ts";

const field_name = "{urn:enjamb:rooms}archive_expires_after";
const day = 86_400;

/** Lengths to choose from, in seconds. */
const lengths: readonly (readonly [seconds: number, label: string])[] = [
	[day, "One day"],
	[7 * day, "One week"],
	[31 * day, "One month"],
	[92 * day, "Three months"],
	[366 * day, "One year"],
	[Number.POSITIVE_INFINITY, "For ever"],
];

function value_of(seconds: number | undefined): string {
	if (seconds === undefined) return "";
	return seconds === Number.POSITIVE_INFINITY ? "never" : String(seconds);
}

/**
 * Lets owners choose for how long their room is archived, in the configuration form. There is no such field without the option
 * muc_log_expires_after_max, which says what they may choose at most.
 */
export function load(module: ModuleApi): void {
	const longest = module.get_option_period("muc_log_expires_after_max", 0);
	if (longest === 0) return;
	const offered = lengths.filter(([seconds]) => seconds <= longest);

	// Below "Archive chat on server", which Prosody has at the end of the form, and before whatever others add there
	module.hook("muc-config-form", add_field, -1);
	module.hook(`muc-config-submitted/${field_name}`, take_field);

	function add_field({ room, form }: MucEvents["muc-config-form"]): void {
		const current = own_length(room._data);
		const options = offered.map(([seconds, label]) => ({ label, value: value_of(seconds) }));
		// An administrator may have given the room another one
		if (current !== undefined && !options.some(({ value }) => value === value_of(current))) {
			options.push({ label: `${Math.round((current / day) * 10) / 10} days`, value: value_of(current) });
		}
		form.fields.push({
			name: field_name,
			type: "list-single",
			label: "How long messages are archived",
			options: [{ label: "As long as on this service", value: "" }, ...options],
			value: value_of(current),
		});
	}

	function take_field({ room, value, status_codes }: ConfigSubmittedEvent): void {
		const wanted =
			value === undefined || value === "" ? undefined : offered.find(([seconds]) => value_of(seconds) === value)?.[0];
		const is_refused = wanted === undefined && value !== undefined && value !== "";
		// What is not offered is what the room has already, or was made up
		if (!is_refused && set_own_length(module, room, wanted)) status_codes.add("104");
	}
}
