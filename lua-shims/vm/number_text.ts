// No counterpart: numbers as C's printf writes them. JavaScript rounds halves up and C to even; fengari's own number formats
// lose digits, flags and signs.

/** Flags, width and precision of a conversion such as `%-08.3f`; the width is -1 and the precision undefined where none is given. */
export interface NumberLayout {
	readonly flags: string;
	readonly width: number;
	readonly precision: number | undefined;
}

/** How many more digits distinguish an exact half from a number that only begins like one. */
const further_digits = 30;
const max_digits = 100;

/** Whether JavaScript rounded an exact half up where C would have left the even digit. `longer` has further digits of the same number. */
function rounds_to_even(longer: string, kept: number): boolean {
	const digits = longer.replace(".", "");
	return /^5(?:0)+$/.test(digits.slice(kept)) && Number(digits[kept - 1]) % 2 === 0;
}

/** `toExponential` of a positive number as its digits and its power of ten. */
function exponential(value: number, fraction_digits: number): { digits: string; exponent: number } {
	let [mantissa = "", exponent = "0"] = value.toExponential(fraction_digits).split("e");
	const more = fraction_digits + further_digits;
	if (more <= max_digits) {
		const [longer = "", longer_exponent = "0"] = value.toExponential(more).split("e");
		const kept = fraction_digits + 1;
		if (rounds_to_even(longer, kept)) {
			mantissa = longer.replace(".", "").slice(0, kept);
			exponent = longer_exponent;
		}
	}
	return { digits: mantissa.replace(".", ""), exponent: Number(exponent) };
}

/** `toFixed` of a number that is not negative, of any size. */
function fixed(value: number, fraction_digits: number): string {
	if (value >= 1e21) return BigInt(value) + (fraction_digits > 0 ? `.${"0".repeat(fraction_digits)}` : "");
	const more = fraction_digits + further_digits;
	if (more <= max_digits) {
		const longer = value.toFixed(more);
		const point = longer.indexOf(".");
		if (rounds_to_even(longer, point + fraction_digits))
			return longer.slice(0, fraction_digits === 0 ? point : point + 1 + fraction_digits);
	}
	return value.toFixed(fraction_digits);
}

function exponent_text(exponent: number): string {
	return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function with_point(digits: string, position: number, keep_point: boolean): string {
	return digits.length > position || keep_point ? `${digits.slice(0, position)}.${digits.slice(position)}` : digits;
}

/** The shorter of the other two forms, without trailing zeros unless the flags contain `#`. */
function general(value: number, precision: number, keep_zeros: boolean): string {
	const significant = precision === 0 ? 1 : precision;
	let { digits, exponent } = value === 0 ? { digits: "0".repeat(significant), exponent: 0 } : exponential(value, significant - 1);
	const is_exponential = exponent < -4 || exponent >= significant;
	const leading = !is_exponential && exponent < 0 ? "0".repeat(-exponent) : "";
	digits = leading + digits;
	const position = is_exponential || exponent < 0 ? 1 : exponent + 1;
	if (!keep_zeros) digits = digits.slice(0, position) + digits.slice(position).replace(/0+$/, "");
	return with_point(digits, position, keep_zeros) + (is_exponential ? exponent_text(exponent) : "");
}

/** C's `%a`: hexadecimal digits of the mantissa and a power of two. */
function hexadecimal(value: number, precision: number | undefined, keep_point: boolean): string {
	const view = new DataView(new ArrayBuffer(8));
	view.setFloat64(0, value);
	const bits = view.getBigUint64(0);
	const biased = Number((bits >> 52n) & 0x7ffn);
	let mantissa = (bits & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n);
	const exponent = value === 0 ? 0 : biased === 0 ? -1022 : biased - 1023;
	let digits = 13;
	if (precision !== undefined && precision < digits) {
		const dropped = BigInt(4 * (digits - precision));
		const half = 1n << (dropped - 1n);
		const rest = mantissa & ((1n << dropped) - 1n);
		mantissa >>= dropped;
		if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
		digits = precision;
	}
	const text = mantissa.toString(16).padStart(digits + 1, "0");
	const whole = text.slice(0, text.length - digits);
	let fraction = text.slice(text.length - digits);
	fraction = precision === undefined ? fraction.replace(/0+$/, "") : fraction.padEnd(precision, "0");
	return `0x${with_point(whole + fraction, whole.length, keep_point)}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

/** Sign, prefix and padding around the digits of a number. */
function laid_out(negative: boolean, prefix: string, digits: string, layout: NumberLayout, zeros_allowed: boolean): string {
	const { flags, width } = layout;
	const sign = negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
	const missing = width - sign.length - prefix.length - digits.length;
	if (missing <= 0) return sign + prefix + digits;
	if (flags.includes("-")) return sign + prefix + digits + " ".repeat(missing);
	if (flags.includes("0") && zeros_allowed) return sign + prefix + "0".repeat(missing) + digits;
	return " ".repeat(missing) + sign + prefix + digits;
}

/** A number by one of the conversions `e E f F g G a A`. */
export function float_text(conversion: string, value: number, layout: NumberLayout): string {
	const { flags } = layout;
	const lower = conversion.toLowerCase();
	const upper = conversion !== lower;
	const negative = value < 0 || Object.is(value, -0);
	const magnitude = Math.abs(value);
	let prefix = "";
	let digits: string;
	if (!Number.isFinite(value)) {
		digits = Number.isNaN(value) ? "nan" : "inf";
	} else if (lower === "a") {
		prefix = "0x";
		digits = hexadecimal(magnitude, layout.precision, flags.includes("#")).slice(2);
	} else {
		const precision = layout.precision ?? 6;
		if (lower === "f") {
			digits = fixed(magnitude, precision) + (precision === 0 && flags.includes("#") ? "." : "");
		} else if (lower === "e") {
			const { digits: all, exponent } =
				magnitude === 0 ? { digits: "0".repeat(precision + 1), exponent: 0 } : exponential(magnitude, precision);
			digits = with_point(all, 1, flags.includes("#")) + exponent_text(exponent);
		} else {
			digits = general(magnitude, precision, flags.includes("#"));
		}
	}
	const text = laid_out(negative, prefix, digits, layout, Number.isFinite(value));
	return upper ? text.toUpperCase() : text;
}

/** A whole number by one of the conversions `d i u o x X`, as if integers had 64 bits. */
export function integer_text(conversion: string, value: number, layout: NumberLayout): string {
	const { flags, precision } = layout;
	const signed = conversion === "d" || conversion === "i";
	const negative = signed && value < 0;
	let digits: string;
	let prefix = "";
	if (signed) digits = Number.isSafeInteger(value) ? String(Math.abs(value)) : BigInt(Math.abs(value)).toString();
	else {
		const base = conversion === "o" ? 8 : conversion === "u" ? 10 : 16;
		digits = value >= 0 && Number.isSafeInteger(value) ? value.toString(base) : BigInt.asUintN(64, BigInt(value)).toString(base);
		if (conversion === "X") digits = digits.toUpperCase();
		if (flags.includes("#") && value !== 0) {
			if (base === 16) prefix = `0${conversion}`;
			else if (base === 8) digits = `0${digits}`;
		}
	}
	if (precision !== undefined)
		digits =
			precision === 0 && value === 0 && !(conversion === "o" && flags.includes("#")) ? "" : digits.padStart(precision, "0");
	return laid_out(negative, prefix, digits, layout, precision === undefined);
}

const plain: NumberLayout = { flags: "", width: -1, precision: 14 };

/** An integer as Lua writes it. */
export function integer_string(value: number): string {
	if (Number.isSafeInteger(value)) return String(value);
	// the largest integer is one less than the number that stands for it
	return value >= 2 ** 63 ? "9223372036854775807" : BigInt(value).toString();
}

/** A float as Lua's `tostring` has it: 14 digits, and ".0" behind what else would look like an integer. */
export function float_string(value: number): string {
	// as C writes the result of 0/0 on the machines that Prosody runs on
	if (Number.isNaN(value)) return "-nan";
	const text = float_text("g", value, plain);
	return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
