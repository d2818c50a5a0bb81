// Counterpart: util/jid.lua

import { nameprep, nodeprep, resourceprep } from "./stringprep.ts";

/** The parts of a JID. Without a `host`, the text was not a JID, and the other parts are `undefined`, too. */
export interface JidParts {
	readonly node: string | undefined;
	readonly host: string | undefined;
	readonly resource: string | undefined;
}

const no_parts: JidParts = Object.freeze({ node: undefined, host: undefined, resource: undefined });

/** Where the bare JID ends; -1 when there is a slash without a resource. */
function find_end(jid: string): number {
	const slash = jid.indexOf("/");
	if (slash < 0) return jid.length;
	return slash === jid.length - 1 ? -1 : slash;
}

/** Where the host begins in a bare JID that ends at `end`; -1 when this is no JID. */
function find_host(jid: string, end: number): number {
	const at = jid.indexOf("@");
	if (at < 0 || at >= end) return end > 0 ? 0 : -1;
	if (at === 0 || at + 1 === end) return -1;
	const another = jid.indexOf("@", at + 1);
	return another < 0 || another >= end ? at + 1 : -1;
}

/** Takes a JID apart without looking at its characters: for addresses that are known to be prepared. */
export function split(jid: string | undefined): JidParts {
	if (jid === undefined) return no_parts;
	const end = find_end(jid);
	const start = find_host(jid, end);
	if (start < 0) return no_parts;
	return {
		node: start === 0 ? undefined : jid.slice(0, start - 1),
		host: jid.slice(start, end),
		resource: end === jid.length ? undefined : jid.slice(end + 1),
	};
}

/** The JID without its resource, or `undefined` for what is not a JID. */
export function bare(jid: string | undefined): string | undefined {
	if (jid === undefined) return undefined;
	const end = find_end(jid);
	if (find_host(jid, end) < 0) return undefined;
	return end === jid.length ? jid : jid.slice(0, end);
}

/** The part before the `@`, or `undefined` when there is none or this is not a JID. */
export function node(jid: string | undefined): string | undefined {
	if (jid === undefined) return undefined;
	const start = find_host(jid, find_end(jid));
	return start > 0 ? jid.slice(0, start - 1) : undefined;
}

/** The domain, or `undefined` for what is not a JID. */
export function host(jid: string | undefined): string | undefined {
	if (jid === undefined) return undefined;
	const end = find_end(jid);
	const start = find_host(jid, end);
	return start < 0 ? undefined : jid.slice(start, end);
}

/** What follows the first slash, or `undefined` when there is none or this is not a JID. */
export function resource(jid: string | undefined): string | undefined {
	if (jid === undefined) return undefined;
	const end = find_end(jid);
	return end === jid.length || find_host(jid, end) < 0 ? undefined : jid.slice(end + 1);
}

/**
 * Takes a JID apart and prepares each part (RFC 6122 §2), with no parts for a JID that is refused.
 * A dot at the end of the host is removed. `strict` refuses code points that are not in Unicode 3.2.
 *
 * Divergence: in Prosody, a part may become empty by preparation (RFC 6122 §2.1), which makes invalid addresses.
 */
export function prepped_split(jid: string | undefined, strict = false): JidParts {
	const parts = split(jid);
	if (parts.host === undefined || parts.host === ".") return no_parts;
	const prepped_host = nameprep(parts.host.endsWith(".") ? parts.host.slice(0, -1) : parts.host, strict);
	if (prepped_host === undefined) return no_parts;
	const prepped_node = parts.node === undefined ? undefined : nodeprep(parts.node, strict);
	if (prepped_node === undefined && parts.node !== undefined) return no_parts;
	const prepped_resource = parts.resource === undefined ? undefined : resourceprep(parts.resource, strict);
	if (prepped_resource === undefined && parts.resource !== undefined) return no_parts;
	if (prepped_host === "" || prepped_node === "" || prepped_resource === "") return no_parts;
	return { node: prepped_node, host: prepped_host, resource: prepped_resource };
}

/** Puts the parts together as they are; `undefined` without a host. */
export function join(node: string | undefined, host: string | undefined, resource?: string | undefined): string | undefined {
	if (host === undefined) return undefined;
	const address = node === undefined ? host : `${node}@${host}`;
	return resource === undefined ? address : `${address}/${resource}`;
}

/** The JID in the form in which it is compared, or `undefined` when it is refused; see prepped_split. */
export function prep(jid: string | undefined, strict = false): string | undefined {
	const parts = prepped_split(jid, strict);
	return join(parts.node, parts.host, parts.resource);
}

/**
 * Whether a JID falls under a rule: each part that the rule has must be the same.
 * PARITY: a rule that is not a JID has no parts, so every JID falls under it.
 */
export function compare(jid: string | undefined, rule: string | undefined): boolean {
	const actual = split(jid);
	const wanted = split(rule);
	return (
		(wanted.node === undefined || wanted.node === actual.node) &&
		(wanted.host === undefined || wanted.host === actual.host) &&
		(wanted.resource === undefined || wanted.resource === actual.resource)
	);
}

/**
 * XEP-0106: makes any text fit for a node, by writing the ten characters that a node must not contain as `\` and two hex digits.
 */
function escape_node(text: string): string;
function escape_node(text: string | undefined): string | undefined;
function escape_node(text: string | undefined): string | undefined {
	return text
		?.replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, "\\5c")
		.replace(/[ "&'/:<>@]/g, (character) => `\\${character.charCodeAt(0).toString(16)}`);
}

/** XEP-0106: the text that was given to `escape`. */
function unescape_node(text: string): string;
function unescape_node(text: string | undefined): string | undefined;
function unescape_node(text: string | undefined): string | undefined {
	return text?.replace(/\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

export { escape_node as escape, unescape_node as unescape };
