// No counterpart: numbers and times for people.

/** A time in seconds since 1970, as how long ago it is. */
export function ago(seconds: number, now = Date.now() / 1000): string {
	if (seconds <= 0) return "–";
	const passed = Math.max(0, now - seconds);
	return passed < 45 ? "just now" : `${span(passed)} ago`;
}

/** A time span in seconds, in its largest unit. */
export function span(seconds: number): string {
	const units: readonly (readonly [number, string])[] = [
		[86_400, "d"],
		[3600, "h"],
		[60, "min"],
	];
	for (const [size, name] of units) if (seconds >= size) return `${Math.floor(seconds / size)} ${name}`;
	return `${Math.max(0, Math.floor(seconds))} s`;
}

/** Bytes in binary units. */
export function bytes(count: number): string {
	const names = ["B", "KiB", "MiB", "GiB", "TiB"];
	let [value, place] = [count, 0];
	while (value >= 1024 && place < names.length - 1) [value, place] = [value / 1024, place + 1];
	return `${value < 10 && place > 0 ? value.toFixed(1) : Math.round(value)} ${names[place]}`;
}

/** A number, short. */
export function short_number(value: number): string {
	if (value !== 0 && Math.abs(value) < 0.1) return value.toFixed(3);
	if (Math.abs(value) < 10 && !Number.isInteger(value)) return value.toFixed(1);
	return new Intl.NumberFormat("en", { notation: value >= 10_000 ? "compact" : "standard", maximumFractionDigits: 1 }).format(
		value,
	);
}

/** `1 room`, `2 rooms`. */
export function count(number: number, word: string, words = `${word}s`): string {
	return `${new Intl.NumberFormat("en").format(number)} ${number === 1 ? word : words}`;
}

/** The time of day of a time in milliseconds. */
export function clock(milliseconds: number): string {
	return new Date(milliseconds).toLocaleTimeString([], { hour12: false });
}

/** The part before the `@`, as people wrote it (XEP-0106). */
export function name_of(jid: string): string {
	const name = jid.slice(0, jid.lastIndexOf("@"));
	return name.replace(/\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** The part before the `@`, and the part behind it. */
export function parts(jid: string): { readonly room: string; readonly service: string } {
	const at = jid.lastIndexOf("@");
	return { room: jid.slice(0, at), service: jid.slice(at + 1) };
}
