// Counterpart: util/datetime.lua (XEP-0082), as in Prosody 13: fractions of a second are kept

const timestamp = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):(\d\d):(\d\d\.?\d*)([Z+-]?.*)$/s;
const zone = /([+-])(\d\d):?(\d*)/;

/** C's `int`, which Lua holds seconds and years against. */
const max_seconds = 2 ** 31 - 1;
const max_year = max_seconds;

/** Seconds after which the calendar is the same again, 400 years later. */
const calendar_seconds = 146_097 * 86_400;

/** Seconds before and after 1970 that a Date can have. */
const max_date_seconds = 8.64e12;

interface Fields {
	year: string;
	month: string;
	day: string;
	/** `hh:mm:ss` */
	clock: string;
	/** `.123456`, or nothing for whole seconds */
	fraction: string;
}

/** Whole seconds since 1970. */
export function now(): number {
	return Math.floor(Date.now() / 1000);
}

function two_digits(value: number): string {
	return String(value).padStart(2, "0");
}

/** Takes seconds since 1970 apart, in UTC. Without seconds: now, without fraction, as Lua's os.date has it. */
function fields(seconds: number = now()): Fields {
	const whole = Math.floor(seconds);
	const calendars = Math.abs(whole) > max_date_seconds ? Math.floor(whole / calendar_seconds) : 0;
	const moment = new Date((whole - calendars * calendar_seconds) * 1000);
	const year = moment.getUTCFullYear() + calendars * 400;
	// Also for what is no number
	if (!(Math.abs(year) <= max_year)) throw new RangeError(`datetime: expected seconds since 1970, got ${seconds}`);
	return {
		year: String(year),
		month: two_digits(moment.getUTCMonth() + 1),
		day: two_digits(moment.getUTCDate()),
		clock: [moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()].map(two_digits).join(":"),
		fraction: whole === seconds ? "" : `.${String(Math.floor((seconds - whole) * 1e6)).padStart(6, "0")}`,
	};
}

/** Whether seconds since 1970 are a time that can be written: a finite number, and not of a year that C's `int` cannot hold. */
export function is_time(seconds: number): boolean {
	return Math.abs(seconds / calendar_seconds) * 400 <= max_year - 2000;
}

/** `2024-02-29`, of seconds since 1970, or of now. Throws a RangeError for seconds that no calendar has, as the others here do. */
export function date(seconds?: number): string {
	const { year, month, day } = fields(seconds);
	return `${year}-${month}-${day}`;
}

/** `2024-02-29T12:34:56Z`, with six digits of the second's fraction (cut, not rounded) when there is one. */
export function datetime(seconds?: number): string {
	const { year, month, day, clock, fraction } = fields(seconds);
	return `${year}-${month}-${day}T${clock}${fraction}Z`;
}

/** `12:34:56`, with six digits of the second's fraction when there is one. */
export function time(seconds?: number): string {
	const { clock, fraction } = fields(seconds);
	return clock + fraction;
}

/** `20240229T12:34:56`, the form of XEP-0091; a fraction is dropped. */
export function legacy(seconds?: number): string {
	const { year, month, day, clock } = fields(seconds);
	return `${year}${month}${day}T${clock}`;
}

/** Seconds east of UTC; `undefined` for what is no zone. PARITY: a sign and two digits anywhere in the text are enough. */
function parse_zone(text: string): number | undefined {
	if (text === "" || text === "Z") return 0;
	const match = zone.exec(text);
	if (!match) return undefined;
	const [, sign, hours, minutes = ""] = match;
	const offset = Number(hours) * 3600 + (minutes.length === 2 ? Number(minutes) * 60 : 0);
	return sign === "-" ? -offset : offset;
}

/**
 * Reads a timestamp of XEP-0082 or XEP-0091 into seconds since 1970, with their fraction; `undefined` for anything else.
 * Without a zone it is UTC.
 * PARITY: fields beyond their range carry over (month 13 is next January), and seconds may have more than two digits.
 */
export function parse(text: string | undefined): number | undefined {
	const match = text === undefined ? null : timestamp.exec(text);
	if (!match) return undefined;
	const [, year, month, day, hours, minutes, seconds_text, zone = ""] = match;
	const offset = parse_zone(zone);
	if (offset === undefined) return undefined;
	const seconds = Number(seconds_text);
	const whole = Math.floor(seconds) - offset;
	if (whole > max_seconds) return undefined;
	// Not Date.UTC, which takes the years before 100 for years of the last century
	const moment = new Date(0);
	moment.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
	moment.setUTCHours(Number(hours), Number(minutes), whole);
	return moment.getTime() / 1000 + (seconds % 1);
}
