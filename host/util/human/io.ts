// Counterpart: util/human/io.lua; what concerns terminals has no use here

const day = 86400;

const strict_units: Readonly<Record<string, number>> = {
	s: 1,
	min: 60,
	h: 3600,
	ho: 3600,
	d: day,
	w: 7 * day,
	mon: 31 * day,
	y: 365.2425 * day,
};

/** Where the unit is not certain, `m` means months. */
const lax_units: Readonly<Record<string, number>> = {
	...strict_units,
	m: 31 * day,
	mo: 31 * day,
	mi: 60,
};

/**
 * Seconds that a text like `2 weeks` or `10min` stands for; `undefined` when there is no number with a unit.
 * Only the beginning of the unit counts. Months are told from minutes by three letters; a bare `m` is refused.
 */
export function parse_duration(text: string): number | undefined {
	const [, count, unit = ""] = /(\d+)[ \t-\r]*([smhdwy]?[io]?n?)/.exec(lower_ascii(text)) ?? [];
	const length = strict_units[unit];
	return count === undefined || length === undefined ? undefined : Number(count) * length;
}

/** Like parse_duration, but `m` stands for months, and a number without a known unit is in seconds. */
export function parse_duration_lax(text: string): number | undefined {
	const [, count, unit = ""] = /(\d+)[ \t-\r]*([smhdwy]?[io]?)/.exec(lower_ascii(text)) ?? [];
	return count === undefined ? undefined : Number(count) * (lax_units[unit] ?? 1);
}

/** Not toLowerCase: it would make the Kelvin sign and others into ASCII letters. */
function lower_ascii(text: string): string {
	return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
