// Counterpart: util/human/units.lua

const large = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const small = ["m", "μ", "n", "p", "f", "a", "z", "y"];
const binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/** A number as C's `%.Ng` writes it. */
export function general(value: number, digits: number): string {
	if (value === 0) return "0";
	if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
	const [mantissa = "", exponent = "0"] = value.toExponential(digits - 1).split("e");
	const power = Number(exponent);
	const without_zeros = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
	if (power < -4 || power >= digits) {
		return `${without_zeros(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
	}
	return without_zeros(value.toFixed(Math.max(0, digits - 1 - power)));
}

/**
 * A number with its unit, and with a prefix that makes it short: `1.5 kB`, `12 MiB`.
 * @param base `b` for prefixes of 1024 (Ki, Mi…)
 */
export function format_number(value: number, unit: string, base?: "b"): string {
	if (value === 0) return `0 ${unit}`;
	const step = base === "b" ? 1024 : 1000;
	const is_small = base === undefined && value < 1;
	const power_of = Math.abs(Math.log(Math.abs(value)) / Math.log(step));
	// What a logarithm lacks of a whole number is a matter of rounding
	const whole = Math.round(power_of);
	const near = Math.abs(power_of - whole) < 1e-9 ? whole : power_of;
	const power = Math.min(8, is_small ? Math.ceil(near) : Math.floor(near));
	const prefixes = base === "b" ? binary : is_small ? small : large;
	const prefix = power === 0 ? "" : (prefixes[power - 1] ?? "");
	return `${general(value / step ** (is_small ? -power : power), 3)} ${prefix}${unit}`;
}
