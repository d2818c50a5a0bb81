// Counterpart: plugins/mod_limits.lua (what it is told, and whom it leaves alone)

import type { ModuleApi } from "../core/types.ts";
import type {} from "./s2s/events.ts";

/** How fast sessions of a kind may send. */
export interface Limit {
	readonly bytes_per_second: number;
	/** How much they may send at once, in seconds' worth of that rate. */
	readonly burst_seconds: number;
}

const default_rate = 3000;
const default_burst = 2;

/** PARITY: `b` is ten bytes, since Prosody takes each unit for a power of ten. */
const units: { readonly [letter: string]: number } = { b: 1, k: 3, m: 6, g: 9, t: 12 };

const without_option: readonly [string, Limit][] = [
	["c2s", { bytes_per_second: 10 * 1024, burst_seconds: 2 }],
	["s2sin", { bytes_per_second: 30 * 1024, burst_seconds: 2 }],
];

/** The kinds of sessions that there are. */
const kinds: readonly string[] = ["c2s", "s2sin", "s2sout", "component"];

function shown(value: unknown): string {
	return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Reads the option `limits`; problems are described in Prosody's words. */
export function read_limits(option: unknown): {
	readonly limits: ReadonlyMap<string, Limit>;
	readonly problems: readonly string[];
} {
	const limits = new Map<string, Limit>(without_option);
	const problems: string[] = [];

	function rate_of(kind: string, rate: unknown): number {
		const [, quantity, unit = ""] = (typeof rate === "string" && /^(\d+) ?([^/]+)\/s$/.exec(rate)) || [];
		const power = units[unit.charAt(0).toLowerCase()];
		const bytes = quantity === undefined || power === undefined ? 0 : Number(quantity) * 10 ** power;
		if (bytes > 0) return bytes;
		const reason = `Error parsing rate for ${kind}: ${shown(rate)}, using default rate (${default_rate} bytes/s)`;
		problems.push(`${reason}; expected the like of "10kb/s"`);
		return default_rate;
	}

	function burst_of(kind: string, burst: unknown): number {
		if (burst === undefined) return default_burst;
		const seconds = typeof burst === "string" ? Number(/^(\d+) ?s$/.exec(burst)?.[1]) : burst;
		if (typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0) return seconds;
		const reason = `Unable to parse burst for ${kind}: ${shown(burst)}, using default burst interval (${default_burst}s)`;
		problems.push(`${reason}; expected the like of "2s"`);
		return default_burst;
	}

	const given = entries(option);
	if (given === undefined) problems.push(`limits: expected the like of { c2s = { rate = "10kb/s" } }, found ${shown(option)}`);
	for (const [kind, value] of given ?? []) {
		const parts = entries(value);
		if (!kinds.includes(kind)) problems.push(`limits: there are no sessions of the kind ${kind}: expected ${kinds.join(", ")}`);
		else if (parts === undefined || value === undefined)
			problems.push(`limits.${kind}: expected the like of { rate = "10kb/s"; burst = "2s" }, found ${shown(value)}`);
		else {
			const said = new Map(parts);
			limits.set(kind, { bytes_per_second: rate_of(kind, said.get("rate")), burst_seconds: burst_of(kind, said.get("burst")) });
		}
	}
	return { limits, problems };
}

/** The named entries of a table; undefined for anything else. */
function entries(value: unknown): [string, unknown][] | undefined {
	if (value === undefined) return [];
	if (typeof value !== "object" || value === null) return undefined;
	const all: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
	return all.map(([key, part]) => [String(key), part]);
}

/** Lets those in `unlimited_jids` send as fast as they like, once they are authenticated. */
export function release_named(module: ModuleApi): void {
	const named = module.get_option_inherited_set("unlimited_jids", []);
	if (named.size === 0) return;
	module.hook("authentication-success", ({ session }) => {
		if (named.has(`${session.username}@${session.host}`)) session.setlimit?.(undefined);
	});
	for (const event of ["s2sin-established", "s2sout-established"] as const) {
		module.hook(event, ({ session }) => {
			if (named.has(session.remote_host ?? "")) session.setlimit(undefined);
		});
	}
}
