// Counterpart: C's strftime, gmtime and mktime, as Lua's os library uses them in the locale "C"

/** A time taken apart, in a zone. */
export interface Clock {
	readonly year: number;
	/** From 1. */
	readonly month: number;
	readonly day: number;
	readonly hour: number;
	readonly min: number;
	readonly sec: number;
	/** From 1, Sunday. */
	readonly wday: number;
	/** From 1. */
	readonly yday: number;
	readonly isdst: boolean;
	/** Seconds east of UTC. */
	readonly offset: number;
	readonly zone: string;
	/** Seconds since 1970. */
	readonly time: number;
}

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
	"January",
	"February",
	"March",
	"April",
	"May",
	"June",
	"July",
	"August",
	"September",
	"October",
	"November",
	"December",
];
const day_length = 86_400_000;

/** The furthest that JavaScript's dates go, in seconds from 1970. */
export const furthest_time = 8.64e12;

/** Minutes that local time is ahead of UTC. */
function offset_of(date: Date): number {
	return -date.getTimezoneOffset();
}

/** Whether a time is summer time: its offset is larger than the smaller one of January and July. */
function is_summer(date: Date): boolean {
	const year = date.getFullYear();
	const standard = Math.min(offset_of(new Date(year, 0, 1)), offset_of(new Date(year, 6, 1)));
	return offset_of(date) > standard;
}

/** The zone's abbreviation, as far as there is one in English. */
function zone_name(date: Date): string {
	let name = "";
	for (const locale of ["en-US", "en-GB", "en-AU"]) {
		const part = new Intl.DateTimeFormat(locale, { timeZoneName: "short" })
			.formatToParts(date)
			.find(({ type }) => type === "timeZoneName");
		name = part?.value ?? "";
		if (!/^(?:GMT|UTC)[+-]/.test(name)) return name;
	}
	return name.replace(/^(?:GMT|UTC)([+-])(\d)(?!\d)/, "$10$2").replace(/^(?:GMT|UTC)/, "");
}

/** A time as clocks show it, locally or in UTC. */
export function clock_at(time: number, utc: boolean): Clock {
	const date = new Date(time * 1000);
	const offset = utc ? 0 : offset_of(date) * 60;
	// Local time is shifted so that it reads like UTC, and one set of getters does for both.
	const shown = new Date((time + offset) * 1000);
	const year = shown.getUTCFullYear();
	const first = new Date(0);
	first.setUTCFullYear(year, 0, 1);
	return {
		year,
		month: shown.getUTCMonth() + 1,
		day: shown.getUTCDate(),
		hour: shown.getUTCHours(),
		min: shown.getUTCMinutes(),
		sec: shown.getUTCSeconds(),
		wday: shown.getUTCDay() + 1,
		yday: Math.floor((shown.getTime() - first.getTime()) / day_length) + 1,
		isdst: !utc && is_summer(date),
		offset,
		get zone() {
			return utc ? "GMT" : zone_name(date);
		},
		time,
	};
}

/** The fields of a local time, each of which may be out of its range. */
export interface ClockFields {
	readonly year: number;
	readonly month: number;
	readonly day: number;
	readonly hour: number;
	readonly min: number;
	readonly sec: number;
	/** Whether summer time is meant; undefined where the zone decides that. */
	readonly isdst: boolean | undefined;
}

/** The time at which local clocks show this, in seconds since 1970; NaN where there is none. */
export function time_of(fields: ClockFields): number {
	const date = new Date(2000, 0, 1);
	date.setHours(0, 0, 0, 0);
	date.setFullYear(fields.year, fields.month - 1, fields.day);
	date.setHours(fields.hour, fields.min, fields.sec, 0);
	const time = date.getTime() / 1000;
	if (fields.isdst === undefined || fields.isdst === is_summer(date)) return time;
	const year = date.getFullYear();
	const difference = Math.abs(offset_of(new Date(year, 0, 1)) - offset_of(new Date(year, 6, 1))) * 60;
	return fields.isdst ? time - (difference === 0 ? 0 : difference) : time + difference;
}

function two(number: number, filler = "0"): string {
	return String(number).padStart(2, filler);
}

/** ISO 8601's week and the year that it belongs to. */
function iso_week({ year, yday, wday }: Clock): { year: number; week: number } {
	const weekday = (wday + 5) % 7;
	const week = Math.floor((yday - 1 - weekday + 10) / 7);
	if (week < 1) return { year: year - 1, week: weeks_in(year - 1) };
	return week > weeks_in(year) ? { year: year + 1, week: 1 } : { year, week };
}

function weeks_in(year: number): number {
	const last_weekday = (y: number): number => (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)) % 7;
	return last_weekday(year) === 4 || last_weekday(year - 1) === 3 ? 53 : 52;
}

/** What each conversion stands for. */
const conversions: { readonly [letter: string]: (clock: Clock) => string } = {
	a: ({ wday }) => (days[wday - 1] ?? "").slice(0, 3),
	A: ({ wday }) => days[wday - 1] ?? "",
	b: ({ month }) => (months[month - 1] ?? "").slice(0, 3),
	B: ({ month }) => months[month - 1] ?? "",
	c: (clock) => format_clock("%a %b %e %H:%M:%S %Y", clock),
	C: ({ year }) => two(Math.floor(year / 100)),
	d: ({ day }) => two(day),
	D: (clock) => format_clock("%m/%d/%y", clock),
	e: ({ day }) => two(day, " "),
	F: (clock) => format_clock("%Y-%m-%d", clock),
	g: (clock) => two(iso_week(clock).year % 100),
	G: (clock) => String(iso_week(clock).year),
	h: (clock) => format_clock("%b", clock),
	H: ({ hour }) => two(hour),
	I: ({ hour }) => two(hour % 12 === 0 ? 12 : hour % 12),
	j: ({ yday }) => String(yday).padStart(3, "0"),
	m: ({ month }) => two(month),
	M: ({ min }) => two(min),
	n: () => "\n",
	p: ({ hour }) => (hour < 12 ? "AM" : "PM"),
	r: (clock) => format_clock("%I:%M:%S %p", clock),
	R: (clock) => format_clock("%H:%M", clock),
	s: ({ time }) => String(time),
	S: ({ sec }) => two(sec),
	t: () => "\t",
	T: (clock) => format_clock("%H:%M:%S", clock),
	u: ({ wday }) => String(wday === 1 ? 7 : wday - 1),
	U: ({ yday, wday }) => two(Math.floor((yday + 7 - wday) / 7)),
	V: (clock) => two(iso_week(clock).week),
	w: ({ wday }) => String(wday - 1),
	W: ({ yday, wday }) => two(Math.floor((yday + 6 - ((wday + 5) % 7)) / 7)),
	x: (clock) => format_clock("%m/%d/%y", clock),
	X: (clock) => format_clock("%H:%M:%S", clock),
	y: ({ year }) => two(((year % 100) + 100) % 100),
	Y: ({ year }) => String(year),
	z: ({ offset }) => {
		const minutes = Math.abs(Math.trunc(offset / 60));
		return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
	},
	Z: ({ zone }) => zone,
	"%": () => "%",
};

/** Modifiers that may stand between `%` and certain letters; in the locale "C" they change nothing. */
const modified = { E: "cCxXyY", O: "deHImMSuUVwWy" };

const conversion = /%(?:([EO])(.?)|(.?))/gs;

/** The first invalid conversion of a format; undefined where all are valid. */
export function invalid_conversion(format: string): string | undefined {
	for (const [whole, modifier, modified_letter = "", letter = ""] of format.matchAll(conversion)) {
		const known =
			modifier === "E" || modifier === "O"
				? modified_letter !== "" && modified[modifier].includes(modified_letter)
				: letter !== "s" && letter !== "" && Object.hasOwn(conversions, letter);
		if (!known) return whole;
	}
	return undefined;
}

/** A time in a format whose conversions are all valid. */
export function format_clock(format: string, clock: Clock): string {
	return format.replace(conversion, (_, _modifier, modified_letter = "", letter = modified_letter) =>
		(conversions[letter] ?? (() => ""))(clock),
	);
}
