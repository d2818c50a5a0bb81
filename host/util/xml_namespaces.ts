// No counterpart: expat resolves namespaces for Prosody.

import type { Attributes } from "./stanza.ts";
import { XmlError } from "./xml_errors.ts";

const xml_uri = "http://www.w3.org/XML/1998/namespace";
const xmlns_uri = "http://www.w3.org/2000/xmlns/";

/** Attributes of the `xml` prefix that keep it, as in Prosody. */
const kept_xml_names = new Set(["xml:lang", "xml:space", "xml:base", "xml:id"]);

/** What may stand inside a name, but not at its beginning; the part after a prefix begins a name too. */
const no_name_start = /^(?:[-.0-9\u00b7\u203f\u2040]|[\u0300-\u036f])/;

/** Namespaces in force at one place: the default one, and by prefix. */
interface Scope {
	readonly xmlns: string;
	readonly prefixes: Readonly<Record<string, string>>;
}

/** An element name or a set of attributes that breaks the rules of Namespaces in XML 1.0. */
export class NamespaceError extends XmlError {}

/** An element with its namespaces resolved. */
export interface ResolvedElement {
	readonly name: string;
	readonly xmlns: string;
	/** Without declarations; names in a namespace are `namespace\u0001name`. */
	readonly attr: Attributes;
}

/** Splits a name at its colon; undefined where it has none. */
function split(name: string): [prefix: string, local: string] | undefined {
	const colon = name.indexOf(":");
	if (colon < 0) return undefined;
	const prefix = name.slice(0, colon);
	const local = name.slice(colon + 1);
	if (prefix === "" || local === "" || local.includes(":") || no_name_start.test(local)) {
		throw new NamespaceError(`malformed name ${name}`);
	}
	return [prefix, local];
}

function declare(prefixes: Record<string, string>, prefix: string, uri: string): void {
	if (uri === "") throw new NamespaceError(`the prefix ${prefix} is bound to nothing`);
	if (prefix === "xmlns" || uri === xmlns_uri || (prefix === "xml") !== (uri === xml_uri)) {
		throw new NamespaceError(`the prefix ${prefix} must not be bound to ${uri}`);
	}
	prefixes[prefix] = uri;
}

/** What each document begins with. One for all: documents of many clients are open at the same time. */
const first_scope: Scope = {
	xmlns: "",
	prefixes: Object.freeze(Object.assign<Record<string, string>, object>(Object.create(null), { xml: xml_uri })),
};

/** Follows the namespace declarations of one document, as its elements open and close. */
export class Namespaces {
	private scope = first_scope;
	private readonly outer: Scope[] = [];

	/** The default namespace at this place; empty where there is none. */
	get default_ns(): string {
		return this.scope.xmlns;
	}

	/**
	 * An element opens.
	 * @param attributes names and values in turn, as written, no name twice
	 * @throws NamespaceError for undeclared prefixes, bad declarations and attributes that are the same once resolved
	 */
	open(name: string, attributes: readonly string[]): ResolvedElement {
		this.outer.push(this.scope);
		const attr: Attributes = {};
		let xmlns: string | undefined;
		let prefixes: Record<string, string> | undefined;
		let has_prefixed = false;
		for (let index = 0; index < attributes.length; index += 2) {
			const key = attributes[index] ?? "";
			const value = attributes[index + 1] ?? "";
			if (key === "xmlns") {
				if (value === xml_uri || value === xmlns_uri) throw new NamespaceError(`${value} cannot be the default namespace`);
				xmlns = value;
			} else if (!key.includes(":")) attr[key] = value;
			else if (key.startsWith("xmlns:")) {
				prefixes ??= Object.create(this.scope.prefixes) as Record<string, string>;
				declare(prefixes, split(key)?.[1] ?? "", value);
			} else has_prefixed = true;
		}
		if (xmlns !== undefined || prefixes !== undefined) {
			this.scope = { xmlns: xmlns ?? this.scope.xmlns, prefixes: prefixes ?? this.scope.prefixes };
		}
		if (has_prefixed) this.add_prefixed(attr, attributes);
		const parts = split(name);
		if (parts === undefined) return { name, xmlns: this.scope.xmlns, attr };
		return { name: parts[1], xmlns: this.uri_of(parts[0]), attr };
	}

	/** An element closes. */
	close(): void {
		this.scope = this.outer.pop() ?? this.scope;
	}

	private uri_of(prefix: string): string {
		const uri = this.scope.prefixes[prefix];
		if (uri === undefined) throw new NamespaceError(`undeclared prefix ${prefix}`);
		return uri;
	}

	private add_prefixed(attr: Attributes, attributes: readonly string[]): void {
		for (let index = 0; index < attributes.length; index += 2) {
			const key = attributes[index] ?? "";
			if (!key.includes(":") || key.startsWith("xmlns:")) continue;
			const resolved = this.attribute_name(key);
			if (Object.hasOwn(attr, resolved)) throw new NamespaceError(`duplicate attribute ${key}`);
			attr[resolved] = attributes[index + 1];
		}
	}

	private attribute_name(key: string): string {
		if (kept_xml_names.has(key)) return key;
		const [prefix, local] = split(key) ?? ["", key];
		return `${this.uri_of(prefix)}\u0001${local}`;
	}
}
