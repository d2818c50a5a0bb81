// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: plays, steps, and what each client receives. */
export const script_plays = `
	// --- Plays

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
		return make("article", { class: "step " + statusNames[outcomeOf(play, number).status], ...attributes });
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

	/** Shows how a play came out, and what columns its steps have. */
	function showOutcome(play) {
		const counts = [0, 0, 0];
		play.steps.forEach((_, number) => counts[outcomeOf(play, number).status]++);
		const numbers = [2, 1, 0]
			.filter((status) => counts[status] > 0)
			.map((status) => make("span", { class: "count " + statusNames[status] }, grouped(counts[status]) + " " + statusNames[status]));
		play.counts.replaceChildren(...numbers);
		const names = [index.reference, index.subject, index.third];
		play.columns.replaceChildren(...shownColumns().map((column) => make("span", {}, names[column])));
		const worst = statusNames[counts[2] ? 2 : counts[1] ? 1 : 0];
		for (const name of statusNames) play.section.classList.toggle(name, name === worst);
	}

	function playSection(play) {
		play.shown = make("span", { class: "quiet shown" });
		play.button = make(
			"button",
			{ class: "title", "aria-expanded": "false", on: { click: () => setOpen(play, !play.isOpen) } },
			make("span", { class: "chevron", "aria-hidden": "true" }),
			make("span", {}, play.title),
			play.repeat ? "" : make("span", { class: "file" }, fileName(play.source)),
		);
		play.list = make("div", { class: "steps" });
		play.counts = make("span", { class: "counts" });
		play.columns = make("div", { class: "columns", "aria-hidden": "true" });
		const people = play.players.flatMap(([name, jid]) => [make("b", {}, name), " " + jid + "  "]);
		play.section = make(
			"section",
			{ class: "play", id: anchor(play.number) },
			make(
				"div",
				{ class: "play-head" },
				make("h2", {}, play.button),
				play.shown,
				play.counts,
				make("a", { class: "link", href: "#" + anchor(play.number), title: "Link to this play" }, "#" + (play.number + 1)),
			),
			make(
				"div",
				{ class: "play-about" },
				make("p", {}, play.repeat ? ["made up; played again by ", make("code", {}, play.repeat)] : make("code", {}, play.source)),
				make("p", { class: "players" }, people),
			),
			play.columns,
			play.list,
		);
		return play.section;
	}
`;
