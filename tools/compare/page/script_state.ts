// No counterpart: part of `enjamb compare --html`.

/** Part of the page's script: filters, the place that the address names, and which steps are shown. */
export const script_state = String.raw`
	const read = (id) => JSON.parse(document.getElementById(id).textContent);
	const index = read("index");
	const status_names = ["equal", "known", "different"];
	const status_titles = ["equal", "known difference", "different"];

	// --- Making elements

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
	const file_name = (path) => path.slice(path.lastIndexOf("/") + 1);
	const anchor = (play, step) => "play-" + (play + 1) + (step === undefined ? "" : "-step-" + (step + 1));

	// --- What is shown: filters, and the play and step that one is at

	const standard = { status: index.totals.different > 0 ? "different" : "all", server: "", client: "", kind: "", text: "", only: "" };
	let filters = Object.assign({}, standard);
	let current;

	/** The fragment holds filters as key=value and a play or step by its anchor, all with & between. */
	function read_fragment() {
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
		if (!["all", ...status_names].includes(wanted.status)) wanted.status = standard.status;
		if (!index.each || !server_names.includes(wanted.server)) wanted.server = "";
		if (place && (!index.plays[place.play] || (place.step !== undefined && !index.plays[place.play].steps[place.step]))) {
			place = undefined;
		}
		return { wanted, place };
	}

	function write_fragment() {
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
	function reason_number(only) {
		const known = index.known.findIndex((entry) => "known:" + entry.id === only);
		return known >= 0 ? -1 - known : Number(only) - 1;
	}

	function reason_title(only) {
		const number = reason_number(only);
		if (number < 0) return index.known[-1 - number] ? index.known[-1 - number].id : only;
		const group = index.groups[number];
		return group ? group.label + ": " + group.text : only;
	}

	const plays = index.plays.map((play, number) => ({ ...play, number, matched: [], is_open: false, data: undefined, texts: undefined }));

	// --- Columns: the reference, our server, and a third one where there is one

	const server_names = ["subject", "also"];
	const column_letters = "lrt";
	const columns = index.short.map((_, column) => column);

	/** Number of the server that alone is looked at beside the reference; -1 for all. */
	const chosen = () => server_names.indexOf(filters.server);
	const shown_columns = () => (chosen() < 0 ? columns : [0, chosen() + 1]);

	/** How a step came out, on all servers or on the one that is looked at, and why. */
	function outcome_of(play, number) {
		if (chosen() < 0) return { status: play.steps[number][0], reasons: play.steps[number][4] || [] };
		const [status, ...reasons] = play.by[chosen()][number];
		return { status, reasons };
	}

	/** The same of what a client received, or of a stanza. */
	const status_of = (part) => (chosen() < 0 ? part.s : part.b[chosen()]);

	/** The values of an attribute by column. */
	function attribute_values([, left, right, , third]) {
		return right === undefined ? columns.map(() => left) : [left, right, third].slice(0, columns.length);
	}

	function data_of(play) {
		if (!play.data) play.data = read("data-" + (play.number + 1));
		return play.data;
	}

	/** All that can be found in a step by searching, in lower case. */
	function texts_of(play) {
		if (play.texts) return play.texts;
		const pieces = [];
		const collect = (node) => {
			if (typeof node === "string") pieces.push(node);
			else if (Array.isArray(node)) {
				pieces.push("<" + node[0]);
				for (const attribute of node[1]) {
					for (const value of new Set(attribute_values(attribute))) if (value !== null) pieces.push(attribute[0] + "='" + value + "'");
				}
				node[2].forEach(collect);
			} else pieces.push(...node.t.filter((text) => text !== null));
		};
		play.texts = data_of(play).steps.map((step, number) => {
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

	function matched_steps(play) {
		const status = status_names.indexOf(filters.status);
		const client = filters.client === "" ? undefined : index.clients.indexOf(filters.client);
		const kind = filters.kind === "" ? undefined : index.labels.indexOf(filters.kind);
		const only = filters.only === "" ? undefined : reason_number(filters.only);
		const text = filters.text.trim().toLowerCase();
		const matched = [];
		play.steps.forEach(([, actor, label, receivers], number) => {
			const outcome = outcome_of(play, number);
			if (status >= 0 && outcome.status !== status) return;
			if (client !== undefined && actor !== client && !receivers.includes(client)) return;
			if (kind !== undefined && label !== kind) return;
			if (only !== undefined && !outcome.reasons.includes(only)) return;
			if (text !== "" && !texts_of(play)[number].includes(text)) return;
			matched.push(number);
		});
		return matched;
	}
`;
