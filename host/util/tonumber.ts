// Counterpart: Lua's own tonumber, which Prosody reads numbers of users and files with

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const hexadecimal = /^([+-]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))(?:[pP]([+-]?\d+))?$/;
const blanks = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g;

/**
 * The number that a text stands for in Lua: decimal or hexadecimal, with fraction and exponent, between blanks; undefined for
 * everything else. A number is returned as it is.
 */
export function tonumber(value: string | number | undefined): number | undefined {
	if (value === undefined || typeof value === "number") return value;
	const text = value.replace(blanks, "");
	if (decimal.test(text)) return Number(text);
	const match = hexadecimal.exec(text);
	if (match === null) return undefined;
	const [, sign, whole = "", fraction, only_fraction, exponent = "0"] = match;
	let magnitude = 0;
	for (const digit of whole) magnitude = magnitude * 16 + Number.parseInt(digit, 16);
	let weight = 1 / 16;
	for (const digit of fraction || only_fraction || "") {
		magnitude += Number.parseInt(digit, 16) * weight;
		weight /= 16;
	}
	magnitude *= 2 ** Number(exponent);
	return sign === "-" ? -magnitude : magnitude;
}
