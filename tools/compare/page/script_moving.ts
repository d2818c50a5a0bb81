// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: the bar with the filters, and moving about. */
export const script_moving = `
	// --- The bar with the filters

	const { totals } = index;
	const statusButtons = new Map(
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

	function showCounts() {
		const shown = chosen() < 0 ? totals : index.each[chosen()];
		for (const [name, button] of statusButtons) {
			button.setAttribute("aria-pressed", String(name === filters.status));
			button.lastChild.textContent = grouped(name === "all" ? shown.steps : shown[name]);
		}
	}

	function choice(title, key, values, all = "any " + title) {
		const entries = values.map((value) => (Array.isArray(value) ? value : [value, value]));
		const options = [["", all], ...entries].map(([value, name]) => make("option", { value }, name));
		return make("select", { "aria-label": title, on: { change: (event) => change({ ...filters, [key]: event.target.value }) } }, options);
	}

	const servers = serverNames.slice(0, columns.length - 1).map((name, number) => [name, index.short[number + 1]]);
	const serverChoice = choice("server", "server", servers, "all servers");
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
		index.each ? serverChoice : "",
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

	// --- Filtering and moving

	/** Where j and k stop: at what differs, among what is shown; at every step where nothing shown differs. */
	function stops() {
		const shown = plays.flatMap((play) => play.matched.map((step) => ({ play: play.number, step, status: outcomeOf(play, step).status })));
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
		const { server } = filters;
		if (step !== undefined && !play.matched.includes(step)) apply({ ...standard, server, status: "all" });
		else if (step === undefined && play.matched.length === 0) apply({ ...standard, server, status: "all" });
		if (!play.isOpen) setOpen(play, true);
		current = { play: number, step };
		for (const element of document.querySelectorAll(".current")) element.classList.remove("current");
		const target = document.getElementById(anchor(number, step));
		if (step !== undefined) fillAround(target);
		target.classList.add("current");
		showPosition();
		writeFragment();
		// The bar may have become higher by what it says now, and steps stop below it.
		setBarHeight();
		target.scrollIntoView();
		// What is above may yet have grown when it came near the window.
		requestAnimationFrame(() => target.scrollIntoView());
	}

	const nothingShown = make("p", { class: "empty" });
	/** How many steps may open by themselves. */
	const openAtOnce = 40;

	function apply(wanted) {
		filters = wanted;
		showCounts();
		document.body.classList.toggle("three", shownColumns().length === 3);
		serverChoice.value = filters.server;
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
			showOutcome(play);
			if (play.isOpen) renderSteps(play);
		}
		openAll.textContent = plays.some((play) => !play.isOpen && play.matched.length > 0) ? "open all" : "close all";
		nothingShown.hidden = shown > 0;
		nothingShown.textContent = totals.steps === 0 ? "There are no steps to show." : "No step is like that.";
		const isNarrowed = Object.keys(standard).some((key) => key !== "server" && filters[key] !== "" && filters[key] !== "all");
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
`;
