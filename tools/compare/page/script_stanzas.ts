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

	const escapeXml = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

	/** The quotation mark that an attribute's value needs least escaping in. */
	const quoteFor = (value) => (value.includes("'") && !value.includes('"') ? '"' : "'");

	/** Pieces of a value on one side: [class, text]. */
	function valuePieces(values, side, kind, mark) {
		const value = values[side];
		const quote = kind === "value" ? quoteFor(value) : "";
		const written = (text) => {
			const escaped = escapeXml(text);
			if (quote === "") return escaped;
			return (quote === "'" ? escaped.replace(/'/g, "&apos;") : escaped).replace(/\n/g, "&#10;");
		};
		const other = values[1 - side];
		const style = kind + (mark ? " mark-" + mark : "");
		const common = (mark === "d" || mark === "k") && other !== null ? core(value, other) : undefined;
		if (!common) return [[style, written(value)]];
		const end = value.length - common[1];
		return [
			[style, written(value.slice(0, common[0]))],
			[style + " core", written(value.slice(common[0], end))],
			[style, written(value.slice(end))],
		].filter(([, text]) => text !== "");
	}

	const standsOut = (mark) => mark === "d" || mark === "k";

	function textPieces(node, side, whole) {
		const values = typeof node === "string" ? [node, node] : node.t;
		const mark = whole || (typeof node === "string" ? "" : node.m);
		if (values[side] === null) return standsOut(mark) ? [["ghost mark-" + mark, "no text"]] : [];
		return valuePieces(values, side, "text", whole ? "" : mark);
	}

	function tagPieces(node, side, whole) {
		const [name, attributes, , , mark] = node;
		const pieces = [["punctuation", "<"], ["tag" + (mark && !whole ? " mark-" + mark : ""), name]];
		for (const [title, left, right, own] of attributes) {
			const values = right === undefined ? [left, left] : [left, right];
			if (values[side] === null) {
				if (standsOut(own) && !whole) pieces.push(["", " "], ["ghost mark-" + own, "no " + title]);
				continue;
			}
			const style = standsOut(own) && !whole ? " mark-" + own : "";
			const quote = quoteFor(values[side]);
			pieces.push(["", " "], ["attribute" + style, title], ["punctuation" + style, "=" + quote]);
			pieces.push(...valuePieces(values, side, "value", whole ? "" : own || ""), ["punctuation" + style, quote]);
		}
		return pieces;
	}

	/** The mark of a line: the strongest of those in it. */
	function lineMark(node, withText) {
		const [, attributes, children, side, mark] = node;
		const marks = [mark, ...attributes.map((attribute) => attribute[3])];
		if (side) marks.length = 1;
		if (withText) marks.push(...children.map((child) => (Array.isArray(child) || typeof child === "string" ? "" : child.m)));
		return marks.includes("d") ? "d" : marks.includes("k") ? "k" : "";
	}

	/**
	 * Lays out an element: rows of depth, pieces on the left and on the right (null for a gap) and mark. What one side does not have
	 * leaves a gap there, so that what belongs together stays on one line.
	 */
	function layOut(node, depth = 0, around = "", rows = []) {
		const [name, , children, side = "", mark = ""] = node;
		const whole = around || (side ? mark || "f" : "");
		const rowMark = around ? around : lineMark(node, false);
		const has = [side !== "r", side !== "l"];
		const shapes = [0, 1].map((at) => {
			if (!has[at]) return "none";
			const own = children.filter((child) =>
				typeof child === "string" ? true : Array.isArray(child) ? child[3] !== (at === 0 ? "r" : "l") : child.t[at] !== null,
			);
			if (own.length === 0) return "empty";
			return own.length === 1 && !Array.isArray(own[0]) ? "text" : "block";
		});
		const isBlock = shapes.includes("block");
		const texts = children.filter((child) => !Array.isArray(child));
		const close = [["punctuation", "</"], ["tag", name], ["punctuation", ">"]];
		const first = shapes.map((shape, at) => {
			if (shape === "none") return null;
			const pieces = tagPieces(node, at, whole);
			if (shape === "block") return [...pieces, ["punctuation", ">"]];
			const content = texts.flatMap((text) => textPieces(text, at, whole));
			if (shape === "empty" && content.length === 0) return [...pieces, ["punctuation", "/>"]];
			if (shape === "empty") return [...pieces, ["punctuation", "/>"], ["", " "], ...content];
			return [...pieces, ["punctuation", ">"], ...content, ...close];
		});
		rows.push({ depth, sides: first, mark: isBlock ? rowMark : around || lineMark(node, true) });
		if (!isBlock) return rows;
		for (const child of children) {
			if (Array.isArray(child)) layOut(child, depth + 1, side ? whole : "", rows);
			else {
				const sides = shapes.map((shape, at) => (shape === "block" ? textPieces(child, at, whole) : null));
				const own = typeof child === "string" ? "" : child.m;
				rows.push({ depth: depth + 1, sides, mark: side ? whole : standsOut(own) ? own : "" });
			}
		}
		rows.push({ depth, sides: shapes.map((shape) => (shape === "block" ? close : null)), mark: side ? whole : "" });
		return rows;
	}

	/** Text with what is searched for marked. */
	function withHits(text) {
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

	function pieceElements(pieces) {
		return pieces.map(([style, text]) => {
			if (style === "") return text;
			const title = style.includes("mark-f") ? "chosen freely by each server" : undefined;
			return make("span", { class: style, title }, withHits(text));
		});
	}

	function cell(pieces, depth, classes) {
		const element = make("div", { class: "line " + classes }, pieces === null ? [] : pieceElements(pieces));
		element.style.setProperty("--depth", depth);
		return element;
	}

	/** How many lines around one that differs help to see where it is, and how many others are worth hiding. */
	const context = 3;
	const worthHiding = 5;

	/** Numbers of the lines to show at first: those that differ, what is near them, and the elements that they are in. */
	function linesToShow(lines) {
		const shown = new Set();
		lines.forEach(({ mark, depth }, number) => {
			if (!standsOut(mark)) return;
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

	function stanzaRows(pair) {
		const rows = make("div", { class: "rows" });
		const lines = layOut(pair.e);
		const cellsOf = ({ depth, sides, mark }) => {
			const flag = standsOut(mark) ? " line-" + mark : "";
			return sides.map((pieces, at) => cell(pieces, depth, (at === 0 ? "left" : "right") + (pieces === null ? " gap" : "") + flag));
		};
		const shown = filters.text.trim() === "" ? linesToShow(lines) : new Set();
		for (let number = 0; number < lines.length; number++) {
			let end = number;
			while (shown.size > 0 && end < lines.length && !shown.has(end)) end++;
			if (end - number < worthHiding) {
				rows.append(...cellsOf(lines[number]));
				continue;
			}
			const hidden = lines.slice(number, end);
			const show = () => more.replaceWith(...hidden.flatMap(cellsOf));
			const more = make("button", { class: "more", type: "button", on: { click: show } }, "⋯ " + hidden.length + " more lines");
			rows.append(more);
			number = end - 1;
		}
		// Selecting text in one column leaves the other one out.
		rows.addEventListener("mousedown", (event) => {
			const line = event.target.closest(".line");
			if (line) rows.dataset.select = line.classList.contains("left") ? "left" : "right";
		});
		return rows;
	}

	function stanzaBlock(pair) {
		const remarks = [];
		if (pair.n) remarks.push("number " + pair.n[0] + " on the left, number " + pair.n[1] + " on the right");
		if (pair.o) remarks.push("elements come in another order on the right; here they stand as on the left");
		return make(
			"div",
			{ class: "stanza " + statusNames[pair.s] },
			stanzaRows(pair),
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

	/** Stanzas of one client: where some differ, those that are equal are folded. */
	function stanzaBlocks(client, foldsEqual) {
		const blocks = [];
		let equal = [];
		const flush = () => {
			const pairs = equal;
			equal = [];
			if (pairs.length > 0) blocks.push(folded(counted(pairs.length, "equal stanza"), () => pairs.map(stanzaBlock)));
		};
		for (const pair of client.r) {
			if (foldsEqual && pair.s === 0) equal.push(pair);
			else {
				flush();
				blocks.push(stanzaBlock(pair));
			}
		}
		flush();
		if (client.e) {
			const ends = client.e.map((end) => [["text", end === null ? "The connection stays." : "The connection ends: " + end]]);
			const flag = client.e[0] === client.e[1] ? "" : client.s === 1 ? " line-k" : " line-d";
			const rows = make("div", { class: "rows" }, cell(ends[0], 0, "left" + flag), cell(ends[1], 0, "right" + flag));
			blocks.push(make("div", { class: "stanza" }, rows));
		}
		return blocks;
	}

	const notesShown = 12;

	function noteList(notes) {
		if (!notes) return "";
		const items = notes.slice(0, notesShown).map(([text, known]) => {
			if (known < 0) return make("li", { class: "different" }, text);
			const { id, reason } = index.known[known];
			return make("li", { class: "known" }, text, make("span", { class: "reason" }, make("b", {}, "known: " + id), " " + reason));
		});
		if (notes.length > notesShown) items.push(make("li", {}, "and " + counted(notes.length - notesShown, "difference") + " more"));
		return make("ul", { class: "notes" }, items);
	}

	function clientBlock(client, stepStatus) {
		const isSearching = filters.text.trim() !== "";
		const isOther = filters.client !== "" && client.p !== filters.client;
		const isAside = (client.s === 0 && stepStatus > 0) || isOther;
		const count = counted(client.r.length, "stanza") + (client.s === 0 ? ", equal" : "");
		if (isAside && !isSearching) {
			return folded(client.p + " receives " + count, () => [noteList(client.d), ...stanzaBlocks(client, false)]);
		}
		return make(
			"section",
			{ class: "client " + statusNames[client.s] },
			make("h4", {}, client.p + " receives", make("span", { class: "quiet" }, count)),
			noteList(client.d),
			stanzaBlocks(client, client.s > 0 && !isSearching),
		);
	}

	function sentBlock(step) {
		const blocks = step.x.map((part) => {
			const rows = typeof part === "string" ? [{ depth: 0, sides: [[["text", part]]] }] : layOut(part);
			return make("div", { class: "sent" }, rows.map(({ depth, sides }) => cell(sides[0], depth, "single")));
		});
		return blocks;
	}

	/** The line above a step: its number, who does what, how it came out. */
	function stepHead(play, number, step) {
		const [status, , label] = play.steps[number];
		const name = anchor(play.number, number);
		return make(
			"h3",
			{},
			make("a", { class: "number", href: "#" + name, title: "Link to this step" }, String(number + 1)),
			make("span", { class: "what" }, step.w),
			step.x.length > 0 ? make("span", { class: "kind" }, index.labels[label]) : "",
			make("span", { class: "space" }),
			step.l === undefined ? "" : make("span", { class: "quiet" }, "line " + step.l),
			make("span", { class: "pill " + statusNames[status] }, statusTitles[status]),
		);
	}

	function fillStep(element) {
		if (element.dataset.filled) return;
		element.dataset.filled = "yes";
		const play = plays[element.dataset.play];
		const number = Number(element.dataset.step);
		const step = dataOf(play).steps[number];
		const something = step.c.filter((client) => client.r.length > 0 || client.e);
		const nothing = step.c.filter((client) => !something.includes(client)).map((client) => client.p);
		element.replaceChildren(
			stepHead(play, number, step),
			...sentBlock(step),
			...something.map((client) => clientBlock(client, play.steps[number][0])),
		);
		if (something.length === 0) element.append(make("p", { class: "quiet" }, "Nobody receives anything."));
		else if (nothing.length > 0) element.append(make("p", { class: "quiet" }, "Nothing comes to " + nothing.join(", ") + "."));
	}
`;
