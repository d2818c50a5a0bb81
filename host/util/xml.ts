// Counterpart: util/xml.lua

import { Stanza } from "./stanza.ts";
import { TooManyAttributes, XmlError } from "./xml_errors.ts";
import { NamespaceError, Namespaces } from "./xml_namespaces.ts";
import { XmlTokenizer } from "./xml_tokenizer.ts";

/** How deep elements may be nested. */
const depth_limit = 500;
const attribute_limit = 1000;

/**
 * Reads a text that is one element. As in Prosody, every element gets its namespace as `attr.xmlns`, or none where it is in no
 * namespace; `xml:lang` keeps its prefix, and other attributes in a namespace are named `namespace + "\u0001" + name`.
 *
 * Gives undefined for what is not well-formed, for a DTD, comments and processing instructions, which XMPP does not have
 * (RFC 6120 §11.1), and where there are too many attributes or levels.
 */
export function parse(text: string): Stanza | undefined {
	const namespaces = new Namespaces();
	const open: Stanza[] = [];
	let root: Stanza | undefined;
	let pending = "";
	const end_text = (): void => {
		if (pending === "") return;
		open[open.length - 1]?.append_parsed(pending);
		pending = "";
	};
	const tokenizer = new XmlTokenizer(attribute_limit);
	const opened = (): void => {
		if (open.length >= depth_limit) throw new XmlError(`more than ${depth_limit} levels`);
		end_text();
		const { name, xmlns, attr } = namespaces.open(tokenizer.name, tokenizer.attributes);
		if (xmlns !== "") attr["xmlns"] = xmlns;
		const element = new Stanza(name);
		element.attr = attr;
		if (root === undefined) root = element;
		else open[open.length - 1]?.append_parsed(element);
		open.push(element);
	};
	try {
		tokenizer.write(text);
		for (let token = tokenizer.next(); token !== undefined; token = tokenizer.next()) {
			if (token === "open") opened();
			else if (token === "text") pending += tokenizer.text;
			else {
				end_text();
				namespaces.close();
				open.pop();
			}
		}
	} catch (error) {
		if (error instanceof XmlError || error instanceof NamespaceError || error instanceof TooManyAttributes) return undefined;
		throw error;
	}
	return tokenizer.is_complete ? root : undefined;
}
