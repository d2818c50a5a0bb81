// Counterpart: util/xml.lua

import { SaxesParser } from "saxes";
import { Stanza } from "./stanza.ts";
import { NamespaceError, Namespaces } from "./xml_namespaces.ts";

/** How deep elements may lie in each other. */
const max_depth = 500;

/** The entities of every XML document; saxes' own table also answers for what objects inherit. */
const entities: Record<string, string> = Object.assign(Object.create(null), { amp: "&", gt: ">", lt: "<", quot: '"', apos: "'" });

/** Thrown through the parser to stop it; never leaves {@link parse}. */
class Refusal extends Error {}

function refuse(): never {
	throw new Refusal();
}

/**
 * Reads a text that is one element. As in Prosody every element gets the namespace that it is in as `attr.xmlns`, and none where
 * there is no such; `xml:lang` keeps its prefix, and other attributes in a namespace are named `namespace + "\u0001" + name`.
 *
 * Answers undefined for what is not well-formed, for a DTD, comments and processing instructions, which XMPP does not have
 * (RFC 6120 §11.1), and where elements lie too deep in each other.
 */
export function parse(text: string): Stanza | undefined {
	const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
	parser.ENTITIES = entities;
	const namespaces = new Namespaces();
	const open: Stanza[] = [];
	let root: Stanza | undefined;
	let pending = "";
	const end_text = (): void => {
		if (pending !== "") open[open.length - 1]?.append_parsed(pending);
		pending = "";
	};
	parser.on("error", refuse);
	parser.on("doctype", refuse);
	parser.on("comment", refuse);
	parser.on("processinginstruction", refuse);
	parser.on("opentag", (tag) => {
		if (open.length >= max_depth) refuse();
		end_text();
		const { name, xmlns, attr } = namespaces.open(tag.name, Object.entries(tag.attributes).flat());
		if (xmlns !== "") attr["xmlns"] = xmlns;
		const element = new Stanza(name);
		element.attrs = attr;
		if (root === undefined) root = element;
		else open[open.length - 1]?.append_parsed(element);
		open.push(element);
	});
	parser.on("closetag", () => {
		end_text();
		namespaces.close();
		open.pop();
	});
	const add_text = (content: string): void => {
		pending += content;
	};
	parser.on("text", add_text);
	parser.on("cdata", add_text);
	try {
		parser.write(text).close();
	} catch (error) {
		if (error instanceof Refusal || error instanceof NamespaceError) return undefined;
		throw error;
	}
	return root;
}
