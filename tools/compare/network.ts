// No counterpart: part of `enjamb compare`. When several servers have done with something.

import { setTimeout as delay } from "node:timers/promises";
import * as jid from "../../host/util/jid.ts";
import { Client } from "../scansion/client.ts";
import type { Network, Place } from "./types.ts";

/** How many rounds of questions without anything new mean that all is done, and how many rounds there are at most. */
const quiet_rounds = 2;
const most_rounds = 12;
/** How long servers may take to find each other, in milliseconds. */
const patience = 30_000;

/** Where an account is. */
export function place_of<At extends Pick<Place, "host" | "port">>(
	account: string,
	network: Network | undefined,
	otherwise: At,
): Pick<Place, "host" | "port"> {
	const domain = jid.host(account);
	const { host, port } = network?.places.find((place) => place.domain === domain) ?? otherwise;
	return { host, port };
}

/**
 * One extra client on each server, which asks whether the servers have handled everything. Streams between servers keep the order,
 * so a server that answers has got everything before.
 */
export class Watchers {
	private clients: Client[] = [];
	private readonly hosts: readonly string[];

	private constructor(private readonly network: Network) {
		this.hosts = [network.rooms, ...network.places.map(({ domain }) => domain)];
	}

	/** Logs them in, and waits until all servers talk to each other; a text says which do not. */
	static async post(network: Network, timeout: number): Promise<Watchers | string> {
		const watchers = new Watchers(network);
		const problem = (await watchers.log_in(timeout)) ?? (await watchers.until_connected());
		if (problem === undefined) return watchers;
		await watchers.dismiss();
		return problem;
	}

	private async log_in(timeout: number): Promise<string | undefined> {
		for (const { domain, host, port } of this.network.places) {
			const watcher = await Client.connect({ jid: `watcher@${domain}`, password: "secret", host, port, timeout });
			if (!watcher.ok) return watcher.error;
			this.clients.push(watcher.value);
		}
		return undefined;
	}

	private async until_connected(): Promise<string | undefined> {
		const deadline = Date.now() + patience;
		for (const watcher of this.clients) {
			for (const host of this.hosts) {
				while (!(await watcher.ping(host))) {
					if (Date.now() > deadline) return `${watcher.full_jid} does not reach ${host}`;
					await delay(100);
				}
			}
		}
		return undefined;
	}

	/** Waits until nothing comes any more: what one server sends may make another one send something to a third. */
	async settle(players: readonly Client[]): Promise<void> {
		const received = (): number =>
			players.reduce((sum, { queue, ended }) => sum + queue.length + (ended === undefined ? 0 : 1), 0);
		let quiet = 0;
		for (let round = 0; round < most_rounds && quiet < quiet_rounds; round++) {
			const before = received();
			await this.ask();
			await Promise.all(players.map((player) => player.settle(true, [this.network.rooms])));
			quiet = received() === before ? quiet + 1 : 0;
		}
	}

	/** Ends; what servers tell each other until then does not come into the next play. */
	async dismiss(): Promise<void> {
		for (let round = 0; round < quiet_rounds; round++) await this.ask();
		await Promise.all(this.clients.splice(0).map((watcher) => watcher.disconnect()));
	}

	private async ask(): Promise<void> {
		await Promise.all(this.clients.map((watcher) => watcher.settle(true, this.hosts)));
	}
}
