// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: how stanzas are laid out beside each other. */
export const script_stanzas = String.raw`
	// --- Stanzas

	/** What two values do not have in common: [start, end] in each. */
	function core(left, right) {
		let start = 0;
		while (start < left.length && start < right.length && left[start] === right[start]) start++;
		let end = 0;
		while (end < left.length - start && end < right.length - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
		// A word that differs is easier to read as a whole than letter by letter.
		if (start + end < 4) return undefined;
		return [start, end];
	}

	const escape_xml = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

	/** The quotation mark that an attribute's value needs least escaping in. */
	const quote_for = (value) => (value.includes("'") && !value.includes('"') ? '"' : "'");

	const stands_out = (mark) => mark === "d" || mark === "k";
	const strongest = (marks) => ["d", "k", "f"].find((mark) => marks.includes(mark)) || "";

	/** Marks by column, from those of the servers: the reference has the strongest of those that are looked at. */
	function column_marks(own, third) {
		const marks = [own || "", third || ""].slice(0, columns.length - 1);
		const shown = shown_columns().slice(1);
		return [strongest(shown.map((column) => marks[column - 1])), ...marks];
	}

	/** Pieces of a value in one column: [class, text]. */
	function value_pieces(values, column, kind, marks) {
		const value = values[column];
		const mark = marks[column];
		const quote = kind === "value" ? quote_for(value) : "";
		const written = (text) => {
			const escaped = escape_xml(text);
			if (quote === "") return escaped;
			return (quote === "'" ? escaped.replace(/'/g, "&apos;") : escaped).replace(/\n/g, "&#10;");
		};
		// The reference's is set against the first that is marked.
		const against = column > 0 ? 0 : shown_columns().find((other) => other > 0 && stands_out(marks[other]) && values[other] !== null);
		const other = against === undefined ? null : values[against];
		const style = kind + (mark ? " mark-" + mark : "");
		const common = stands_out(mark) && other !== null ? core(value, other) : undefined;
		if (!common) return [[style, written(value)]];
		const end = value.length - common[1];
		return [
			[style, written(value.slice(0, common[0]))],
			[style + " core", written(value.slice(common[0], end))],
			[style, written(value.slice(end))],
		].filter(([, text]) => text !== "");
	}

	const no_marks = columns.map(() => "");
	const text_values = (node) => (typeof node === "string" ? columns.map(() => node) : node.t);
	const text_marks = (node) => (typeof node === "string" ? no_marks : column_marks(node.m, node.n));
	const attribute_marks = (attribute) => column_marks(attribute[3], attribute[5]);

	function text_pieces(node, column, whole) {
		const [values, marks] = [text_values(node), text_marks(node)];
		const mark = whole || marks[column];
		if (values[column] === null) return stands_out(mark) ? [["ghost mark-" + mark, "no text"]] : [];
		return value_pieces(values, column, "text", whole ? no_marks : marks);
	}

	function tag_pieces(node, column, whole) {
		const [name, attributes, , , own, third] = node;
		const mark = whole ? "" : column_marks(own, third)[column];
		const pieces = [["punctuation", "<"], ["tag" + (mark ? " mark-" + mark : ""), name]];
		for (const attribute of attributes) {
			const [title] = attribute;
			const values = attribute_values(attribute);
			const marks = whole ? no_marks : attribute_marks(attribute);
			const mark = marks[column];
			if (values[column] === null) {
				if (stands_out(mark)) pieces.push(["", " "], ["ghost mark-" + mark, "no " + title]);
				continue;
			}
			const style = stands_out(mark) ? " mark-" + mark : "";
			const quote = quote_for(values[column]);
			pieces.push(["", " "], ["attribute" + style, title], ["punctuation" + style, "=" + quote]);
			pieces.push(...value_pieces(values, column, "value", marks), ["punctuation" + style, quote]);
		}
		return pieces;
	}

	/** Which columns an element is in. */
	const columns_with = ([, , , letters]) => columns.map((column) => !letters || letters.includes(column_letters[column]));

	/** The marks of a line by column: the strongest of those in it. */
	function line_marks(node, with_text) {
		const [, attributes, children, , own, third] = node;
		const has = columns_with(node);
		const all = [column_marks(own, third), ...attributes.map(attribute_marks)];
		const texts = with_text ? children.filter((child) => !Array.isArray(child)).map(text_marks) : [];
		const marks = columns.slice(1).map((column) => {
			// What only one of the two has is marked as a whole.
			const counting = has[0] === has[column] ? all : all.slice(0, 1);
			const mark = strongest([...counting, ...texts].map((part) => part[column]));
			return stands_out(mark) ? mark : "";
		});
		return column_marks(...marks);
	}

	/**
	 * Lays out an element: rows of depth, pieces by column (null for a gap) and marks by column. What one server does not have leaves a
	 * gap there, so that what belongs together stays on one line.
	 */
	function lay_out(node, depth = 0, around = no_marks, rows = []) {
		const [name, , children, , own, third] = node;
		const has = columns_with(node);
		const own_marks = column_marks(own, third);
		const wholes = column_marks(
			...columns.slice(1).map((column) => around[column] || (has[0] === has[column] ? "" : own_marks[column] || "f")),
		);
		const or = (first, second) => first.map((mark, column) => mark || second[column]);
		const shapes = columns.map((column) => {
			if (!has[column]) return "none";
			const in_it = children.filter((child) =>
				Array.isArray(child) ? columns_with(child)[column] : text_values(child)[column] !== null,
			);
			if (in_it.length === 0) return "empty";
			return in_it.length === 1 && !Array.isArray(in_it[0]) ? "text" : "block";
		});
		const is_block = shown_columns().some((column) => shapes[column] === "block");
		const texts = children.filter((child) => !Array.isArray(child));
		const close = [["punctuation", "</"], ["tag", name], ["punctuation", ">"]];
		const first = shapes.map((shape, column) => {
			if (shape === "none") return null;
			const whole = wholes[column];
			const pieces = tag_pieces(node, column, whole);
			if (shape === "block") return [...pieces, ["punctuation", ">"]];
			const content = texts.flatMap((text) => text_pieces(text, column, whole));
			if (shape === "empty" && content.length === 0) return [...pieces, ["punctuation", "/>"]];
			if (shape === "empty") return [...pieces, ["punctuation", "/>"], ["", " "], ...content];
			return [...pieces, ["punctuation", ">"], ...content, ...close];
		});
		rows.push({ depth, sides: first, marks: or(around, line_marks(node, !is_block)) });
		if (!is_block) return rows;
		for (const child of children) {
			if (Array.isArray(child)) lay_out(child, depth + 1, wholes, rows);
			else {
				const sides = shapes.map((shape, column) => (shape === "block" ? text_pieces(child, column, wholes[column]) : null));
				rows.push({ depth: depth + 1, sides, marks: or(wholes, text_marks(child)) });
			}
		}
		rows.push({ depth, sides: shapes.map((shape) => (shape === "block" ? close : null)), marks: wholes });
		return rows;
	}

	/** Text with what is searched for marked. */
	function with_hits(text) {
		const wanted = filters.text.trim().toLowerCase();
		const lower = text.toLowerCase();
		if (wanted === "" || lower.length !== text.length || !lower.includes(wanted)) return [text];
		const parts = [];
		let from = 0;
		for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
			parts.push(text.slice(from, at), make("mark", {}, text.slice(at, at + wanted.length)));
			from = at + wanted.length;
		}
		parts.push(text.slice(from));
		return parts.filter((part) => part !== "");
	}

	function piece_elements(pieces) {
		return pieces.map(([style, text]) => {
			if (style === "") return text;
			const title = style.includes("mark-f") ? "chosen freely by each server" : undefined;
			return make("span", { class: style, title }, with_hits(text));
		});
	}

	function cell(pieces, depth, classes) {
		const element = make("div", { class: "line " + classes }, pieces === null ? [] : piece_elements(pieces));
		element.style.setProperty("--depth", depth);
		return element;
	}

	/** How many lines around one that differs help to see where it is, and how many others are worth hiding. */
	const context = 3;
	const worth_hiding = 5;

	/** Numbers of the lines to show at first: those that differ, what is near them, and the elements that they are in. */
	function lines_to_show(lines) {
		const shown = new Set();
		lines.forEach(({ marks, depth }, number) => {
			if (!shown_columns().some((column) => stands_out(marks[column]))) return;
			for (let near = number - context; near <= number + context; near++) shown.add(near);
			let outside = depth;
			for (let above = number - 1; above >= 0 && outside > 0; above--) {
				if (lines[above].depth >= outside) continue;
				shown.add(above);
				outside = lines[above].depth;
			}
		});
		return shown;
	}

	const column_names = ["left", "right", "third"];
	const mark_flag = (mark) => (stands_out(mark) ? " line-" + mark : "");

	function stanza_rows(pair) {
		const rows = make("div", { class: "rows" });
		const lines = lay_out(pair.e).filter(({ sides }) => shown_columns().some((column) => sides[column] !== null));
		const cells_of = ({ depth, sides, marks }) =>
			shown_columns().map((column) => {
				const gap = sides[column] === null ? " gap" : "";
				return cell(sides[column], depth, column_names[column] + gap + mark_flag(marks[column]));
			});
		const shown = filters.text.trim() === "" ? lines_to_show(lines) : new Set();
		for (let number = 0; number < lines.length; number++) {
			let end = number;
			while (shown.size > 0 && end < lines.length && !shown.has(end)) end++;
			if (end - number < worth_hiding) {
				rows.append(...cells_of(lines[number]));
				continue;
			}
			const hidden = lines.slice(number, end);
			const show = () => more.replaceWith(...hidden.flatMap(cells_of));
			const more = make("button", { class: "more", type: "button", on: { click: show } }, "⋯ " + hidden.length + " more lines");
			rows.append(more);
			number = end - 1;
		}
		// Selecting text in one column leaves the others out.
		rows.addEventListener("mousedown", (event) => {
			const line = event.target.closest(".line");
			if (line) rows.dataset.select = column_names.find((name) => line.classList.contains(name));
		});
		return rows;
	}

	/** What cannot be seen where stanzas stand beside each other: that they came in another order, or their elements did. */
	function remarks_on(pair) {
		const shown = shown_columns();
		const places = shown.length === 3 ? ["on the left", "in the middle", "on the right"] : ["on the left", "on the right"];
		const remarks = [];
		const numbers = shown.map((column, place) => [pair.n ? pair.n[column] : null, places[place]]).filter(([number]) => number !== null);
		if (numbers.some(([number]) => number !== numbers[0][0])) {
			remarks.push(numbers.map(([number, place]) => "number " + number + " " + place).join(", "));
		}
		const reordered = shown.map((column, place) => [column, places[place]]).filter(([column]) => column > 0 && (pair.o || 0) & column);
		if (reordered.length > 0) {
			const where = reordered.map(([, place]) => place).join(" and ");
			remarks.push("elements come in another order " + where + "; here they stand as on the left");
		}
		return remarks;
	}

	function stanza_block(pair) {
		const remarks = remarks_on(pair);
		return make(
			"div",
			{ class: "stanza " + status_names[status_of(pair)] },
			stanza_rows(pair),
			remarks.length > 0 ? make("p", { class: "remark" }, remarks.join("; ")) : "",
		);
	}

	/** Something that is shown when its line is clicked, and made only then. */
	function folded(title, content) {
		const details = make("details", { class: "folded" }, make("summary", {}, title));
		details.addEventListener("toggle", () => {
			if (details.open && details.children.length === 1) details.append(...content());
		});
		return details;
	}

	/** Stanzas of one client that are in any of the columns. */
	const pairs_of = (client) => client.r.filter(({ e }) => shown_columns().some((column) => columns_with(e)[column]));
	/** How its connection ended, by column, if it did. */
	const ends_of = (client) => (client.e && shown_columns().some((column) => client.e[column] !== null) ? client.e : undefined);

	/** Stanzas of one client: where some differ, those that are equal are folded. */
	function stanza_blocks(client, folds_equal) {
		const blocks = [];
		let equal = [];
		const flush = () => {
			const pairs = equal;
			equal = [];
			if (pairs.length > 0) blocks.push(folded(counted(pairs.length, "equal stanza"), () => pairs.map(stanza_block)));
		};
		for (const pair of pairs_of(client)) {
			if (folds_equal && status_of(pair) === 0) equal.push(pair);
			else {
				flush();
				blocks.push(stanza_block(pair));
			}
		}
		flush();
		const ends = ends_of(client);
		if (ends) {
			const status = (column) => (client.b ? client.b[column - 1] : client.s);
			const differs = (column) => (ends[column] === ends[0] ? "" : status(column) === 1 ? "k" : "d");
			const marks = column_marks(...columns.slice(1).map(differs));
			const cells = shown_columns().map((column) => {
				const text = ends[column] === null ? "The connection stays." : "The connection ends: " + ends[column];
				return cell([["text", text]], 0, column_names[column] + mark_flag(marks[column]));
			});
			blocks.push(make("div", { class: "stanza" }, make("div", { class: "rows" }, cells)));
		}
		return blocks;
	}

	const notes_shown = 12;

	function note_list(notes) {
		const shown = (notes || []).filter(([, , server]) => server === undefined || chosen() < 0 || server === chosen());
		if (shown.length === 0) return "";
		const explained = new Set();
		const items = shown.slice(0, notes_shown).map(([text, known, server]) => {
			if (known < 0) return make("li", { class: "different" }, text);
			const { id, reason } = index.known[known];
			// Of two servers that differ in the same known way, the reason need not be read twice.
			const again = server !== undefined && explained.has(known);
			explained.add(known);
			return make("li", { class: "known" }, text, make("span", { class: "reason" }, make("b", {}, "known: " + id), again ? "" : " " + reason));
		});
		if (shown.length > notes_shown) items.push(make("li", {}, "and " + counted(shown.length - notes_shown, "difference") + " more"));
		return make("ul", { class: "notes" }, items);
	}

	function client_block(client, step_status) {
		const is_searching = filters.text.trim() !== "";
		const is_other = filters.client !== "" && client.p !== filters.client;
		const status = status_of(client);
		const is_aside = (status === 0 && step_status > 0) || is_other;
		const count = counted(pairs_of(client).length, "stanza") + (status === 0 ? ", equal" : "");
		if (is_aside && !is_searching) {
			return folded(client.p + " receives " + count, () => [note_list(client.d), ...stanza_blocks(client, false)]);
		}
		return make(
			"section",
			{ class: "client " + status_names[status] },
			make("h4", {}, client.p + " receives", make("span", { class: "quiet" }, count)),
			note_list(client.d),
			stanza_blocks(client, status > 0 && !is_searching),
		);
	}

	function sent_block(step) {
		const blocks = step.x.map((part) => {
			const rows = typeof part === "string" ? [{ depth: 0, sides: [[["text", part]]] }] : lay_out(part);
			return make("div", { class: "sent" }, rows.map(({ depth, sides }) => cell(sides[0], depth, "single")));
		});
		return blocks;
	}

	/** The line above a step: its number, who does what, how it came out. */
	function step_head(play, number, step) {
		const { status } = outcome_of(play, number);
		const label = play.steps[number][2];
		const name = anchor(play.number, number);
		return make(
			"h3",
			{},
			make("a", { class: "number", href: "#" + name, title: "Link to this step" }, String(number + 1)),
			make("span", { class: "what" }, step.w),
			step.x.length > 0 ? make("span", { class: "kind" }, index.labels[label]) : "",
			make("span", { class: "space" }),
			step.l === undefined ? "" : make("span", { class: "quiet" }, "line " + step.l),
			make("span", { class: "pill " + status_names[status] }, status_titles[status]),
		);
	}

	function fill_step(element) {
		if (element.dataset.filled) return;
		element.dataset.filled = "yes";
		const play = plays[element.dataset.play];
		const number = Number(element.dataset.step);
		const step = data_of(play).steps[number];
		const something = step.c.filter((client) => pairs_of(client).length > 0 || ends_of(client));
		const nothing = step.c.filter((client) => !something.includes(client)).map((client) => client.p);
		element.replaceChildren(
			step_head(play, number, step),
			...sent_block(step),
			...something.map((client) => client_block(client, outcome_of(play, number).status)),
		);
		if (something.length === 0) element.append(make("p", { class: "quiet" }, "Nobody receives anything."));
		else if (nothing.length > 0) element.append(make("p", { class: "quiet" }, "Nothing comes to " + nothing.join(", ") + "."));
	}
`;
