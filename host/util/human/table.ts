// Counterpart: util/human/io.lua (table)

/** A column of a table for people. */
export interface Column<Row> {
	readonly title?: string;
	/** In characters, or as a share of what is left: `75%`, `3p`. As wide as the title where nothing is said. */
	readonly width?: number | string;
	readonly align?: "right";
	/** What a row shows here. */
	value(row: Row): string | undefined;
}

/** A table as its lines come: the titles, and each row. */
export interface TableLines<Row> {
	titles(): string;
	row(row: Row): string;
}

const separator = " | ";

/** Text in characters, as Lua counts them: code points. */
function characters(text: string): string[] {
	return Array.from(text);
}

/** Text in no more than so many characters; what is left out shows as an ellipsis. */
export function ellipsis(text: string, width: number): string {
	const all = characters(text);
	if (all.length <= width) return text;
	return width <= 1 ? "…" : `${all.slice(0, width - 1).join("")}…`;
}

/** The share of a column whose width is relative; undefined for one whose width is certain. */
function share_of({ width }: { readonly width?: number | string }): number | undefined {
	const share = typeof width === "string" ? /^(.*?)([\d.]+)[p%]$/.exec(width)?.[2] : undefined;
	return share === undefined ? undefined : Number(share);
}

/** How wide each column is, in characters. */
function widths_of(columns: readonly Pick<Column<never>, "title" | "width">[], max_width: number): number[] {
	const shares = columns.map(share_of);
	const fixed = columns.map(({ title, width }) => Math.max(Number(width ?? 0) || 0, title === undefined ? 0 : title.length + 1));
	let free = max_width - separator.length * (columns.length - 1);
	let total = 0;
	for (const [index, share] of shares.entries()) {
		if (share === undefined) free -= fixed[index] ?? 0;
		else total += share;
	}
	return shares.map((share, index) =>
		share === undefined ? (fixed[index] ?? 0) : Math.max(0, Math.floor((free * share) / total)),
	);
}

function padded(text: string, width: number, align: "right" | undefined): string {
	const length = characters(text).length;
	if (length > width) return ellipsis(text, width);
	const space = " ".repeat(width - length);
	return align === "right" ? space + text : text + space;
}

/**
 * Lays out a table.
 * @param max_width characters that a line may have
 */
export function format_table<Row>(columns: readonly Column<Row>[], max_width: number): TableLines<Row> {
	const widths = widths_of(columns, max_width);
	const line = (cell: (column: Column<Row>) => string): string =>
		columns.map((column, index) => padded(cell(column), widths[index] ?? 0, column.align)).join(separator);
	return {
		titles: () => line(({ title }) => title ?? ""),
		row: (row) => line((column) => column.value(row) ?? ""),
	};
}
