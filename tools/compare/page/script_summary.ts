// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: the top of the page. */
export const script_summary = `
	// --- The top of the page

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

	/** How it went: on each server, where there are several beside the reference. */
	function outcomes() {
		const warning = index.warning === "" ? [] : [make("p", { class: "hollow", role: "note" }, index.warning)];
		return [...warning, ...outcome_parts(), make("p", { class: "quiet" }, index.remark)];
	}

	function outcome_parts() {
		if (!index.each) return [make("p", { class: "verdict" }, verdict(totals)), ...bar(totals)];
		const parts = index.each.map((own, server) =>
			make("section", { class: "outcome" }, make("h2", {}, index.short[server + 1]), make("p", { class: "verdict" }, verdict(own)), bar(own)),
		);
		return [make("div", { class: "outcomes" }, parts)];
	}

	/** On which servers something was met, where there are several. */
	function whose({ each }) {
		if (!each) return "";
		const met = each.map((count, server) => [count, index.short[server + 1]]).filter(([count]) => count > 0);
		if (met.length === 1) return make("p", { class: "whose" }, met[0][1]);
		return make("p", { class: "whose" }, met.map(([count, name]) => make("span", {}, make("b", {}, grouped(count) + "×"), " " + name)));
	}

	/** A link that shows only the steps with one reason to differ. */
	function only_link(only, status, children) {
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

	const groups_shown = 8;

	function group_item(group, number) {
		return make(
			"li",
			{},
			make("span", { class: "times" }, grouped(group.count) + "×"),
			make(
				"div",
				{},
				only_link(String(number + 1), "different", [make("span", { class: "kind" }, group.label), " ", group.text]),
				whose(group),
			),
		);
	}

	function group_panel() {
		if (index.groups.length === 0) return "";
		const items = index.groups.slice(0, groups_shown).map(group_item);
		const rest = index.groups.slice(groups_shown);
		return make(
			"section",
			{ class: "panel" },
			make("h2", {}, "What differs"),
			make("ul", { class: "groups" }, items),
			rest.length === 0
				? ""
				: folded(counted(rest.length, "kind") + " more", () => [
						make("ul", { class: "groups" }, rest.map((group, at) => group_item(group, at + groups_shown))),
					]),
		);
	}

	function known_panel() {
		const met = index.known.filter(({ count }) => count > 0);
		if (met.length === 0) return "";
		const items = met.map(({ id, reason, count, each }) =>
			make(
				"li",
				{},
				make("span", { class: "times" }, grouped(count) + "×"),
				make("div", {}, only_link("known:" + id, "all", [id]), whose({ each }), make("p", { class: "reason" }, reason)),
			),
		);
		return make("section", { class: "panel" }, make("h2", {}, "Known differences"), make("ul", { class: "groups" }, items));
	}

	function outdated_panel() {
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

	function shrunk_panel() {
		if (index.shrunk.length === 0) return "";
		const items = index.shrunk.map((file) => make("li", {}, make("code", {}, file)));
		return make("section", { class: "panel" }, make("h2", {}, "Short scripts that show what differs"), make("ul", {}, items));
	}
`;
