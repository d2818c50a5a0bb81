// No counterpart: part of `enjamb compare --html`.

/**
 * The page's own script, for browsers. It reads what page/data.ts writes, and puts stanzas on the page as text nodes only: nothing
 * of them is ever read as HTML.
 */
export const page_script = String.raw`
"use strict";
(function () {
	const read = (id) => JSON.parse(document.getElementById(id).textContent);
	const index = read("index");
	const statusNames = ["equal", "known", "different"];
	const statusTitles = ["equal", "known difference", "different"];

	// --- Making elements -------------------------------------------------------------------------------------------------------

	/** An element with attributes and children; strings become text. */
	function make(name, attributes, ...children) {
		const element = document.createElement(name);
		for (const [key, value] of Object.entries(attributes || {})) {
			if (key === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
			else if (value === true) element.setAttribute(key, "");
			else if (value !== undefined && value !== false) element.setAttribute(key, value);
		}
		element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
		return element;
	}

	const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
	const counted = (number, noun) => grouped(number) + " " + noun + (number === 1 ? "" : "s");
	const fileName = (path) => path.slice(path.lastIndexOf("/") + 1);
	const anchor = (play, step) => "play-" + (play + 1) + (step === undefined ? "" : "-step-" + (step + 1));

	// --- What is shown: filters, and the play and step that one is at ----------------------------------------------------------

	const standard = { status: index.totals.different > 0 ? "different" : "all", client: "", kind: "", text: "", only: "" };
	let filters = Object.assign({}, standard);
	let current;

	/** The fragment holds filters as key=value and a play or step by its anchor, all with & between. */
	function readFragment() {
		const wanted = Object.assign({}, standard);
		let place;
		for (const part of location.hash.slice(1).split("&")) {
			const at = part.indexOf("=");
			let value = part.slice(at + 1);
			try {
				value = decodeURIComponent(value.replace(/\+/g, "%20"));
			} catch {
				// Not encoded: taken as it is.
			}
			const named = /^play-(\d+)(?:-step-(\d+))?$/.exec(part);
			if (named) place = { play: named[1] - 1, step: named[2] === undefined ? undefined : named[2] - 1 };
			else if (at > 0 && Object.hasOwn(wanted, part.slice(0, at))) wanted[part.slice(0, at)] = value;
		}
		if (!["all", ...statusNames].includes(wanted.status)) wanted.status = standard.status;
		if (place && (!index.plays[place.play] || (place.step !== undefined && !index.plays[place.play].steps[place.step]))) {
			place = undefined;
		}
		return { wanted, place };
	}

	function writeFragment() {
		const parts = current ? [anchor(current.play, current.step)] : [];
		for (const key of Object.keys(standard)) {
			if (filters[key] !== standard[key]) parts.push(key + "=" + encodeURIComponent(filters[key]));
		}
		try {
			history.replaceState(null, "", "#" + parts.join("&"));
		} catch {
			// Some browsers do not allow it for files; the page works without.
		}
	}

	/** The number that steps have for a reason to differ: a group's from 0 on, a known difference's from -1 down. */
	function reasonNumber(only) {
		const known = index.known.findIndex((entry) => "known:" + entry.id === only);
		return known >= 0 ? -1 - known : Number(only) - 1;
	}

	function reasonTitle(only) {
		const number = reasonNumber(only);
		if (number < 0) return index.known[-1 - number] ? index.known[-1 - number].id : only;
		const group = index.groups[number];
		return group ? group.label + ": " + group.text : only;
	}

	const plays = index.plays.map((play, number) => ({ ...play, number, matched: [], isOpen: false, data: undefined, texts: undefined }));

	function dataOf(play) {
		if (!play.data) play.data = read("data-" + (play.number + 1));
		return play.data;
	}

	/** All that can be found in a step by searching, in lower case. */
	function textsOf(play) {
		if (play.texts) return play.texts;
		const pieces = [];
		const collect = (node) => {
			if (typeof node === "string") pieces.push(node);
			else if (Array.isArray(node)) {
				pieces.push("<" + node[0]);
				for (const attribute of node[1]) {
					for (const value of new Set(attribute.slice(1, 3))) if (value !== null) pieces.push(attribute[0] + "='" + value + "'");
				}
				node[2].forEach(collect);
			} else pieces.push(...node.t.filter((text) => text !== null));
		};
		play.texts = dataOf(play).steps.map((step, number) => {
			pieces.length = 0;
			pieces.push(step.w, index.labels[play.steps[number][2]], play.title, play.source);
			step.x.forEach(collect);
			for (const client of step.c) {
				pieces.push(client.p);
				for (const row of client.r) collect(row.e);
				for (const note of client.d || []) pieces.push(note[0]);
			}
			return pieces.join("\n").toLowerCase();
		});
		return play.texts;
	}

	function matchedSteps(play) {
		const status = statusNames.indexOf(filters.status);
		const client = filters.client === "" ? undefined : index.clients.indexOf(filters.client);
		const kind = filters.kind === "" ? undefined : index.labels.indexOf(filters.kind);
		const only = filters.only === "" ? undefined : reasonNumber(filters.only);
		const text = filters.text.trim().toLowerCase();
		const matched = [];
		play.steps.forEach(([outcome, actor, label, receivers, reasons], number) => {
			if (status >= 0 && outcome !== status) return;
			if (client !== undefined && actor !== client && !receivers.includes(client)) return;
			if (kind !== undefined && label !== kind) return;
			if (only !== undefined && !(reasons || []).includes(only)) return;
			if (text !== "" && !textsOf(play)[number].includes(text)) return;
			matched.push(number);
		});
		return matched;
	}

	// --- Stanzas ---------------------------------------------------------------------------------------------------------------

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
		const escape = (text) => {
			const escaped = escapeXml(text);
			if (quote === "") return escaped;
			return (quote === "'" ? escaped.replace(/'/g, "&apos;") : escaped).replace(/\n/g, "&#10;");
		};
		const other = values[1 - side];
		const style = kind + (mark ? " mark-" + mark : "");
		const common = (mark === "d" || mark === "k") && other !== null ? core(value, other) : undefined;
		if (!common) return [[style, escape(value)]];
		const end = value.length - common[1];
		return [
			[style, escape(value.slice(0, common[0]))],
			[style + " core", escape(value.slice(common[0], end))],
			[style, escape(value.slice(end))],
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

	// --- Plays -----------------------------------------------------------------------------------------------------------------

	/** Steps are filled with stanzas when they come near the window: ten thousand of them would be too much at once. */
	const fillMargin = 1200;
	const nearby = new IntersectionObserver(
		(entries) => {
			for (const { isIntersecting, target } of entries) {
				if (!isIntersecting) continue;
				nearby.unobserve(target);
				fillStep(target);
			}
		},
		{ rootMargin: fillMargin + "px 0px" },
	);

	/** How many steps are filled before the window is drawn, so that the first ones do not appear late. */
	const filledAtOnce = 10;
	let filledNow = 0;

	/** An empty step, to be filled when it is looked at. */
	function stepElement(play, number) {
		const attributes = { id: anchor(play.number, number), "data-play": play.number, "data-step": number };
		return make("article", { class: "step " + statusNames[play.steps[number][0]], ...attributes });
	}

	function renderSteps(play) {
		for (const element of play.list.children) nearby.unobserve(element);
		const elements = play.isOpen ? play.matched.map((number) => stepElement(play, number)) : [];
		play.list.replaceChildren(...elements);
		if (filledNow === 0) requestAnimationFrame(() => (filledNow = 0));
		for (const element of elements) {
			if (filledNow++ < filledAtOnce) fillStep(element);
			else nearby.observe(element);
		}
	}

	function setOpen(play, isOpen) {
		play.isOpen = isOpen;
		openAll.textContent = plays.some((other) => !other.isOpen && other.matched.length > 0) ? "open all" : "close all";
		play.section.classList.toggle("open", isOpen);
		play.button.setAttribute("aria-expanded", String(isOpen));
		renderSteps(play);
	}

	function playSection(play) {
		const counts = [0, 0, 0];
		for (const [status] of play.steps) counts[status]++;
		play.shown = make("span", { class: "quiet shown" });
		play.button = make(
			"button",
			{ class: "title", "aria-expanded": "false", on: { click: () => setOpen(play, !play.isOpen) } },
			make("span", { class: "chevron", "aria-hidden": "true" }),
			make("span", {}, play.title),
			play.repeat ? "" : make("span", { class: "file" }, fileName(play.source)),
		);
		play.list = make("div", { class: "steps" });
		const numbers = [2, 1, 0]
			.filter((status) => counts[status] > 0)
			.map((status) => make("span", { class: "count " + statusNames[status] }, grouped(counts[status]) + " " + statusNames[status]));
		const people = play.players.flatMap(([name, jid]) => [make("b", {}, name), " " + jid + "  "]);
		play.section = make(
			"section",
			{ class: "play " + (counts[2] ? "different" : counts[1] ? "known" : "equal"), id: anchor(play.number) },
			make(
				"div",
				{ class: "play-head" },
				make("h2", {}, play.button),
				play.shown,
				make("span", { class: "counts" }, numbers),
				make("a", { class: "link", href: "#" + anchor(play.number), title: "Link to this play" }, "#" + (play.number + 1)),
			),
			make(
				"div",
				{ class: "play-about" },
				make("p", {}, play.repeat ? ["made up; played again by ", make("code", {}, play.repeat)] : make("code", {}, play.source)),
				make("p", { class: "players" }, people),
			),
			make("div", { class: "columns", "aria-hidden": "true" }, make("span", {}, index.reference), make("span", {}, index.subject)),
			play.list,
		);
		return play.section;
	}

	// --- The top of the page ---------------------------------------------------------------------------------------------------

	function verdict({ steps, equal, known, different }) {
		if (steps === 0) return "Nothing was compared.";
		if (different > 0) return grouped(different) + " of " + counted(steps, "step") + (different === 1 ? " differs." : " differ.");
		if (known > 0) return "Nothing differs but what is known to: " + grouped(equal) + " of " + counted(steps, "step") + " are equal.";
		return steps === 1 ? "The one step is equal." : "All " + counted(steps, "step") + " are equal.";
	}

	function bar(totals) {
		const parts = ["equal", "known", "different"].map((name) => {
			const part = make("span", { class: name, title: grouped(totals[name]) + " " + name });
			part.style.flexGrow = totals[name];
			return totals[name] > 0 ? part : "";
		});
		const legend = [
			["equal", "equal"],
			["known", "with known differences"],
			["different", "different"],
		].map(([name, title]) => make("span", { class: "key " + name }, make("b", {}, grouped(totals[name])), " " + title));
		return [
			make("div", { class: "bar", role: "img", "aria-label": verdict(totals) }, parts),
			make("p", { class: "legend" }, legend),
		];
	}

	/** A link that shows only the steps with one reason to differ. */
	function onlyLink(only, status, children) {
		return make(
			"a",
			{
				href: "#only=" + encodeURIComponent(only) + "&status=" + status,
				on: {
					click: (event) => {
						event.preventDefault();
						current = undefined;
						change({ ...standard, only, status });
						toolbar.scrollIntoView();
					},
				},
			},
			children,
		);
	}

	const groupsShown = 8;

	function groupItem(group, number) {
		return make(
			"li",
			{},
			make("span", { class: "times" }, grouped(group.count) + "×"),
			onlyLink(String(number + 1), "different", [make("span", { class: "kind" }, group.label), " ", group.text]),
		);
	}

	function groupPanel() {
		if (index.groups.length === 0) return "";
		const items = index.groups.slice(0, groupsShown).map(groupItem);
		const rest = index.groups.slice(groupsShown);
		return make(
			"section",
			{ class: "panel" },
			make("h2", {}, "What differs"),
			make("ul", { class: "groups" }, items),
			rest.length === 0
				? ""
				: folded(counted(rest.length, "kind") + " more", () => [
						make("ul", { class: "groups" }, rest.map((group, at) => groupItem(group, at + groupsShown))),
					]),
		);
	}

	function knownPanel() {
		const met = index.known.filter(({ count }) => count > 0);
		if (met.length === 0) return "";
		const items = met.map(({ id, reason, count }) =>
			make(
				"li",
				{},
				make("span", { class: "times" }, grouped(count) + "×"),
				make("div", {}, onlyLink("known:" + id, "all", [id]), make("p", { class: "reason" }, reason)),
			),
		);
		return make("section", { class: "panel" }, make("h2", {}, "Known differences"), make("ul", { class: "groups" }, items));
	}

	function outdatedPanel() {
		if (index.outdated.length === 0) return "";
		const items = index.outdated.map(({ id, reason, shown_by }) =>
			make("li", {}, make("b", {}, id), shown_by ? ", which " + shown_by + " should show" : "", make("p", { class: "reason" }, reason)),
		);
		return make(
			"section",
			{ class: "panel warning" },
			make("h2", {}, "Known differences that are none any more"),
			make("p", {}, "They should have shown and did not, so they should leave the list. Until then the comparison counts as failed."),
			make("ul", {}, items),
		);
	}

	function shrunkPanel() {
		if (index.shrunk.length === 0) return "";
		const items = index.shrunk.map((file) => make("li", {}, make("code", {}, file)));
		return make("section", { class: "panel" }, make("h2", {}, "Short scripts that show what differs"), make("ul", {}, items));
	}

	// --- The bar with the filters ----------------------------------------------------------------------------------------------

	const { totals } = index;
	const statusButtons = new Map(
		[
			["all", totals.steps],
			["different", totals.different],
			["known", totals.known],
			["equal", totals.equal],
		].map(([name, count]) => [
			name,
			make(
				"button",
				{ class: name, type: "button", on: { click: () => change({ ...filters, status: name }) } },
				name + " ",
				make("span", {}, grouped(count)),
			),
		]),
	);

	function choice(title, key, values) {
		const options = [make("option", { value: "" }, "any " + title), ...values.map((value) => make("option", { value }, value))];
		return make("select", { "aria-label": title, on: { change: (event) => change({ ...filters, [key]: event.target.value }) } }, options);
	}

	const clientChoice = choice("client", "client", [...index.clients].sort());
	const kindChoice = choice("kind of step", "kind", [...index.labels].sort());
	let typing;
	const search = make("input", {
		type: "search",
		placeholder: "Search in stanzas   /",
		"aria-label": "Search in stanzas",
		on: {
			input: () => {
				clearTimeout(typing);
				typing = setTimeout(() => change({ ...filters, text: search.value }), 200);
			},
		},
	});
	const onlyChip = make("button", {
		class: "only",
		type: "button",
		title: "Show the others, too",
		on: { click: () => change({ ...filters, only: "" }) },
	});
	const position = make("span", { class: "position", "aria-live": "polite" });
	const openAll = make("button", {
		type: "button",
		on: {
			click: () => {
				const wanted = plays.some((play) => !play.isOpen && play.matched.length > 0);
				for (const play of plays) if (play.matched.length > 0 && play.isOpen !== wanted) setOpen(play, wanted);
			},
		},
	});
	const toolbar = make(
		"div",
		{ class: "toolbar" },
		make("div", { class: "statuses", role: "group", "aria-label": "Steps to show" }, [...statusButtons.values()]),
		clientChoice,
		kindChoice,
		search,
		onlyChip,
		make("span", { class: "space" }),
		openAll,
		position,
		make("button", { type: "button", title: "Previous difference: k", on: { click: () => jump(-1) } }, "↑ ", make("kbd", {}, "k")),
		make("button", { type: "button", title: "Next difference: j", on: { click: () => jump(1) } }, "↓ ", make("kbd", {}, "j")),
	);

	// --- Filtering and moving --------------------------------------------------------------------------------------------------

	/** Where j and k stop: at what differs, among what is shown; at every step where nothing shown differs. */
	function stops() {
		const shown = plays.flatMap((play) => play.matched.map((step) => ({ play: play.number, step, status: play.steps[step][0] })));
		const differing = shown.filter(({ status }) => status > 0);
		return differing.length > 0 ? differing : shown;
	}

	function showPosition() {
		const all = stops();
		const shown = plays.reduce((sum, play) => sum + play.matched.length, 0);
		const at = current ? all.findIndex(({ play, step }) => play === current.play && step === current.step) : -1;
		const numbers = counted(shown, "step") + (all.length < shown ? ", " + grouped(all.length) + " not equal" : "");
		position.textContent = shown === 0 ? "" : at < 0 ? numbers : grouped(at + 1) + " of " + grouped(all.length);
	}

	function jump(direction) {
		const all = stops();
		if (all.length === 0) return;
		let next;
		if (!current) next = direction > 0 ? all[0] : all[all.length - 1];
		else {
			const place = current.step === undefined ? -1 : current.step;
			const isAfter = ({ play, step }) => play > current.play || (play === current.play && step > place);
			const isBefore = ({ play, step }) => play < current.play || (play === current.play && step < place);
			next = direction > 0 ? all.find(isAfter) : all.filter(isBefore).pop();
		}
		if (next) goTo(next);
	}

	/** Fills a step and its neighbours, so that it stays where it is when they would be filled. */
	function fillAround(target) {
		const steps = [...document.querySelectorAll(".step")];
		const at = steps.indexOf(target);
		for (const direction of [1, -1]) {
			let filled = 0;
			for (let near = at; near >= 0 && near < steps.length && filled < fillMargin + innerHeight; near += direction) {
				fillStep(steps[near]);
				filled += steps[near].offsetHeight;
			}
		}
	}

	/** Shows a play or step; where filters hide it, they go. */
	function goTo({ play: number, step }) {
		const play = plays[number];
		if (step !== undefined && !play.matched.includes(step)) apply({ ...standard, status: "all" });
		else if (step === undefined && play.matched.length === 0) apply({ ...standard, status: "all" });
		if (!play.isOpen) setOpen(play, true);
		current = { play: number, step };
		for (const element of document.querySelectorAll(".current")) element.classList.remove("current");
		const target = document.getElementById(anchor(number, step));
		if (step !== undefined) fillAround(target);
		target.classList.add("current");
		target.scrollIntoView();
		// What is above may yet have grown when it came near the window.
		requestAnimationFrame(() => target.scrollIntoView());
		showPosition();
		writeFragment();
	}

	const nothingShown = make("p", { class: "empty" });
	/** How many steps may open by themselves. */
	const openAtOnce = 40;

	function apply(wanted) {
		filters = wanted;
		for (const [name, button] of statusButtons) button.setAttribute("aria-pressed", String(name === filters.status));
		clientChoice.value = filters.client;
		kindChoice.value = filters.kind;
		if (search.value !== filters.text) search.value = filters.text;
		onlyChip.hidden = filters.only === "";
		onlyChip.replaceChildren("only ", make("b", {}, reasonTitle(filters.only)), " ✕");
		let shown = 0;
		for (const play of plays) {
			play.matched = matchedSteps(play);
			shown += play.matched.length;
			play.section.hidden = play.matched.length === 0;
			play.shown.textContent = play.matched.length === play.steps.length ? "" : grouped(play.matched.length) + " of " + counted(play.steps.length, "step") + " shown";
			if (play.isOpen) renderSteps(play);
		}
		openAll.textContent = plays.some((play) => !play.isOpen && play.matched.length > 0) ? "open all" : "close all";
		nothingShown.hidden = shown > 0;
		nothingShown.textContent = totals.steps === 0 ? "There are no steps to show." : "No step is like that.";
		const isNarrowed = Object.keys(standard).some((key) => filters[key] !== "" && filters[key] !== "all");
		if (isNarrowed && !plays.some((play) => play.isOpen && play.matched.length > 0)) {
			let opened = 0;
			for (const play of plays) {
				if (play.matched.length === 0 || opened >= openAtOnce) continue;
				opened += play.matched.length;
				setOpen(play, true);
			}
		}
		if (current && current.step !== undefined && !plays[current.play].matched.includes(current.step)) current = undefined;
		showPosition();
	}

	function change(wanted) {
		apply(wanted);
		writeFragment();
	}

	function follow() {
		const { wanted, place } = readFragment();
		current = undefined;
		apply(wanted);
		if (place) goTo(place);
	}

	// --- The page --------------------------------------------------------------------------------------------------------------

	const theme = new URLSearchParams(location.search).get("theme");
	if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;

	document.body.append(
		make(
			"header",
			{},
			make("h1", {}, index.reference, make("span", {}, " and "), index.subject, make("span", {}, ", given the same stanzas")),
			make("p", { class: "about" }, index.date + "   ", make("code", {}, index.command)),
			make("p", { class: "verdict" }, verdict(totals)),
			bar(totals),
			make("div", { class: "panels" }, outdatedPanel(), groupPanel(), knownPanel(), shrunkPanel()),
		),
		toolbar,
		make("main", {}, plays.map(playSection), nothingShown),
		make(
			"footer",
			{},
			make("p", {}, make("span", { class: "mark-d" }, "marked"), " differs. ", make("span", { class: "mark-k" }, "marked"), " differs in a known way. ", make("span", { class: "mark-f" }, "slanted"), " is chosen freely by each server, such as ids and times, and need not be the same. ", make("code", {}, "${"$"}{Name's full JID}"), " stands for that client's address, which ends in what its server chose."),
			make("p", {}, make("kbd", {}, "j"), " next difference, ", make("kbd", {}, "k"), " the one before, ", make("kbd", {}, "/"), " search. The number of a step or play is a link to it."),
		),
	);

	const setBarHeight = () => document.documentElement.style.setProperty("--toolbar", toolbar.offsetHeight + "px");
	new ResizeObserver(setBarHeight).observe(toolbar);
	setBarHeight();

	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.target.closest("input, select, textarea")) {
			if (event.key === "Escape") event.target.blur();
			return;
		}
		if (event.key === "j") jump(1);
		else if (event.key === "k") jump(-1);
		else if (event.key === "/") {
			event.preventDefault();
			search.focus();
		}
	});
	window.addEventListener("hashchange", follow);
	follow();
})();
`;
