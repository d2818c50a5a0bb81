// Counterpart: the idna part of util/encodings.c

import { domainToASCII, domainToUnicode } from "node:url";

/** Labels of DNS have at most 63 bytes, names 253, or 254 with the dot of the root (RFC 1035 §2.3.4). */
const MAX_LABEL = 63;
const MAX_NAME = 253;
/** util/encodings.c works in buffers of 1024 UTF-16 units and 1024 bytes, the latter with a closing zero. */
const MAX_UNITS = 1024;
const MAX_BYTES = 1023;

/** Keeps Node from reading a label of digits as a part of an IPv4 address. */
const SUFFIX = ".x";

const ascii = /^[\0-\u007f]*$/;
/** What STD 3 leaves of ASCII (RFC 1123 §2.1). */
const hostname = /^[A-Za-z0-9-]*$/;
/** ASCII outside STD 3, and the three signs that decompose into such ASCII. */
const againstHostname = /[\0-,/:-@[-`{-\u007f≠≮≯]/;
const misplacedHyphen = /^-|-$|^..--/su;
/** Node looks for these by an older version of Unicode. */
const leadingMark = /^\p{Mark}/u;
/** Punycode with a delimiter but nothing before or after it, which Node takes and ICU does not. */
const idleDelimiter = /^xn--(?:-[^-]*|.*-)$/;

interface Label {
	ascii: string;
	unicode: string;
}

/** The characters that UTS #46 maps only in its transitional form, which is the one that Prosody asks for. */
function mapDeviations(label: string): string {
	return label
		.replace(/[ßẞ]/g, "ss")
		.replace(/ς/g, "σ")
		.replace(/[\u200c\u200d]/g, "");
}

/** Lets Node map and check one label. Its answer is empty when it refuses, and nothing but the suffix for an empty label. */
function convert(label: string): Label | undefined {
	const encoded = domainToASCII(label + SUFFIX);
	const unicode = domainToUnicode(label + SUFFIX).slice(0, -SUFFIX.length);
	if (encoded === "" || againstHostname.test(unicode)) return undefined;
	return { ascii: encoded.slice(0, -SUFFIX.length), unicode };
}

/** Both forms of a label, or `undefined` when UTS #46 or STD 3 refuses it. An empty label is left to the caller. */
function process(label: string): Label | undefined {
	let processed: Label | undefined;
	if (ascii.test(label)) {
		const lower = label.toLowerCase();
		if (!hostname.test(lower)) return undefined;
		processed = lower.startsWith("xn--") ? convert(lower) : { ascii: lower, unicode: lower };
	} else {
		const mapped = mapDeviations(label);
		processed = againstHostname.test(mapped) ? undefined : convert(mapped);
	}
	if (!processed || idleDelimiter.test(processed.ascii)) return undefined;
	return misplacedHyphen.test(processed.unicode) || leadingMark.test(processed.unicode) ? undefined : processed;
}

/** The labels of a name; only the last may be empty, and not when it is the only one. */
function processName(name: string): Label[] | undefined {
	if (name.length > MAX_UNITS) return undefined;
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
	const labels = processName(name);
	if (!labels || labels.some((label) => label.ascii.length > MAX_LABEL)) return undefined;
	const encoded = labels.map((label) => label.ascii).join(".");
	return encoded.length > (encoded.endsWith(".") ? MAX_NAME + 1 : MAX_NAME) ? undefined : encoded;
}

/** A domain name as people read it; the inverse of idna_to_ascii, with the same refusals except for the lengths DNS allows. */
export function idna_to_unicode(name: string): string | undefined {
	const decoded = processName(name)
		?.map((label) => label.unicode)
		.join(".");
	return decoded === undefined || Buffer.byteLength(decoded) > MAX_BYTES ? undefined : decoded;
}
