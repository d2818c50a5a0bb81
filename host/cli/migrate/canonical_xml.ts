// No counterpart: one text for a stanza, whichever storage it comes from, that reads back as exactly the same.

import { escape_attribute, escape_text, Stanza } from "../../util/stanza.ts";

function attribute(name: string, value: string): string {
	return ` ${name}='${escape_attribute(value)}'`;
}

function element(stanza: Stanza, surrounding: string | undefined): string {
	const { attr, children, name } = stanza;
	const xmlns = attr["xmlns"] ?? surrounding;
	let text = xmlns === surrounding || xmlns === undefined ? `<${name}` : `<${name}${attribute("xmlns", xmlns)}`;
	let prefixes = 0;
	for (const key of Object.keys(attr).sort()) {
		const value = attr[key];
		if (value === undefined || key === "xmlns") continue;
		const separator = key.indexOf("\u0001");
		if (separator < 0) {
			text += attribute(key, value);
			continue;
		}
		prefixes++;
		text += attribute(`xmlns:ns${prefixes}`, key.slice(0, separator));
		text += attribute(`ns${prefixes}:${key.slice(separator + 1)}`, value);
	}
	if (children.length === 0) return `${text}/>`;
	text += ">";
	for (const child of children) text += child instanceof Stanza ? element(child, xmlns) : escape_text(String(child));
	return `${text}</${name}>`;
}

/**
 * The text of a stanza: a namespace where it begins and nowhere else, attributes in order, and what readers would change written by its
 * number. What a table holds and what is read from this text is the same stanza.
 */
export function canonical_xml(stanza: Stanza): string {
	return element(stanza, undefined);
}
