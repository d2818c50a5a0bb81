// No counterpart: modules, and how much time those in Lua take.

import { html, nothing } from "lit-html";
import type { Metric, ModuleInfo } from "./answers.ts";
import type { App, Drawn, View } from "./app.ts";
import { short_number } from "./format.ts";

interface Shown extends ModuleInfo {
	/** Seconds and calls since the start, of a module in Lua. */
	readonly seconds: number | undefined;
	readonly calls: number | undefined;
}

export class Modules implements View {
	private modules: Shown[] | undefined;
	private only_lua = false;
	private stop: () => void = () => {};

	constructor(private readonly app: App) {}

	open(): void {
		this.stop = this.app.repeat(5, () => this.load());
	}

	close(): void {
		this.stop();
	}

	private async load(): Promise<void> {
		const { api } = this.app;
		const modules = await api.list<ModuleInfo[]>("get_modules");
		const metrics = await api.list<Metric[]>("get_metrics", { search: "enjamb_lua_" });
		const find = (name: string, one: ModuleInfo): number | undefined =>
			metrics.find(
				(metric) =>
					metric.name === name &&
					metric.node === one.node &&
					metric.labels["host"] === one.host &&
					metric.labels["module"] === one.name,
			)?.value;
		this.modules = modules
			.map((one) => ({ ...one, seconds: find("enjamb_lua_seconds_total", one), calls: find("enjamb_lua_calls_total", one) }))
			.sort(
				(a, b) =>
					(b.seconds ?? -1) - (a.seconds ?? -1) || (a.host < b.host ? -1 : a.host > b.host ? 1 : a.name < b.name ? -1 : 1),
			);
	}

	draw(): Drawn {
		const shown = (this.modules ?? []).filter(({ language }) => !this.only_lua || language === "Lua");
		return html`<header class="page-head">
				<h1>Modules</h1>
				<label class="switch"
					><input
						type="checkbox"
						.checked=${this.only_lua}
						@change=${({ target }: Event) => {
							if (target instanceof HTMLInputElement) this.only_lua = target.checked;
							this.app.redraw();
						}}
					/><span>Only those in Lua</span></label
				>
			</header>
			${shown.length === 0 ? html`<p class="empty">${this.modules === undefined ? "Loading…" : "There are none."}</p>` : nothing}
			<ul class="list card" ?hidden=${shown.length === 0}>
				${shown.map(
					({ name, host, language, status, message, node, seconds, calls }) => html`<li>
						<span class="grow"><strong>${name}</strong><span class="quiet">${host === "*" ? "the whole server" : host}</span></span>
						${node === "" ? nothing : html`<span class="chip">node ${node}</span>`}
						${status === "error" || status === "warn" ? html`<span class="chip ${status}">${message}</span>` : nothing}
						${
							seconds === undefined
								? nothing
								: html`<span class="figure" title="Time since the start">${short_number(seconds)} s in ${short_number(calls ?? 0)} calls</span>`
						}
						<span class="chip ${language === "built in" ? "" : "strong"}">${language}</span>
					</li>`,
				)}
			</ul>`;
	}
}
