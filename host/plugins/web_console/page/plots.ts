// No counterpart: how a number has changed, as a small picture.

import { html, svg } from "lit-html";
import type { Drawn } from "./app.ts";

const width = 220;
const height = 44;
/** How many values are kept. */
const most_values = 120;
/** A few values do not fill the whole picture. */
const least_width = 20;

/** A number that is measured again and again. */
export class Series {
	private readonly values: number[] = [];
	private before: { readonly value: number; readonly time: number } | undefined;

	/** Takes a value as it is. */
	take(value: number): void {
		this.values.push(value);
		if (this.values.length > most_values) this.values.shift();
	}

	/** Takes what only counts up, as how much comes in a second. */
	take_count(value: number, time = performance.now()): void {
		const { before } = this;
		this.before = { value, time };
		if (before !== undefined && time > before.time)
			this.take(Math.max(0, ((value - before.value) * 1000) / (time - before.time)));
	}

	get last(): number | undefined {
		return this.values.at(-1);
	}

	/** The picture: its highest value is at the top, zero at the bottom. */
	draw(): Drawn {
		const { values } = this;
		const top = Math.max(...values, Number.EPSILON);
		const places = Math.max(values.length, least_width);
		const step = width / (places - 1);
		const first = places - values.length;
		const point = (value: number, index: number): string =>
			`${((first + index) * step).toFixed(1)},${(height - 2 - (value / top) * (height - 6)).toFixed(1)}`;
		const line = values.map(point).join(" ");
		const area = `${(first * step).toFixed(1)},${height} ${line} ${width},${height}`;
		return html`<svg class="plot" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
			${values.length > 1 ? svg`<polygon points=${area}></polygon><polyline points=${line}></polyline>` : svg``}
		</svg>`;
	}
}
