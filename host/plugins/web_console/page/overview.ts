// No counterpart: the server at a glance.

import { html, nothing } from "lit-html";
import type { Metric, NodeInfo, ServerInfo } from "./answers.ts";
import type { App, Drawn, View } from "./app.ts";
import { bytes, short_number, span } from "./format.ts";
import { Series } from "./plots.ts";

/** One plot: what it shows, and how it is read out of the metrics. */
interface Plot {
	readonly title: string;
	/** A metric whose values are added up over all labels. */
	readonly metric: string;
	/** How it is to be read: as it is, as how much comes in a second, or as the mean of what came since the last time. */
	readonly as: "value" | "rate" | "mean";
	readonly unit: "" | "bytes" | "/s" | "ms" | "%";
}

const plots: readonly Plot[] = [
	{ title: "Occupants of rooms", metric: "enjamb_occupants", as: "value", unit: "" },
	{ title: "Rooms in memory", metric: "prosody_mod_muc__live_room", as: "value", unit: "" },
	{ title: "Stanzas delivered", metric: "enjamb_deliveries_total", as: "rate", unit: "/s" },
	{ title: "Turns", metric: "enjamb_turns_total", as: "rate", unit: "/s" },
	{ title: "Time of a commit", metric: "enjamb_commit_seconds", as: "mean", unit: "ms" },
	{ title: "Wait of a stanza", metric: "enjamb_stanza_wait_seconds", as: "mean", unit: "ms" },
	{ title: "Event loop busy", metric: "enjamb_event_loop_busy_ratio", as: "value", unit: "%" },
	{ title: "Bytes queued", metric: "enjamb_queued_bytes", as: "value", unit: "bytes" },
];

function sum(metrics: readonly Metric[], name: string): number | undefined {
	const found = metrics.filter((metric) => metric.name === name);
	return found.length === 0 ? undefined : found.reduce((total, { value }) => total + value, 0);
}

/** That of the busiest node. */
function highest(metrics: readonly Metric[], name: string): number | undefined {
	const found = metrics.filter((metric) => metric.name === name).map(({ value }) => value);
	return found.length === 0 ? undefined : Math.max(...found);
}

function show(value: number | undefined, unit: Plot["unit"]): string {
	if (value === undefined) return "–";
	if (unit === "bytes") return bytes(value);
	if (unit === "ms") return `${short_number(value * 1000)} ms`;
	if (unit === "%") return `${short_number(value * 100)} %`;
	return `${short_number(value)}${unit}`;
}

export class Overview implements View {
	private stop: () => void = () => {};
	private readonly series = new Map<string, Series>(plots.map(({ title }) => [title, new Series()]));
	private readonly memory = new Series();
	private readonly sessions = new Series();
	/** Sum and number of what a mean is made of, as they were the last time. */
	private readonly means = new Map<string, readonly [sum: number, count: number]>();
	private has_metrics: boolean | undefined;

	constructor(private readonly app: App) {}

	open(): void {
		this.stop = this.app.repeat(3, () => this.load());
	}

	close(): void {
		this.stop();
	}

	private async load(): Promise<void> {
		const { app } = this;
		const info = await app.api.list<ServerInfo>("get_server_info");
		app.info = info;
		this.memory.take(info.nodes.reduce((total, { memory }) => total + memory, 0));
		this.sessions.take(info.hosts.reduce((total, { sessions }) => total + sessions, 0));
		if (!info.manages_server) return;
		const metrics = await app.api.list<Metric[]>("get_metrics");
		this.has_metrics = metrics.length > 0;
		for (const plot of plots) this.take(plot, metrics);
	}

	private take({ title, metric, as, unit }: Plot, metrics: readonly Metric[]): void {
		const series = this.series.get(title);
		if (as !== "mean") {
			const value = unit === "%" ? highest(metrics, metric) : sum(metrics, metric);
			if (value !== undefined && as === "rate") series?.take_count(value);
			else if (value !== undefined) series?.take(value);
			return;
		}
		const [total, count] = [sum(metrics, `${metric}_sum`), sum(metrics, `${metric}_count`)];
		if (total === undefined || count === undefined) return;
		const [total_before, count_before] = this.means.get(title) ?? [total, count];
		this.means.set(title, [total, count]);
		series?.take(count > count_before ? (total - total_before) / (count - count_before) : 0);
	}

	draw(): Drawn {
		const { info } = this.app;
		if (info === undefined) return html``;
		return html`<header class="page-head"><h1>Overview</h1></header>
			<dl class="facts card">
				<div><dt>Version</dt><dd>Enjamb ${info.version}</dd></div>
				<div><dt>Running for</dt><dd>${span(Date.now() / 1000 - info.started)}</dd></div>
				<div><dt>Online</dt><dd>${this.sessions.last ?? 0}</dd></div>
				<div><dt>Memory</dt><dd>${show(this.memory.last, "bytes")}</dd></div>
			</dl>
			${info.nodes.length > 1 || info.nodes[0]?.node !== "" ? this.draw_nodes(info.nodes) : nothing}
			<section>
				<h2>Hosts</h2>
				<ul class="list card">
					${info.hosts.map(
						({ host, type, rooms, sessions }) => html`<li>
							<span class="grow"><strong>${host}</strong><span class="quiet">${rooms ? "rooms" : type === "local" ? "accounts" : "component"}</span></span>
							${type === "local" ? html`<span class="quiet">${sessions} online</span>` : nothing}
							${rooms ? html`<a class="button" href="#/rooms">Rooms</a>` : nothing}
						</li>`,
					)}
				</ul>
			</section>
			<section>
				<h2>Lately</h2>
				<div class="plots">
					${this.draw_plot("Online", String(this.sessions.last ?? "–"), this.sessions)}
					${this.draw_plot("Memory", show(this.memory.last, "bytes"), this.memory)}
					${
						this.has_metrics === true
							? plots.map(({ title, unit }) => {
									const series = this.series.get(title);
									return series === undefined ? nothing : this.draw_plot(title, show(series.last, unit), series);
								})
							: nothing
					}
				</div>
				${
					this.has_metrics === false
						? html`<p class="quiet">The option <code>statistics = "internal"</code> keeps more numbers: deliveries, turns, commits.</p>`
						: nothing
				}
			</section>`;
	}

	private draw_nodes(nodes: readonly NodeInfo[]): Drawn {
		return html`<section>
			<h2>Nodes</h2>
			<ul class="list card">
				${[...nodes]
					.sort((a, b) => (a.node < b.node ? -1 : 1))
					.map(
						({ node, version, started, memory, sessions }) => html`<li>
							<span class="grow"><strong>${node}</strong><span class="quiet">Enjamb ${version}, for ${span(Date.now() / 1000 - started)}</span></span>
							<span class="quiet">${sessions} online</span>
							<span class="quiet">${bytes(memory)}</span>
						</li>`,
					)}
			</ul>
		</section>`;
	}

	private draw_plot(title: string, value: string, series: Series): Drawn {
		return html`<figure class="card"><figcaption>${title}<strong>${value}</strong></figcaption>${series.draw()}</figure>`;
	}
}
