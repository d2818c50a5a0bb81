// No counterpart: the log as it is written.

import { html, nothing } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { LogLine } from "./answers.ts";
import type { App, Drawn, View } from "./app.ts";
import { clock } from "./format.ts";

/** How many lines are kept, and how long it takes until a lost connection is tried again, in milliseconds. */
const most_lines = 1000;
const retry_after = 3000;
const levels = ["debug", "info", "warn", "error"] as const;

export class Log implements View {
	private lines: LogLine[] = [];
	private level: (typeof levels)[number] = "info";
	private search = "";
	private is_paused = false;
	private is_connected = false;
	private watch: AbortController | undefined;
	/** Whether the newest line is in sight, so that newer ones should be, too. */
	private is_at_end = true;

	constructor(private readonly app: App) {}

	open(): void {
		void this.follow();
	}

	close(): void {
		this.watch?.abort();
		this.watch = undefined;
	}

	private async follow(): Promise<void> {
		this.close();
		const watch = new AbortController();
		this.watch = watch;
		while (this.watch === watch && this.app.info !== undefined) {
			await this.app.attempt(async () => {
				try {
					await this.read(await this.app.api.stream(`log?level=${this.level}`, watch.signal));
				} catch (error) {
					if (!watch.signal.aborted) throw error;
				}
			});
			this.is_connected = false;
			if (this.watch === watch) await new Promise((resolve) => setTimeout(resolve, retry_after));
		}
	}

	private async read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
		this.is_connected = true;
		this.app.redraw();
		let rest = "";
		const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			const lines = (rest + value).split("\n");
			rest = lines.pop() ?? "";
			const read = lines.filter((line) => line !== "").map((line): LogLine => JSON.parse(line));
			if (read.length === 0 || this.is_paused) continue;
			this.lines = [...this.lines, ...read].slice(-most_lines);
			this.app.redraw();
		}
	}

	private readonly hold_end = (element: Element | undefined): void => {
		if (element instanceof HTMLElement && this.is_at_end) element.scrollTop = element.scrollHeight;
	};

	draw(): Drawn {
		const wanted = this.search.toLowerCase();
		const shown = this.lines.filter(({ source, text }) => `${source} ${text}`.toLowerCase().includes(wanted));
		return html`<header class="page-head">
				<h1>Log</h1>
				<p class="quiet"><span class="dot ${this.is_connected ? "on" : ""}"></span>${this.is_paused ? "paused" : this.is_connected ? "live" : "not connected"}</p>
			</header>
			<div class="bar">
				<select
					aria-label="Level"
					@change=${({ target }: Event) => {
						const chosen = levels.find((level) => target instanceof HTMLSelectElement && level === target.value);
						if (chosen !== undefined) this.level = chosen;
						void this.follow();
					}}
				>
					${levels.map((level) => html`<option value=${level} ?selected=${level === this.level}>${level}</option>`)}
				</select>
				<input
					class="grow"
					type="search"
					placeholder="Only lines with…"
					aria-label="Only lines with"
					.value=${this.search}
					@input=${({ target }: Event) => {
						if (target instanceof HTMLInputElement) this.search = target.value;
						this.app.redraw();
					}}
				/>
				<button
					@click=${() => {
						this.is_paused = !this.is_paused;
						this.app.redraw();
					}}
				>
					${this.is_paused ? "Go on" : "Pause"}
				</button>
				<button
					@click=${() => {
						this.lines = [];
						this.app.redraw();
					}}
				>
					Clear
				</button>
			</div>
			<ol
				class="log card"
				tabindex="0"
				aria-label="Lines"
				${ref((element) => queueMicrotask(() => this.hold_end(element)))}
				@scroll=${({ target }: Event) => {
					if (target instanceof HTMLElement) this.is_at_end = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
				}}
			>
				${shown.length === 0 ? html`<li class="quiet">${this.lines.length === 0 ? "Nothing was logged yet." : "No line has that."}</li>` : nothing}
				${shown.map(
					({ time, source, level, text }) =>
						html`<li class=${level}><time>${clock(time * 1000)}</time> <b>${level}</b> <i>${source}</i> <span>${text}</span></li>`,
				)}
			</ol>`;
	}
}
