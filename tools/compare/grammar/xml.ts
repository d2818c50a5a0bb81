// No counterpart: part of `enjamb compare`.

import { xml_escape } from "../../../host/util/stanza.ts";

/** XML text that is whole. */
export class Markup {
	constructor(readonly text: string) {}
}

type Value = string | number | undefined | Markup | readonly Markup[];

function written(value: Value): string {
	if (value === undefined) return "";
	if (value instanceof Markup) return value.text;
	if (typeof value === "object") return value.map((part) => part.text).join("");
	return xml_escape(String(value));
}

/** Makes XML of a template: markup is put in as it is, other values as text, undefined as nothing. */
export function xml(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
	return new Markup(strings.map((string, index) => string + (index < values.length ? written(values[index]) : "")).join(""));
}

/** An attribute, with the space before it; nothing where it has no value. */
export function attribute(name: string, value: string | undefined): Markup {
	return value === undefined ? new Markup("") : xml` ${new Markup(name)}='${value}'`;
}
