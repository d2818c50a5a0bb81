// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: the bar with the filters, and moving about. */
export const script_moving = `
	// --- The bar with the filters

	const { totals } = index;
	const status_buttons = new Map(
		["all", "different", "known", "equal"].map((name) => [
			name,
			make(
				"button",
				{ class: name, type: "button", on: { click: () => change({ ...filters, status: name }) } },
				name + " ",
				make("span", {}),
			),
		]),
	);

	function show_counts() {
		const shown = chosen() < 0 ? totals : index.each[chosen()];
		for (const [name, button] of status_buttons) {
			button.setAttribute("aria-pressed", String(name === filters.status));
			button.lastChild.textContent = grouped(name === "all" ? shown.steps : shown[name]);
		}
	}

	function choice(title, key, values, all = "any " + title) {
		const entries = values.map((value) => (Array.isArray(value) ? value : [value, value]));
		const options = [["", all], ...entries].map(([value, name]) => make("option", { value }, name));
		return make("select", { "aria-label": title, on: { change: (event) => change({ ...filters, [key]: event.target.value }) } }, options);
	}

	const servers = server_names.slice(0, columns.length - 1).map((name, number) => [name, index.short[number + 1]]);
	const server_choice = choice("server", "server", servers, "all servers");
	const client_choice = choice("client", "client", [...index.clients].sort());
	const kind_choice = choice("kind of step", "kind", [...index.labels].sort());
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
	const only_chip = make("button", {
		class: "only",
		type: "button",
		title: "Show the others, too",
		on: { click: () => change({ ...filters, only: "" }) },
	});
	const position = make("span", { class: "position", "aria-live": "polite" });
	const open_all = make("button", {
		type: "button",
		on: {
			click: () => {
				const wanted = plays.some((play) => !play.is_open && play.matched.length > 0);
				for (const play of plays) if (play.matched.length > 0 && play.is_open !== wanted) set_open(play, wanted);
			},
		},
	});
	const toolbar = make(
		"div",
		{ class: "toolbar" },
		make("div", { class: "statuses", role: "group", "aria-label": "Steps to show" }, [...status_buttons.values()]),
		index.each ? server_choice : "",
		client_choice,
		kind_choice,
		search,
		only_chip,
		make("span", { class: "space" }),
		open_all,
		position,
		make("button", { type: "button", title: "Previous difference: k", on: { click: () => jump(-1) } }, "↑ ", make("kbd", {}, "k")),
		make("button", { type: "button", title: "Next difference: j", on: { click: () => jump(1) } }, "↓ ", make("kbd", {}, "j")),
	);

	// --- Filtering and moving

	/** Where j and k stop: at what differs, among what is shown; at every step where nothing shown differs. */
	function stops() {
		const shown = plays.flatMap((play) => play.matched.map((step) => ({ play: play.number, step, status: outcome_of(play, step).status })));
		const differing = shown.filter(({ status }) => status > 0);
		return differing.length > 0 ? differing : shown;
	}

	function show_position() {
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
			const is_after = ({ play, step }) => play > current.play || (play === current.play && step > place);
			const is_before = ({ play, step }) => play < current.play || (play === current.play && step < place);
			next = direction > 0 ? all.find(is_after) : all.filter(is_before).pop();
		}
		if (next) go_to(next);
	}

	/** Fills a step and its neighbours, so that it stays where it is when they would be filled. */
	function fill_around(target) {
		const steps = [...document.querySelectorAll(".step")];
		const at = steps.indexOf(target);
		for (const direction of [1, -1]) {
			let filled = 0;
			for (let near = at; near >= 0 && near < steps.length && filled < fill_margin + innerHeight; near += direction) {
				fill_step(steps[near]);
				filled += steps[near].offsetHeight;
			}
		}
	}

	/** Shows a play or step; where filters hide it, they go. */
	function go_to({ play: number, step }) {
		const play = plays[number];
		const { server } = filters;
		if (step !== undefined && !play.matched.includes(step)) apply({ ...standard, server, status: "all" });
		else if (step === undefined && play.matched.length === 0) apply({ ...standard, server, status: "all" });
		if (!play.is_open) set_open(play, true);
		current = { play: number, step };
		for (const element of document.querySelectorAll(".current")) element.classList.remove("current");
		const target = document.getElementById(anchor(number, step));
		if (step !== undefined) fill_around(target);
		target.classList.add("current");
		show_position();
		write_fragment();
		// The bar may have become higher by what it says now, and steps stop below it.
		set_bar_height();
		target.scrollIntoView();
		// What is above may yet have grown when it came near the window.
		requestAnimationFrame(() => target.scrollIntoView());
	}

	const nothing_shown = make("p", { class: "empty" });
	/** How many steps may open by themselves. */
	const open_at_once = 40;

	function apply(wanted) {
		filters = wanted;
		show_counts();
		document.body.classList.toggle("three", shown_columns().length === 3);
		server_choice.value = filters.server;
		client_choice.value = filters.client;
		kind_choice.value = filters.kind;
		if (search.value !== filters.text) search.value = filters.text;
		only_chip.hidden = filters.only === "";
		only_chip.replaceChildren("only ", make("b", {}, reason_title(filters.only)), " ✕");
		let shown = 0;
		for (const play of plays) {
			play.matched = matched_steps(play);
			shown += play.matched.length;
			play.section.hidden = play.matched.length === 0;
			play.shown.textContent = play.matched.length === play.steps.length ? "" : grouped(play.matched.length) + " of " + counted(play.steps.length, "step") + " shown";
			show_outcome(play);
			if (play.is_open) render_steps(play);
		}
		open_all.textContent = plays.some((play) => !play.is_open && play.matched.length > 0) ? "open all" : "close all";
		nothing_shown.hidden = shown > 0;
		nothing_shown.textContent = totals.steps === 0 ? "There are no steps to show." : "No step is like that.";
		const is_narrowed = Object.keys(standard).some((key) => key !== "server" && filters[key] !== "" && filters[key] !== "all");
		if (is_narrowed && !plays.some((play) => play.is_open && play.matched.length > 0)) {
			let opened = 0;
			for (const play of plays) {
				if (play.matched.length === 0 || opened >= open_at_once) continue;
				opened += play.matched.length;
				set_open(play, true);
			}
		}
		if (current && current.step !== undefined && !plays[current.play].matched.includes(current.step)) current = undefined;
		show_position();
	}

	function change(wanted) {
		apply(wanted);
		write_fragment();
	}

	function follow() {
		const { wanted, place } = read_fragment();
		current = undefined;
		apply(wanted);
		if (place) go_to(place);
	}
`;
