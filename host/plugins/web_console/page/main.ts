// No counterpart: the page of the console.

import { html, nothing, render } from "lit-html";
import { Api } from "./api.ts";
import { App, type Drawn, type View } from "./app.ts";
import { draw_question } from "./dialog.ts";
import { Log } from "./log.ts";
import { Login } from "./login.ts";
import { Modules } from "./modules.ts";
import { Overview } from "./overview.ts";
import { Room } from "./room.ts";
import { Rooms } from "./rooms.ts";
import { Sessions } from "./sessions.ts";

/** What can be gone to. */
interface Place {
	readonly name: string;
	readonly title: string;
	readonly view: View;
	/** Only for administrators of the server. */
	readonly is_for_server?: boolean;
}

/** Puts the page together. */
function start(): void {
	const base = document.querySelector("meta[name=api]")?.getAttribute("content") ?? "/api";
	const app = new App(new Api(base), draw);
	const login = new Login(app, go);
	const room = new Room(app);
	const places: readonly Place[] = [
		{ name: "overview", title: "Overview", view: new Overview(app) },
		{ name: "rooms", title: "Rooms", view: new Rooms(app) },
		{ name: "people", title: "People", view: new Sessions(app) },
		{ name: "modules", title: "Modules", view: new Modules(app), is_for_server: true },
		{ name: "log", title: "Log", view: new Log(app), is_for_server: true },
	];
	const seen: { view: View | undefined } = { view: undefined };

	function allowed(): Place[] {
		return places.filter(({ is_for_server }) => is_for_server !== true || app.info?.manages_server === true);
	}

	/** The place in the address, and what stands behind it. */
	function here(): readonly [place: Place | undefined, rest: string] {
		const [, name = "", rest = ""] = /^#\/(\w+)\/?(.*)$/.exec(location.hash) ?? [];
		return [allowed().find((place) => place.name === name) ?? allowed()[0], rest];
	}

	/** Shows what the address says. */
	function go(): void {
		seen.view?.close();
		seen.view = undefined;
		if (app.info === undefined) return;
		const [place, rest] = here();
		seen.view = place?.name === "rooms" && rest !== "" ? room : place?.view;
		seen.view?.open(rest);
		scrollTo(0, 0);
		app.redraw();
	}

	function log_out(): void {
		void app.attempt(async () => {
			await app.api.post("logout", {});
			app.api.token = undefined;
			app.info = undefined;
			go();
		});
	}

	function draw_inside(): Drawn {
		const [current] = here();
		return html`<aside>
				<p class="brand"><span class="mark" aria-hidden="true"></span>Enjamb</p>
				<nav aria-label="Parts of the console">
					${allowed().map(
						({ name, title }) => html`<a href="#/${name}" aria-current=${name === current?.name ? "page" : nothing}>${title}</a>`,
					)}
				</nav>
				<div class="who">
					<span class="quiet" title=${app.info?.caller ?? ""}>${app.info?.caller}</span>
					<button class="link" @click=${log_out}>Log out</button>
				</div>
			</aside>
			<main>${seen.view?.draw() ?? nothing}</main>
			${draw_question(app)}`;
	}

	function draw(): void {
		if (app.info === undefined && seen.view !== undefined) {
			seen.view.close();
			seen.view = undefined;
		}
		const { notice } = app;
		const said =
			notice === undefined
				? nothing
				: html`<p class="notice ${notice.is_error ? "error" : ""}" role=${notice.is_error ? "alert" : "status"}>${notice.text}</p>`;
		document.body.classList.toggle("inside", app.info !== undefined);
		render(html`${app.info === undefined ? login.draw() : draw_inside()}${said}`, document.body);
	}

	addEventListener("hashchange", go);
	// A newcomer comes with a token behind the #, which is not to stay in the address
	const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
	if (token !== undefined) {
		history.replaceState(null, "", "#/overview");
		void login.try_token(token);
	}
	draw();
}

start();
