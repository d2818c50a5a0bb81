// Counterpart: the idna part of util/encodings.c

import { domainToASCII, domainToUnicode } from "node:url";

/** Labels of DNS have at most 63 bytes, names 253, or 254 with the dot of the root (RFC 1035 §2.3.4). */
const max_label = 63;
const max_name = 253;
/** util/encodings.c works in buffers of 1024 UTF-16 units and 1024 bytes, the latter with a closing zero. */
const max_units = 1024;
const max_bytes = 1023;

/** Keeps Node from reading a label of digits as a part of an IPv4 address. */
const suffix = ".x";

const ascii = /^[\0-\u007f]*$/;
/** What STD 3 leaves of ASCII (RFC 1123 §2.1). */
const hostname = /^[A-Za-z0-9-]*$/;
/** ASCII outside STD 3, and the three signs that decompose into such ASCII. */
const against_hostname = /[\0-,/:-@[-`{-\u007f≠≮≯]/;
const misplaced_hyphen = /^-|-$|^..--/su;
/** Node looks for these by an older version of Unicode. */
const leading_mark = /^\p{Mark}/u;
/** Punycode with a delimiter but nothing before or after it, which Node takes and ICU does not. */
const idle_delimiter = /^xn--(?:-[^-]*|.*-)$/;

interface Label {
	ascii: string;
	unicode: string;
}

/** The characters that UTS #46 maps only in its transitional form, which is the one that Prosody asks for. */
function map_deviations(label: string): string {
	return label
		.replace(/[ßẞ]/g, "ss")
		.replace(/ς/g, "σ")
		.replace(/[\u200c\u200d]/g, "");
}

/** Lets Node map and check one label. Its answer is empty when it refuses, and nothing but the suffix for an empty label. */
function convert(label: string): Label | undefined {
	const encoded = domainToASCII(label + suffix);
	const unicode = domainToUnicode(label + suffix).slice(0, -suffix.length);
	if (encoded === "" || against_hostname.test(unicode)) return undefined;
	return { ascii: encoded.slice(0, -suffix.length), unicode };
}

/** Both forms of a label, or `undefined` when UTS #46 or STD 3 refuses it. An empty label is left to the caller. */
function process(label: string): Label | undefined {
	let processed: Label | undefined;
	if (ascii.test(label)) {
		const lower = label.toLowerCase();
		if (!hostname.test(lower)) return undefined;
		processed = lower.startsWith("xn--") ? convert(lower) : { ascii: lower, unicode: lower };
	} else {
		const mapped = map_deviations(label);
		processed = against_hostname.test(mapped) ? undefined : convert(mapped);
	}
	if (!processed || idle_delimiter.test(processed.ascii)) return undefined;
	return misplaced_hyphen.test(processed.unicode) || leading_mark.test(processed.unicode) ? undefined : processed;
}

/** The labels of a name; only the last may be empty, and not when it is the only one. */
function process_name(name: string): Label[] | undefined {
	if (name.length > max_units) return undefined;
	const labels: Label[] = [];
	const parts = name.split(/[.。．｡]/);
	for (const [index, part] of parts.entries()) {
		const label = process(part);
		if (!label || (label.ascii === "" && (index === 0 || index < parts.length - 1))) return undefined;
		labels.push(label);
	}
	return labels;
}

/**
 * A domain name as DNS and certificates spell it (UTS #46, transitional, with STD 3 rules, as ICU does it for Prosody), or
 * `undefined` for one that has no such form. Differs from Prosody in one thing, since Node checks what Prosody leaves to
 * registrars: a label that breaks the rules on text direction (RFC 5893) or on joiners (RFC 5892) is refused.
 */
export function idna_to_ascii(name: string): string | undefined {
	const labels = process_name(name);
	if (!labels || labels.some((label) => label.ascii.length > max_label)) return undefined;
	const encoded = labels.map((label) => label.ascii).join(".");
	return encoded.length > (encoded.endsWith(".") ? max_name + 1 : max_name) ? undefined : encoded;
}

/** A domain name as people read it; the inverse of idna_to_ascii, with the same refusals except for the lengths DNS allows. */
export function idna_to_unicode(name: string): string | undefined {
	const decoded = process_name(name)
		?.map((label) => label.unicode)
		.join(".");
	return decoded === undefined || Buffer.byteLength(decoded) > max_bytes ? undefined : decoded;
}
