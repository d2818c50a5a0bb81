// No counterpart: part of `enjamb compare`.

import { attribute_name } from "../scansion/match.ts";
import type { Mark, MergedElement, Side } from "./merge.ts";
import { shorten, visible, xml_text, xml_value } from "./words.ts";

/** The terminal that text is written for. */
export interface Terminal {
	/** Whether a line can be written again in place. */
	readonly rewrites: boolean;
	readonly colour: boolean;
	/** Columns. */
	readonly width: number;
}

/** What a stream of this process can show. It has no colour where the environment says NO_COLOR, see https://no-color.org. */
export function terminal_of(stream: { readonly is_tty?: boolean; readonly columns?: number }): Terminal {
	const rewrites = stream.is_tty === true;
	return { rewrites, colour: rewrites && !process.env["NO_COLOR"], width: stream.columns ?? 100 };
}

type Style = "red" | "green" | "yellow" | "bold" | "dim";

const codes: Record<Style, [number, number]> = { red: [31, 39], green: [32, 39], yellow: [33, 39], bold: [1, 22], dim: [2, 22] };

/** Writes text in a style, or as it is. */
export type Paint = (style: Style, text: string) => string;

/** Paints for a terminal with or without colour. */
export function create_paint(colour: boolean): Paint {
	return (style, text) => {
		if (!colour) return text;
		const [on, off] = codes[style];
		return `\u001b[${on}m${text}\u001b[${off}m`;
	};
}

/** Breaks text into lines at its blanks. */
export function wrap(text: string, width: number, indent: string): string {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(/\s+/)) {
		if (line !== "" && indent.length + line.length + 1 + word.length > width) {
			lines.push(indent + line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
	}
	lines.push(indent + line);
	return lines.join("\n");
}

/** A line of a stanza. */
export interface Line {
	/** How many elements it is in. */
	readonly depth: number;
	readonly text: string;
	/** Whether something in it differs. */
	readonly marked: boolean;
}

/** Lays out one server's part of two stanzas, one element a line; marked parts have a colour and a `>` before them. */
class Layout {
	readonly lines: Line[] = [];

	constructor(
		private readonly side: Side,
		private readonly paint: Paint,
	) {}

	element(element: MergedElement, depth: number, around: Mark | undefined): void {
		const { name, side, children } = element;
		const other = side !== "both" && side !== this.side;
		if (other) {
			// An element that only the other server sends leaves a gap here.
			if (stands_out(element.mark)) this.line(depth, this.paint("dim", `(no <${visible(name)}> here)`), true);
			return;
		}
		const whole = around ?? (side === "both" ? undefined : element.mark);
		const tag = this.tag(element, whole);
		const own = children.filter((child) => child.kind === "element" || child[this.side] !== undefined);
		const only = own[0];
		if (own.length === 0) {
			const lost = children.some((child) => child.kind === "text" && stands_out(child.mark));
			this.line(depth, `${tag.text}/>`, tag.marked || lost);
		} else if (own.length === 1 && only?.kind === "text") {
			const text = this.marked(whole ?? only.mark, escape_text(only[this.side] ?? ""));
			const end = this.marked(whole, `</${name}>`);
			this.line(depth, `${tag.text}${this.marked(whole, ">")}${text}${end}`, tag.marked || stands_out(only.mark));
		} else {
			this.line(depth, `${tag.text}${this.marked(whole, ">")}`, tag.marked);
			for (const child of own) {
				if (child.kind === "element") this.element(child, depth + 1, whole);
				else
					this.line(
						depth + 1,
						this.marked(whole ?? child.mark, escape_text(child[this.side] ?? "")),
						stands_out(whole ?? child.mark),
					);
			}
			this.line(depth, this.marked(whole, `</${name}>`), stands_out(whole));
		}
	}

	private tag(element: MergedElement, whole: Mark | undefined): { text: string; marked: boolean } {
		let text = this.marked(whole ?? element.mark, `<${visible(element.name)}`);
		let marked = stands_out(whole ?? element.mark);
		for (const attribute of element.attributes) {
			const value = attribute[this.side];
			const mark = whole ?? attribute.mark;
			if (stands_out(mark)) marked = true;
			if (value === undefined) continue;
			const quoted = `${attribute_name(attribute.name)}=${xml_value(value)}`;
			text += ` ${this.marked(mark, visible(shorten(quoted)))}`;
		}
		return { text, marked };
	}

	private marked(mark: Mark | undefined, text: string): string {
		if (mark === undefined) return text;
		if (mark === "free") return this.paint("dim", text);
		return this.paint(mark === "known" ? "yellow" : this.side === "reference" ? "green" : "red", text);
	}

	private line(depth: number, text: string, marked: boolean): void {
		this.lines.push({ depth, text, marked });
	}
}

function stands_out(mark: Mark | undefined): boolean {
	return mark === "different" || mark === "known";
}

function escape_text(text: string): string {
	return visible(shorten(xml_text(text)).replaceAll("\n", "↵"));
}

/** The lines of what one server has of a merged element; none where it has nothing. */
export function lay_out(element: MergedElement, side: Side, paint: Paint): Line[] {
	if (element.side !== "both" && element.side !== side) return [];
	const layout = new Layout(side, paint);
	layout.element(element, 0, undefined);
	return layout.lines;
}

/** How many lines around a marked one help to see where it is. */
const context = 2;

/**
 * Writes lines with a `>` before those that are marked. Of a long stanza it leaves out what is neither near a marked line nor one
 * of the elements that such a line is in.
 */
export function write_lines(lines: readonly Line[], paint: Paint): string[] {
	const kept = new Set<number>();
	for (const [number, { marked, depth }] of lines.entries()) {
		if (!marked) continue;
		for (let near = number - context; near <= number + context; near++) kept.add(near);
		let outside = depth;
		for (let above = number - 1; above >= 0 && outside > 0; above--) {
			const line = lines[above];
			if (line === undefined || line.depth >= outside) continue;
			kept.add(above);
			outside = line.depth;
		}
	}
	const written: string[] = [];
	for (let number = 0; number < lines.length; number++) {
		let end = number;
		while (kept.size > 0 && end < lines.length && !kept.has(end)) end++;
		if (end - number > 2) {
			written.push(paint("dim", `  … ${end - number} more lines`));
			number = end - 1;
			continue;
		}
		const { depth, text, marked } = lines[number] ?? { depth: 0, text: "", marked: false };
		written.push(`${marked ? paint("bold", ">") : " "} ${"  ".repeat(depth)}${text}`.trimEnd());
	}
	return written;
}
