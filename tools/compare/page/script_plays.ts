// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: plays, steps, and what each client receives. */
export const script_plays = `
	// --- Plays

	/** Steps are filled with stanzas when they come near the window: ten thousand of them would be too much at once. */
	const fill_margin = 1200;
	const nearby = new IntersectionObserver(
		(entries) => {
			for (const { isIntersecting, target } of entries) {
				if (!isIntersecting) continue;
				nearby.unobserve(target);
				fill_step(target);
			}
		},
		{ rootMargin: fill_margin + "px 0px" },
	);

	/** How many steps are filled before the window is drawn, so that the first ones do not appear late. */
	const filled_at_once = 10;
	let filled_now = 0;

	/** An empty step, to be filled when it is looked at. */
	function step_element(play, number) {
		const attributes = { id: anchor(play.number, number), "data-play": play.number, "data-step": number };
		return make("article", { class: "step " + status_names[outcome_of(play, number).status], ...attributes });
	}

	function render_steps(play) {
		for (const element of play.list.children) nearby.unobserve(element);
		const elements = play.is_open ? play.matched.map((number) => step_element(play, number)) : [];
		play.list.replaceChildren(...elements);
		if (filled_now === 0) requestAnimationFrame(() => (filled_now = 0));
		for (const element of elements) {
			if (filled_now++ < filled_at_once) fill_step(element);
			else nearby.observe(element);
		}
	}

	function set_open(play, is_open) {
		play.is_open = is_open;
		open_all.textContent = plays.some((other) => !other.is_open && other.matched.length > 0) ? "open all" : "close all";
		play.section.classList.toggle("open", is_open);
		play.button.setAttribute("aria-expanded", String(is_open));
		render_steps(play);
	}

	/** Shows how a play came out, and what columns its steps have. */
	function show_outcome(play) {
		const counts = [0, 0, 0];
		play.steps.forEach((_, number) => counts[outcome_of(play, number).status]++);
		const numbers = [2, 1, 0]
			.filter((status) => counts[status] > 0)
			.map((status) => make("span", { class: "count " + status_names[status] }, grouped(counts[status]) + " " + status_names[status]));
		play.counts.replaceChildren(...numbers);
		const names = [index.reference, index.subject, index.third];
		play.columns.replaceChildren(...shown_columns().map((column) => make("span", {}, names[column])));
		const worst = status_names[counts[2] ? 2 : counts[1] ? 1 : 0];
		for (const name of status_names) play.section.classList.toggle(name, name === worst);
	}

	function play_section(play) {
		play.shown = make("span", { class: "quiet shown" });
		play.button = make(
			"button",
			{ class: "title", "aria-expanded": "false", on: { click: () => set_open(play, !play.is_open) } },
			make("span", { class: "chevron", "aria-hidden": "true" }),
			make("span", {}, play.title),
			play.repeat ? "" : make("span", { class: "file" }, file_name(play.source)),
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
