// No counterpart: what benchmarks have found over time: a file of JSON lines, and a plot of it.

import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { failed, ok, type Result } from "../../host/util/error.ts";
import * as json from "../../host/util/json.ts";
import { xml_escape } from "../../host/util/stanza.ts";
import { median_of, p99, short } from "./report_text.ts";
import type { BenchReport } from "./types.ts";

/** One line: what one load cost one server. */
export interface HistoryEntry {
	readonly date: string;
	/** The commit of the folder that the benchmark ran in; empty where that is no repository. */
	readonly commit: string;
	readonly machine: string;
	/** Load averages before and after. */
	readonly load: readonly number[];
	readonly scenario: string;
	readonly title: string;
	readonly unit: string;
	readonly server: string;
	/** The median of the runs, and their number. */
	readonly figure: number;
	readonly runs: number;
	/** The 99th percentile of deliveries in milliseconds, where they were timed. */
	readonly p99_ms?: number;
}

/** The commit that a folder is at. */
export function commit_of(folder: string): string {
	try {
		const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
		return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: folder, encoding: "utf8", stdio }).trim();
	} catch {
		return "";
	}
}

/** The lines for a report. */
export function history_entries({ machine, results }: BenchReport, commit: string): HistoryEntry[] {
	return results.flatMap((result) => {
		const figure = median_of(result);
		if (figure === undefined) return [];
		const slowest = median_of(result, p99);
		const { id, title, unit } = result.scenario;
		return {
			date: machine.date,
			commit,
			machine: `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`,
			load: machine.load,
			scenario: id,
			title,
			unit,
			server: result.subject,
			figure,
			runs: result.runs.length,
			...(slowest === undefined ? {} : { p99_ms: slowest }),
		};
	});
}

/** Adds a report to a history, which is made where there is none. */
export function add_to_history(path: string, entries: readonly HistoryEntry[]): void {
	appendFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}

function read_entry(line: string): HistoryEntry | undefined {
	const read = json.decode(line);
	const value = read.ok ? read.value : undefined;
	if (typeof value !== "object" || value instanceof Map || Array.isArray(value)) return undefined;
	const { date, commit, machine, scenario, title, unit, server, figure, runs, p99_ms } = value;
	if (typeof date !== "string" || Number.isNaN(Date.parse(date)) || typeof commit !== "string") return undefined;
	if (typeof machine !== "string" || typeof scenario !== "string" || typeof title !== "string") return undefined;
	if (typeof unit !== "string" || typeof server !== "string" || typeof figure !== "number") return undefined;
	const run_count = typeof runs === "number" ? runs : 1;
	const entry = { date, commit, machine, load: [], scenario, title, unit, server, figure, runs: run_count };
	return typeof p99_ms === "number" ? { ...entry, p99_ms } : entry;
}

/** Reads a history; an error names the file and the line. */
export function read_history(path: string): Result<HistoryEntry[], string> {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		return failed(`${path}: it cannot be read (${error instanceof Error ? error.message : String(error)})`);
	}
	const entries: HistoryEntry[] = [];
	for (const [index, line] of text.split("\n").entries()) {
		if (line === "") continue;
		const entry = read_entry(line);
		if (entry === undefined) return failed(`${path}, line ${index + 1}: expected a line that bench --history has written`);
		entries.push(entry);
	}
	return ok(entries);
}

const width = 420;
/** How many characters of a title have place above a plot. */
const longest_title = 58;
const height = 180;
const margin = { left: 52, right: 12, top: 34, bottom: 34 };
const colours: { readonly [server: string]: string } = {
	enjamb: "#0b6",
	prosody: "#36c",
	ejabberd: "#c60",
	floor: "#888",
	lua: "#93c",
};

/** One load's figures over time, one line a server, on a logarithmic scale; entries are in the order of their dates. */
function plot(entries: readonly HistoryEntry[], left: number, top: number): string {
	const [first] = entries;
	if (first === undefined) return "";
	const dates = [...new Set(entries.map(({ date }) => date))];
	const figures = entries.map(({ figure }) => Math.max(figure, 1e-3));
	const [least, most] = [Math.min(...figures) / 1.2, Math.max(...figures) * 1.2];
	const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
	const x = (date: string): number =>
		margin.left + (dates.length === 1 ? inner.width / 2 : (dates.indexOf(date) / (dates.length - 1)) * inner.width);
	const y = (figure: number): number =>
		margin.top + inner.height * (1 - Math.log(Math.max(figure, 1e-3) / least) / Math.log(most / least));
	const title = first.title.length > longest_title ? `${first.title.slice(0, longest_title - 1)}…` : first.title;
	const parts = [`<text x="4" y="16" class="title">${xml_escape(title)}<title>${xml_escape(first.title)}</title></text>`];
	// Only where the figure is a cost, deliveries were timed, too
	const unit = first.p99_ms === undefined ? first.unit : `µs for each ${first.unit}`;
	parts.push(`<text x="4" y="29" class="small">${xml_escape(unit)}</text>`);
	for (const figure of [least * 1.2, most / 1.2]) {
		parts.push(`<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(figure)}" y2="${y(figure)}" class="grid"/>`);
		parts.push(`<text x="${margin.left - 5}" y="${y(figure) + 4}" class="small" text-anchor="end">${short(figure)}</text>`);
	}
	for (const date of [dates[0], dates.length > 1 ? dates.at(-1) : undefined]) {
		if (date === undefined) continue;
		const commit = entries.find((entry) => entry.date === date)?.commit ?? "";
		const anchor = dates.length === 1 ? "middle" : date === dates[0] ? "start" : "end";
		const label = `${date.slice(0, 10)} ${commit.slice(0, 8)}`;
		parts.push(`<text x="${x(date)}" y="${height - 14}" class="small" text-anchor="${anchor}">${xml_escape(label)}</text>`);
	}
	for (const server of new Set(entries.map((entry) => entry.server))) {
		const own = entries.filter((entry) => entry.server === server);
		const colour = colours[server] ?? "#555";
		const points = own.map(({ date, figure }) => `${x(date).toFixed(1)},${y(figure).toFixed(1)}`);
		parts.push(`<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`);
		for (const [index, { figure, date, commit, machine }] of own.entries()) {
			const [at_x = "0", at_y = "0"] = points[index]?.split(",") ?? [];
			const words = `${server}: ${short(figure)}, ${date}, ${commit}, ${machine}`;
			parts.push(`<circle cx="${at_x}" cy="${at_y}" r="3" fill="${colour}"><title>${xml_escape(words)}</title></circle>`);
		}
	}
	return `<g transform="translate(${left} ${top})">${parts.join("")}</g>`;
}

/** A picture (SVG) of a history: a small plot for each load. */
export function plot_history(entries: readonly HistoryEntry[]): string {
	const by_scenario = new Map<string, HistoryEntry[]>();
	for (const entry of [...entries].sort((a, b) => Date.parse(a.date) - Date.parse(b.date))) {
		by_scenario.set(entry.scenario, [...(by_scenario.get(entry.scenario) ?? []), entry]);
	}
	const columns = 3;
	const plots = [...by_scenario.values()].map((own, index) =>
		plot(own, (index % columns) * width, 30 + Math.floor(index / columns) * height),
	);
	const all = { width: columns * width, height: 30 + Math.ceil(by_scenario.size / columns) * height };
	const servers = [...new Set(entries.map(({ server }) => server))];
	const legend = servers.map(
		(server, index) => `<text x="${4 + index * 90}" y="18" fill="${colours[server] ?? "#555"}">${xml_escape(server)}</text>`,
	);
	const style = "text{font:12px sans-serif}.title{font-weight:bold}.small{font-size:10px;fill:#666}.grid{stroke:#ddd}";
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${all.width} ${all.height}" width="${all.width}" height="${all.height}">
<style>${style}</style><rect width="100%" height="100%" fill="#fff"/>
${legend.join("")}
${plots.join("\n")}
</svg>
`;
}
