// No counterpart: part of `enjamb compare`.

import { setTimeout as delay } from "node:timers/promises";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import { Client, type ClientOptions, type Resumable } from "../scansion/client.ts";
import { build, parse_markup } from "../scansion/markup.ts";
import { match } from "../scansion/match.ts";
import { place_of, Watchers } from "./network.ts";
import type { Endpoint, Play, PlayStep, Received, Transcript } from "./types.ts";

/** How long a server may take to answer while a client connects or settles, in milliseconds. */
const patience = 10_000;

/** How long a kernel may wait with a confirmation (RFC 1122 §4.2.3.2 allows twice that, Linux takes 40 to 200), in milliseconds. */
const confirmation_time = 250;

/** One performance of a play on one server. */
class Performance {
	private readonly clients = new Map<string, Client>();
	/** Clients whose end was already told. */
	private readonly ended = new Set<string>();
	/** Streams that players may take up again. */
	private readonly resumable = new Map<string, Resumable>();
	/** What players heard before they were logged in, or in place of that. */
	private readonly heard = new Map<string, Omit<Received, "player">>();
	/** Clients that nobody looks at, for which servers hold things back (XEP-0352). */
	private readonly inactive = new Set<Client>();
	private readonly variables = new Map<string, string>();
	private readonly steps: Received[][] = [];
	private readonly jids: ReadonlyMap<string, string>[] = [];

	constructor(
		private readonly play: Play,
		private readonly endpoint: Endpoint,
		/** What checks whether everything is done, where there are several servers. */
		private readonly watchers: Watchers | undefined,
	) {
		for (const { name, jid, resource } of play.players) {
			this.variables.set(`${name}'s JID`, jid);
			if (resource !== undefined) this.variables.set(`${name}'s full JID`, `${jid}/${resource}`);
		}
	}

	/** Plays all steps; a text says why that cannot be done. */
	async run(): Promise<Result<Transcript, string>> {
		try {
			for (const step of this.play.steps) {
				const problem = await this.step(step);
				if (problem !== undefined) return failed(`${this.play.title}, on ${this.endpoint.name}: ${problem}`);
				await this.settle(step.player);
				this.steps.push(this.collect(step));
				this.jids.push(new Map(this.clients_by_jid()));
			}
			return ok({ steps: this.steps, jids: this.jids });
		} finally {
			await Promise.all([...this.clients.values()].map((client) => client.disconnect()));
		}
	}

	private *clients_by_jid(): Iterable<[string, string]> {
		for (const { name } of this.play.players) {
			const full_jid = this.variables.get(`${name}'s full JID`);
			if (full_jid !== undefined) yield [name, full_jid];
		}
	}

	private async step(step: PlayStep): Promise<string | undefined> {
		if (step.kind === "connect") return this.connect(step.player, step.password);
		if (step.kind === "register") return this.register(step.player, step.password);
		if (step.kind === "resume") return this.resume(step);
		const client = this.clients.get(step.player);
		// A client that has disconnected, or was disconnected, does nothing any more on either server.
		if (!client || client.ended !== undefined) return undefined;
		switch (step.kind) {
			case "send": {
				const markup = parse_markup(step.xml, 1);
				if (!markup.ok) return `what ${step.player} sends cannot be read: ${markup.error.message}`;
				for (const template of markup.value) {
					const stanza = build(template, this.variables);
					client.send(stanza);
					if (stanza.attr["xmlns"] !== ns.csi) continue;
					if (stanza.name === "inactive") this.inactive.add(client);
					else this.inactive.delete(client);
				}
				return undefined;
			}
			case "capture":
				return this.capture(client, step.xml);
			case "disconnect":
			case "vanish":
				this.clients.delete(step.player);
				this.inactive.delete(client);
				if (step.kind === "vanish" && client.resumable) this.resumable.set(step.player, client.resumable);
				else this.resumable.delete(step.player);
				if (step.kind === "disconnect") await client.disconnect();
				else await client.vanish();
				return undefined;
		}
	}

	private options_of(player: string): ClientOptions | undefined {
		const character = this.play.players.find(({ name }) => name === player);
		return character && { ...character, ...place_of(character.jid, this.endpoint.network, this.endpoint), timeout: patience };
	}

	private async connect(player: string, password?: string, resume?: Resumable): Promise<string | undefined> {
		const options = this.options_of(player);
		if (!options || (this.clients.has(player) && resume === undefined)) return undefined;
		const connected = await Client.connect({ ...options, ...(password !== undefined && { password }), resume });
		if (!connected.ok) {
			// To be refused is an answer, too
			const refusal = /authentication failed: \S+|stream error .*|the server closed .*/.exec(connected.error);
			if (refusal === null) return connected.error;
			this.heard.set(player, { stanzas: [], ended: refusal[0] });
			return undefined;
		}
		this.clients.set(player, connected.value);
		this.ended.delete(player);
		this.variables.set(`${player}'s full JID`, connected.value.full_jid);
		return undefined;
	}

	private async register(player: string, password: string): Promise<string | undefined> {
		const options = this.options_of(player);
		const answer = options && (await Client.register({ ...options, password }));
		if (answer?.ok === false) return answer.error;
		if (answer !== undefined) this.heard.set(player, { stanzas: [answer.value] });
		return undefined;
	}

	private async resume({ player, stream, surplus }: PlayStep & { kind: "resume" }): Promise<string | undefined> {
		const before = this.clients.get(player);
		const known = before?.resumable ?? this.resumable.get(player) ?? { id: "unknown", handled: 0, full_jid: "", pings: 0 };
		const { id } = this.resumable.get(stream) ?? this.clients.get(stream)?.resumable ?? { id: "unknown" };
		const problem = await this.connect(player, undefined, { ...known, id, handled: Math.max(0, known.handled + surplus) });
		this.resumable.delete(player);
		// The server has closed the connection that it had
		if (before !== undefined) await before.vanish();
		return problem;
	}

	/** Takes values out of the first stanza, of all that came so far, that is like the pattern. */
	private capture(client: Client, xml: string): string | undefined {
		const markup = parse_markup(xml, 1);
		if (!markup.ok) return `a pattern cannot be read: ${markup.error.message}`;
		const player = [...this.clients].find(([, other]) => other === client)?.[0];
		const came = this.steps.flatMap((received) =>
			received.filter((entry) => entry.player === player).flatMap((entry) => entry.stanzas),
		);
		for (const template of markup.value) {
			for (const stanza of came) {
				const matched = match(template, stanza, this.variables);
				if (!matched.ok) continue;
				for (const [name, value] of matched.value) this.variables.set(name, value);
				break;
			}
		}
		return undefined;
	}

	/** Waits until the server has handled what the step caused: first for the acting client, then for the others. */
	private async settle(actor: string): Promise<void> {
		const hosts = this.endpoint.network && [this.endpoint.network.rooms];
		await this.clients.get(actor)?.settle(true, hosts);
		await this.endpoint.settled?.();
		if (this.watchers !== undefined) {
			await this.watchers.settle([...this.clients.values()]);
			return;
		}
		const others = [...this.clients].filter(([name, client]) => name !== actor && !this.inactive.has(client));
		await Promise.all(others.map(([, client]) => client.settle(true)));
		// A ping of theirs would bring all that is held back. A client that says nothing gets what was written to it only when the
		// kernel has confirmed what it got before.
		if (this.inactive.size > 0) await delay(confirmation_time);
	}

	private collect(step: PlayStep): Received[] {
		const received: Received[] = [];
		for (const [player, client] of this.clients) {
			// When a server asks what came is a matter of time
			const stanzas = client.queue.splice(0).filter(({ name, attr }) => name !== "r" || attr["xmlns"] !== ns.sm3);
			const ended = client.ended !== undefined && !this.ended.has(player) ? client.ended : undefined;
			if (ended !== undefined) this.ended.add(player);
			if (step.kind !== "capture" || stanzas.length > 0 || ended !== undefined) {
				received.push(ended === undefined ? { player, stanzas } : { player, stanzas, ended });
			}
		}
		for (const [player, heard] of this.heard) received.push({ player, ...heard });
		this.heard.clear();
		return received;
	}
}

/**
 * Plays a play on a server and writes down what each client received in each step.
 * @returns why it could not be played: nobody listens, an account is refused
 */
export async function perform(play: Play, endpoint: Endpoint): Promise<Result<Transcript, string>> {
	const watchers = endpoint.network && (await Watchers.post(endpoint.network, patience));
	if (typeof watchers === "string") return failed(`${play.title}, on ${endpoint.name}: ${watchers}`);
	try {
		return await new Performance(play, endpoint, watchers).run();
	} finally {
		await watchers?.dismiss();
	}
}
