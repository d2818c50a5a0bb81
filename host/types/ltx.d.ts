// What a Stanza keeps of ltx's Element (the package ships no types). Members that Prosody's stanzas spell the same but mean
// differently (attr, tag cursor, text) are left out here on purpose: Stanza defines them.
declare module "ltx" {
	export class Element {
		constructor(name: string, attrs?: Record<string, string | undefined>);
		/** Qualified name as written. */
		name: string;
		parent: Element | null;
		/** Character data and elements in document order. */
		children: (Element | string)[];
		attrs: Record<string, string | undefined>;
		is(name: string, xmlns?: string): boolean;
		/** Name without prefix. */
		getName(): string;
		/** Namespace in force, looked up through the parents. */
		getNS(): string | undefined;
		getChild(name: string, xmlns?: string): Element | undefined;
		getChildren(name: string, xmlns?: string): Element[];
		getText(): string;
		root(): Element;
	}
}
