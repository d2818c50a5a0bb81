// No counterpart in Prosody: the rules of its test player, https://matthewwild.co.uk/projects/scansion

import { failed, ok, type Result } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import { fill, type Template } from "./markup.ts";
import { read_pattern } from "./pattern.ts";

/** The first difference between a stanza and the script. */
export interface Difference {
	/** Line of the script that does not match. */
	readonly line: number;
	/** Names from the stanza down to the element, such as `presence/x/item`. */
	readonly path: string;
	/** What differs, such as `attribute role`. */
	readonly what: string;
	/** What the script has there. */
	readonly wanted: string;
	/** What the stanza has there. */
	readonly came: string;
	/** How much matched before: the stanza with the most is probably the intended one. */
	readonly agreed: number;
}

/** Values that the script captures, by name. */
export type Captures = ReadonlyMap<string, string>;

const nothing = "nothing";

interface Met {
	readonly captures: Map<string, string>;
	/** Names, attributes and texts that were compared. */
	readonly agreed: number;
}

type Comparison = Result<Met, Difference>;

/** The namespace of a stanza's element: parsed ones carry theirs, unless it is that of the stream. */
function namespace_of(element: Stanza): string {
	return element.attr["xmlns"] ?? ns.client;
}

function describe(name: string, xmlns: string, parent_xmlns: string): string {
	return xmlns === parent_xmlns ? `<${name}>` : `<${name} xmlns='${xmlns}'>`;
}

function describe_element(element: Stanza, parent_xmlns: string): string {
	return describe(element.name, namespace_of(element), parent_xmlns);
}

function text_of(children: readonly unknown[]): string {
	return children.filter((child) => typeof child === "string").join("");
}

/** How an attribute is written in reports: Clark's `{namespace}name` where it has a namespace. */
export function attribute_name(name: string): string {
	const separator = name.indexOf("\u0001");
	return separator < 0 ? name : `{${name.slice(0, separator)}}${name.slice(separator + 1)}`;
}

/** One stanza against one template: holds what is the same all the way down. */
class Matching {
	constructor(private readonly variables: ReadonlyMap<string, string>) {}

	/**
	 * @param inherited whether the parent is matched strictly
	 * @param parent_xmlns the namespace around: an element of another one is matched strictly unless it says otherwise
	 */
	compare(template: Template, element: Stanza, path: string, inherited: boolean, parent_xmlns: string): Comparison {
		const captures = new Map<string, string>();
		let agreed = 0;
		const differ = (what: string, wanted: string, came: string): Comparison =>
			failed({ line: template.line, path, what, wanted, came, agreed });

		if (template.name !== element.name || template.xmlns !== namespace_of(element)) {
			return differ("element", describe(template.name, template.xmlns, parent_xmlns), describe_element(element, parent_xmlns));
		}
		agreed++;
		const enters_namespace = template.xmlns !== parent_xmlns && template.xmlns !== ns.client;
		const strict = template.strict ?? (enters_namespace || inherited);

		for (const [name, text] of template.attributes) {
			const came = element.attr[name];
			if (came === undefined || !this.accepts(text, came, captures)) {
				return differ(`attribute ${attribute_name(name)}`, fill(text, this.variables), came ?? nothing);
			}
			agreed++;
		}
		if (strict) {
			for (const [name, came] of Object.entries(element.attr)) {
				if (name !== "xmlns" && came !== undefined && !template.attributes.has(name)) {
					return differ(`attribute ${attribute_name(name)}`, nothing, came);
				}
			}
		}
		const text = text_of(template.children);
		if (text !== "") {
			const came = text_of(element.children);
			if (!this.accepts(text, came, captures)) return differ("text", fill(text, this.variables), came === "" ? nothing : came);
			agreed++;
		}
		const below = strict ? this.in_order(template, element, path) : this.anywhere(template, element, path);
		if (!below.ok) return failed({ ...below.error, agreed: agreed + below.error.agreed });
		for (const [name, value] of below.value.captures) captures.set(name, value);
		return ok({ captures, agreed: agreed + below.value.agreed });
	}

	private accepts(text: string, came: string, captures: Map<string, string>): boolean {
		const pattern = read_pattern(text);
		if (!pattern.ok) return false;
		if (pattern.value.kind === "capture") captures.set(pattern.value.name, came);
		return pattern.value.kind !== "text" || came === fill(text, this.variables);
	}

	/** Strict: the same children in the same order, and none more. */
	private in_order(template: Template, element: Stanza, path: string): Comparison {
		const wanted = template.children.filter((child) => typeof child !== "string");
		const came = element.tags;
		const captures = new Map<string, string>();
		let agreed = 0;
		for (const [index, child] of wanted.entries()) {
			const candidate = came[index];
			if (candidate === undefined) {
				const what = `element ${index + 1} in <${template.name}>`;
				const missing = describe(child.name, child.xmlns, template.xmlns);
				return failed({ line: child.line, path: `${path}/${child.name}`, what, wanted: missing, came: nothing, agreed });
			}
			const compared = this.compare(child, candidate, `${path}/${child.name}`, true, template.xmlns);
			if (!compared.ok) {
				const what = compared.error.what === "element" ? `element ${index + 1} in <${template.name}>` : compared.error.what;
				return failed({ ...compared.error, what, agreed: agreed + compared.error.agreed });
			}
			agreed += compared.value.agreed;
			for (const [name, value] of compared.value.captures) captures.set(name, value);
		}
		const more = came[wanted.length];
		if (more !== undefined) {
			const what = `element ${wanted.length + 1} in <${template.name}>`;
			return failed({ line: template.line, path, what, wanted: nothing, came: describe_element(more, template.xmlns), agreed });
		}
		return ok({ captures, agreed });
	}

	/** Loose: each wanted child is among the children, wherever; each child stands for one wanted child only. */
	private anywhere(template: Template, element: Stanza, path: string): Comparison {
		const wanted = template.children.filter((child) => typeof child !== "string");
		const came = element.tags;
		const taken_by = new Map<Stanza, number>();
		const comparisons = wanted.map((child) =>
			came.map((candidate) => this.compare(child, candidate, `${path}/${child.name}`, false, template.xmlns)),
		);
		/** Finds a child for a wanted one, reassigning others where they have a choice (Kuhn's algorithm). */
		const place = (index: number, tried: Set<Stanza>): boolean => {
			for (const [position, candidate] of came.entries()) {
				if (comparisons[index]?.[position]?.ok !== true || tried.has(candidate)) continue;
				tried.add(candidate);
				const holder = taken_by.get(candidate);
				if (holder === undefined || place(holder, tried)) {
					taken_by.set(candidate, index);
					return true;
				}
			}
			return false;
		};
		const captures = new Map<string, string>();
		let agreed = 0;
		for (const [index, child] of wanted.entries()) {
			if (!place(index, new Set())) {
				return failed(this.closest(comparisons[index] ?? [], child, template, path, agreed));
			}
		}
		for (const [position, candidate] of came.entries()) {
			const holder = taken_by.get(candidate);
			const met = holder === undefined ? undefined : comparisons[holder]?.[position];
			if (met?.ok !== true) continue;
			agreed += met.value.agreed;
			for (const [name, value] of met.value.captures) captures.set(name, value);
		}
		return ok({ captures, agreed });
	}

	/** The difference to the child that agrees most, or that there is none of that name. */
	private closest(comparisons: Comparison[], child: Template, template: Template, path: string, agreed: number): Difference {
		let best: Difference | undefined;
		for (const compared of comparisons) {
			if (!compared.ok && compared.error.agreed > (best?.agreed ?? 0)) best = compared.error;
		}
		if (best !== undefined) return { ...best, agreed: agreed + best.agreed };
		return {
			line: child.line,
			path: `${path}/${child.name}`,
			what: `element in <${template.name}>`,
			wanted: describe(child.name, child.xmlns, template.xmlns),
			came: comparisons.some((compared) => compared.ok) ? "not as often as wanted" : nothing,
			agreed,
		};
	}
}

/**
 * Compares a stanza with a template.
 *
 * Loose, as the stanza itself is matched: more attributes and children may be there, children in any order. Strict, from the first
 * element of another namespace downwards: exactly these attributes, exactly these children in this order. `scansion:strict` decides
 * for an element and what is below it. Text is compared only where the template has some.
 * @param variables values for `${…}`
 * @returns what the script captures, or the first difference
 */
export function match(template: Template, stanza: Stanza, variables: ReadonlyMap<string, string>): Result<Captures, Difference> {
	const compared = new Matching(variables).compare(template, stanza, template.name, false, ns.client);
	return compared.ok ? ok(compared.value.captures) : compared;
}
