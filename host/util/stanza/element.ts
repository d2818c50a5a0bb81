// Counterpart: util/stanza.lua (elements, and how they are built and read)

import { Element } from "ltx";
import type { ErrorType } from "../error.ts";
import { ns } from "../ns.ts";
import { check_name, check_text, open_tag, serialise } from "./xml.ts";

/** Attributes by name. A name in a namespace of its own is `namespace + "\u0001" + name`, as in Prosody; undefined is absent. */
export type Attributes = Record<string, string | undefined>;

/** What {@link Stanza.get_error} reads out of an `<error/>`. */
export interface ParsedError {
	/** The `type` attribute as it came, which may be missing or no known type. */
	type: string | undefined;
	condition: string;
	text: string | undefined;
	/** The application-specific element, if there is one. */
	extra: Stanza | undefined;
}

/** The opening tag of a stanza, made when it is shown. */
class ShownTag {
	constructor(private readonly stanza: Stanza) {}

	[Symbol.toPrimitive](): string {
		return this.stanza.top_tag();
	}
}

/**
 * An XML element with Prosody's methods on ltx's tree (`name`, `attrs`, `children`, `parent`).
 *
 * As in Prosody, every element carries the `xmlns` it was declared with itself: an element without one is in the namespace of
 * its parent when it was built here, and in the stream's own (`jabber:client`) when it came from the network.
 *
 * The constructor and {@link append_parsed} do not check what they get, since the parser has already checked it. Everything else
 * throws a TypeError for names and text that XML cannot carry.
 */
export class Stanza extends Element {
	/** Where the builder stands: the open elements below this one, outermost first. */
	last_add: Stanza[] | undefined = undefined;

	/** Prosody's name of ltx's `attrs`. */
	get attr(): Attributes {
		return this.attrs;
	}

	set attr(attributes: Attributes) {
		this.attrs = attributes;
	}

	/** The child elements, as a new array; change children through {@link maptags} and the builder. */
	get tags(): Stanza[] {
		const tags: Stanza[] = [];
		for (const child of this.children) {
			if (child instanceof Stanza) tags.push(child);
		}
		return tags;
	}

	/** The first child element, without making an array of all. */
	get first_tag(): Stanza | undefined {
		for (const child of this.children) {
			if (child instanceof Stanza) return child;
		}
		return undefined;
	}

	/** Opens `<query xmlns='…'>`. */
	query(xmlns: string): this {
		return this.tag("query", { xmlns });
	}

	/** Adds `<body>`, and closes it. */
	body(text: string, attr?: Attributes): this {
		return this.text_tag("body", text, attr);
	}

	/** Adds an element that holds nothing but text, and closes it. */
	text_tag(name: string, text: string | undefined, attr?: Attributes): this {
		return this.tag(name, attr).text(text).up();
	}

	/** Opens a child where the builder stands; {@link up} closes it. */
	tag(name: string, attr?: Attributes): this {
		const child = stanza(name, attr);
		this.current().append_parsed(child);
		if (this.last_add) this.last_add.push(child);
		else this.last_add = [child];
		return this;
	}

	/** Adds text where the builder stands; nothing for undefined or empty text. */
	text(text: string | undefined): this {
		if (text !== undefined && text !== "") this.current().add_direct_child(text);
		return this;
	}

	/** Closes the element that the builder stands in. */
	up(): this {
		this.last_add?.pop();
		return this;
	}

	/** Whether the builder stands in this very element. */
	at_top(): boolean {
		return this.last_add === undefined || this.last_add.length === 0;
	}

	/** Closes all that is open. */
	reset(): this {
		this.last_add = undefined;
		return this;
	}

	/** Adds a child to this element itself, wherever the builder stands. */
	add_direct_child(child: Stanza | string): void {
		if (typeof child === "string") check_text(child, "text");
		this.append_parsed(child);
	}

	/** Adds a child where the builder stands. */
	add_child(child: Stanza | string): this {
		this.current().add_direct_child(child);
		return this;
	}

	/** Adds a child without checking it, for the parser. */
	append_parsed(child: Stanza | string): void {
		if (child instanceof Stanza) child.parent = this;
		// The place for one child is enough for most; an empty array that grows makes place for 17
		if (this.children.length === 0) this.children = [child];
		else this.children.push(child);
	}

	private current(): Stanza {
		const open = this.last_add;
		return open?.[open.length - 1] ?? this;
	}

	/** Whether a child has the name and the namespace, as {@link get_child} compares them. */
	private answers(child: Stanza, name: string | undefined, xmlns: string | undefined): boolean {
		if (name !== undefined && child.name !== name) return false;
		const own = child.attrs["xmlns"];
		return own === xmlns || (xmlns === undefined && own === this.attrs["xmlns"]);
	}

	/**
	 * The first child of that name in that namespace. Without a namespace, one that declares the same as this element, or
	 * none, as most built children do. Without a name, any in the namespace.
	 */
	get_child(name?: string, xmlns?: string): Stanza | undefined {
		for (const child of this.children) {
			if (child instanceof Stanza && this.answers(child, name, xmlns)) return child;
		}
		return undefined;
	}

	/** The text of the child that {@link get_child} finds; undefined where there is none, or where it contains elements. */
	get_child_text(name?: string, xmlns?: string): string | undefined {
		return this.get_child(name, xmlns)?.get_text();
	}

	/** An attribute of the child that {@link get_child} finds. */
	get_child_attr(name: string | undefined, xmlns: string | undefined, attribute: string): string | undefined {
		return this.get_child(name, xmlns)?.attrs[attribute];
	}

	/** The first child of that name, whatever its namespace. */
	child_with_name(name: string): Stanza | undefined {
		for (const child of this.children) {
			if (child instanceof Stanza && child.name === name) return child;
		}
		return undefined;
	}

	/** The first child that declares that namespace. */
	child_with_ns(xmlns: string): Stanza | undefined {
		for (const child of this.children) {
			if (child instanceof Stanza && child.attrs["xmlns"] === xmlns) return child;
		}
		return undefined;
	}

	/** The first such child whose attribute, after `normalize`, has that value. */
	get_child_with_attr(
		name: string | undefined,
		xmlns: string | undefined,
		attribute: string,
		value: string | undefined,
		normalize?: (value: string | undefined) => string | undefined,
	): Stanza | undefined {
		for (const child of this.childtags(name, xmlns)) {
			const found = child.attrs[attribute];
			if ((normalize ? normalize(found) : found) === value) return child;
		}
		return undefined;
	}

	/** All children that {@link get_child} would find, in order. */
	*childtags(name?: string, xmlns?: string): Generator<Stanza, void, undefined> {
		for (const child of this.children) {
			if (child instanceof Stanza && this.answers(child, name, xmlns)) yield child;
		}
	}

	/** Replaces each child element by what the callback returns; undefined removes it. */
	maptags(callback: (tag: Stanza) => Stanza | undefined): this {
		/** The new children, from the first change on. */
		let children: (Element | string)[] | undefined;
		let index = 0;
		for (const child of this.children) {
			const answer = child instanceof Stanza ? callback(child) : child;
			if (answer !== child) children ??= this.children.slice(0, index);
			index++;
			if (children === undefined || answer === undefined) continue;
			if (answer !== child && answer instanceof Stanza) answer.parent = this;
			children.push(answer);
		}
		if (children !== undefined) this.children = children;
		return this;
	}

	/** Removes the children of that name (all names, when undefined) in that namespace (this element's own, when undefined). */
	remove_children(name?: string, xmlns?: string): this {
		const unwanted = xmlns ?? this.attrs["xmlns"];
		return this.maptags((tag) =>
			(name === undefined || tag.name === name) && tag.attrs["xmlns"] === unwanted ? undefined : tag,
		);
	}

	/**
	 * Follows a path such as `{ns}x/item@jid` or `body#`: elements by `/`, an attribute after `@`, text at `#`.
	 * Returns the element, or the text that the path ends in.
	 */
	find(path: string): Stanza | string | undefined {
		let here: Stanza | undefined = this;
		let rest = path;
		while (here !== undefined) {
			if (rest.startsWith("@")) {
				const name = rest.slice(1);
				return here.attrs[name.startsWith("{") ? name.slice(1).replace("}", "\u0001") : name];
			}
			const step: RegExpExecArray | null = /^(?:\{([^}]+)\})?([^@/#]*)([/#]?)/.exec(rest);
			if (step === null) return undefined;
			const [matched, xmlns, name, mark] = step;
			rest = rest.slice(matched.length);
			if (rest === "" && mark === "#") return here.get_child_text(name === "" ? undefined : name, xmlns);
			here = here.get_child(name === "" ? undefined : name, xmlns);
			if (rest === "") return here;
		}
		return undefined;
	}

	/** All the text, where there are no elements among it; undefined otherwise. */
	get_text(): string | undefined {
		const only = this.children[0];
		if (this.children.length === 1 && typeof only === "string") return only;
		let text = "";
		for (const child of this.children) {
			if (typeof child !== "string") return undefined;
			text += child;
		}
		return text;
	}

	/** What the `<error/>` of this stanza says; undefined where it has none. Source: RFC 6120 §8.3. */
	get_error(): ParsedError | undefined {
		const error = this.get_child("error");
		if (error === undefined) return undefined;
		const parsed: ParsedError = {
			type: error.attrs["type"],
			condition: "undefined-condition",
			text: undefined,
			extra: undefined,
		};
		let has_condition = false;
		for (const child of error.tags) {
			if (child.attrs["xmlns"] !== ns.stanzas) parsed.extra = child;
			else if (child.name === "text" && parsed.text === undefined) parsed.text = child.get_text();
			else if (!has_condition) {
				parsed.condition = child.name;
				has_condition = true;
			}
			if (has_condition && parsed.text !== undefined && parsed.extra !== undefined) break;
		}
		return parsed;
	}

	/**
	 * Adds an `<error/>`.
	 * @param by who made the error, left out where it is the sender itself
	 */
	add_error(type: ErrorType, condition: string, text?: string, by?: string): this {
		this.tag("error", { type, by: by === this.attrs["from"] ? undefined : by });
		this.tag(condition, { xmlns: ns.stanzas }).up();
		if (text !== undefined) this.text_tag("text", text, { xmlns: ns.stanzas });
		return this.up();
	}

	/** The opening tag alone, for logs. */
	top_tag(): string {
		return `${open_tag(this, undefined, true)}>`;
	}

	/** The same for a log, made only where the log shows it. */
	get shown(): ShownTag {
		return new ShownTag(this);
	}

	/** XML text; the namespace of this element itself is written, unless it is the given one of the surrounding stream. */
	override toString(): string {
		return serialise(this, undefined);
	}
}

/** An element with checked name and attributes. */
export function stanza(name: string, attr?: Attributes): Stanza {
	check_name(name, "tag");
	if (attr !== undefined) {
		for (const key in attr) {
			const value = attr[key];
			if (value === undefined) continue;
			check_name(key, "attribute");
			check_text(value, `value of attribute ${key}`);
		}
	}
	return new Stanza(name, attr);
}
