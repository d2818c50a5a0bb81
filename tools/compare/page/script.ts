// No counterpart: part of `enjamb compare --html`.

import { script_moving } from "./script_moving.ts";
import { script_plays } from "./script_plays.ts";
import { script_stanzas } from "./script_stanzas.ts";
import { script_state } from "./script_state.ts";
import { script_summary } from "./script_summary.ts";

/** Part of the page's script: puts the page together and listens to the keyboard. */
const script_page = `
	const theme = new URLSearchParams(location.search).get("theme");
	if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;

	document.body.append(
		make(
			"header",
			{},
			make(
				"h1",
				{},
				index.reference,
				make("span", {}, index.third ? ", " : " and "),
				index.subject,
				index.third ? [make("span", {}, " and "), index.third] : "",
				make("span", {}, ", given the same stanzas"),
			),
			make("p", { class: "about" }, index.date + "   ", make("code", {}, index.command)),
			outcomes(),
			make("div", { class: "panels" }, outdated_panel(), group_panel(), known_panel(), shrunk_panel()),
		),
		toolbar,
		make("main", {}, plays.map(play_section), nothing_shown),
		make(
			"footer",
			{},
			make("p", {}, make("span", { class: "mark-d" }, "marked"), " differs. ", make("span", { class: "mark-k" }, "marked"), " differs in a known way. ", make("span", { class: "mark-f" }, "slanted"), " is chosen freely by each server, such as ids and times, and need not be the same. ", make("code", {}, "${"$"}{Name's full JID}"), " stands for that client's address, which ends in what its server chose."),
			make("p", {}, make("kbd", {}, "j"), " next difference, ", make("kbd", {}, "k"), " the one before, ", make("kbd", {}, "/"), " search. The number of a step or play is a link to it."),
		),
	);

	const set_bar_height = () => document.documentElement.style.setProperty("--toolbar", toolbar.offsetHeight + "px");
	new ResizeObserver(set_bar_height).observe(toolbar);
	set_bar_height();

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
`;

/**
 * The page's own script, for browsers, whose parts share one scope. It reads what page/index.ts and page/plays.ts writes, and puts stanzas on the page
 * as text nodes only: nothing of them is ever read as HTML.
 */
export const page_script = `
"use strict";
(function () {
${[script_state, script_stanzas, script_plays, script_summary, script_moving, script_page].join("")}
})();
`;
