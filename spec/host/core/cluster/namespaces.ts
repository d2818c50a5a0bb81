// Network namespaces with a link between them that can be cut for real, and one to this machine that stays.

import { spawnSync } from "node:child_process";

function ip(...args: string[]): void {
	const ran = spawnSync("ip", args, { encoding: "utf8" });
	if (ran.status !== 0) throw new Error(`ip ${args.join(" ")}: ${ran.error?.message ?? ran.stderr}`);
}

/** One namespace, as a machine of its own. */
export interface Namespace {
	/** What runs a program there. */
	readonly run: readonly string[];
	/** Its address for the others. */
	readonly address: string;
	/** Its address for this machine, which stays. */
	readonly way_in: string;
	/** Cuts its link to the others, and to the bridge; or mends it. */
	set_link(is_up: boolean): void;
}

export interface Namespaces {
	readonly all: readonly Namespace[];
	/** The address of this machine at the bridge. */
	readonly bridge: string;
	remove(): void;
}

/** Why none can be made; undefined where they can. */
export function no_namespaces(): string | undefined {
	const name = `ej${process.pid}t`;
	const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
	if (made.status !== 0) return `network namespaces cannot be made (${made.error?.message ?? made.stderr.trim()})`;
	ip("netns", "del", name);
	return undefined;
}

/** Makes namespaces that are connected by a bridge. */
export function make_namespaces(count: number): Namespaces {
	const base = `ej${process.pid % 100_000}`;
	const net = 16 + (process.pid % 200);
	const bridge = `10.${net}.255.254`;
	const names = Array.from({ length: count }, (_none, index) => `${base}n${index}`);
	const remove = (): void => {
		for (const name of names) spawnSync("ip", ["netns", "del", name]);
		spawnSync("ip", ["link", "del", `${base}b`]);
	};
	try {
		ip("link", "add", `${base}b`, "type", "bridge");
		ip("addr", "add", `${bridge}/24`, "dev", `${base}b`);
		ip("link", "set", `${base}b`, "up");
		const all = names.map((name, index): Namespace => {
			const inside = (...args: string[]): void => ip("-n", name, ...args);
			const [link, way] = [`${base}l${index}`, `${base}w${index}`];
			const [address, way_in, way_out] = [`10.${net}.255.${index + 1}`, `10.${net}.${index}.2`, `10.${net}.${index}.1`];
			ip("netns", "add", name);
			inside("link", "set", "lo", "up");
			ip("link", "add", link, "type", "veth", "peer", "name", "others", "netns", name);
			ip("link", "set", link, "master", `${base}b`, "up");
			inside("addr", "add", `${address}/24`, "dev", "others");
			inside("link", "set", "others", "up");
			ip("link", "add", way, "type", "veth", "peer", "name", "entry", "netns", name);
			ip("addr", "add", `${way_out}/30`, "dev", way);
			ip("link", "set", way, "up");
			inside("addr", "add", `${way_in}/30`, "dev", "entry");
			inside("link", "set", "entry", "up");
			return {
				run: ["ip", "netns", "exec", name],
				address,
				way_in,
				set_link: (is_up) => ip("link", "set", link, is_up ? "up" : "down"),
			};
		});
		return { all, bridge, remove };
	} catch (error) {
		remove();
		throw error;
	}
}
