// No counterpart: part of `enjamb compare`. The servers of those who come to the rooms from elsewhere.

import { failed, ok, type Result } from "../../host/util/error.ts";
import { NameServer } from "../name_server.ts";
import { type Peer, start_ejabberd_peer, start_prosody_peer } from "../peers.ts";
import type { Place } from "./types.ts";

/** Hosts of the other servers. */
export const elsewhere = { prosody: "prosody.example", ejabberd: "ejabberd.example" } as const;

/** A Prosody and an ejabberd that can reach the server with the rooms, and that it can reach. They run for all plays. */
export class Neighbours {
	private constructor(
		private readonly names: NameServer,
		private readonly peers: readonly Peer[],
	) {}

	/**
	 * Starts both.
	 * @param prosody the executable of the Prosody, or its folder
	 * @returns them, or why one of them does not start
	 */
	static async start(prosody: string | undefined): Promise<Result<Neighbours, string>> {
		const names = await NameServer.start();
		const started = await Promise.all([
			start_prosody_peer({ domain: elsewhere.prosody, names }, prosody),
			start_ejabberd_peer({ domain: elsewhere.ejabberd, names }),
		]);
		const neighbours = new Neighbours(
			names,
			started.flatMap((peer) => (peer.ok ? [peer.value] : [])),
		);
		for (const peer of started) {
			if (peer.ok) continue;
			await neighbours.stop();
			return failed(peer.error);
		}
		return ok(neighbours);
	}

	/** Where clients log in. */
	get places(): readonly Place[] {
		return this.peers.map(({ domain, host, port }) => ({ domain, host, port }));
	}

	/** The port of the name server that tells where everybody is. */
	get names_port(): number {
		return this.names.port;
	}

	/** Says where the hosts of the server with the rooms listen for other servers. */
	place(port: number, ...hosts: string[]): void {
		this.names.place({ plain: port }, ...hosts);
	}

	async stop(): Promise<void> {
		await Promise.all(this.peers.map((peer) => peer.stop()));
		this.names.close();
	}
}
