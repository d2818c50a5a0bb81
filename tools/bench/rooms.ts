// No counterpart: fills rooms with clients, one after the other or as a storm.

import { setTimeout as delay } from "node:timers/promises";
import { type BenchClient, open_clients } from "./client.ts";
import { Latencies } from "./latencies.ts";
import { cpu_micros, rss_mib } from "./processes.ts";
import { StanzaCounter } from "./stanza_counter.ts";
import type { Effort, Measurement, Subject } from "./types.ts";

/** A room with the clients in it. */
export interface FilledRoom {
	readonly jid: string;
	readonly clients: readonly BenchClient[];
}

/** The JID of one of the benchmark's rooms. */
export function room_jid(name: string | number): string {
	return `bench${name}@conference.localhost`;
}

/** Does something for each item, at most a given number at a time. */
export async function each<T>(
	items: readonly T[],
	limit: number,
	action: (item: T, index: number) => Promise<void>,
): Promise<void> {
	let next = 0;
	const work = async (): Promise<void> => {
		while (next < items.length) {
			const index = next++;
			const item = items[index];
			if (item !== undefined) await action(item, index);
		}
	};
	await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
}

/** Waits until nothing arrives any more. */
export async function quiet(clients: readonly BenchClient[]): Promise<void> {
	let last = performance.now();
	for (const client of clients) {
		client.onpiece = () => {
			last = performance.now();
		};
	}
	while (performance.now() - last < 300) await delay(50);
	for (const client of clients) client.onpiece = undefined;
}

/** How many enter a room at a time; more where many are to come, so that the others hear of several at once. */
const usual_entering = 20;

/** Has clients enter a room. */
export async function enter(jid: string, clients: readonly BenchClient[], limit = usual_entering): Promise<FilledRoom> {
	const [first, ...others] = clients;
	await first?.join(jid, "nick0");
	await each(others, limit, (client, index) => client.join(jid, `nick${index + 1}`));
	return { jid, clients };
}

/** Logs clients in and fills rooms with them. */
export async function fill_rooms(subject: Subject, rooms: number, occupants: number): Promise<FilledRoom[]> {
	return fill_with(await open_clients(subject.port, rooms * occupants, subject.carrier), rooms);
}

/** Divides clients among rooms, in their order. */
export async function fill_with(clients: readonly BenchClient[], rooms: number): Promise<FilledRoom[]> {
	const occupants = clients.length / rooms;
	const filled: FilledRoom[] = [];
	await each([...Array(rooms).keys()], 20, async (index) => {
		const own = clients.slice(index * occupants, (index + 1) * occupants);
		filled[index] = await enter(room_jid(index), own, Math.max(usual_entering, occupants / 5));
	});
	await quiet(clients);
	return filled;
}

/** Ends the connections of all that are in rooms. */
export function leave(rooms: readonly FilledRoom[]): void {
	for (const { clients } of rooms) for (const client of clients) client.close();
}

/** How long the presences of a storm may take to arrive, in milliseconds. */
const patience = 120_000;

/**
 * Has many clients enter one room at once, fifty at a time, and counts the presences that they get: everybody sees everybody.
 * Storms go on in new rooms until there were enough.
 * @param before_leaving called when all are in, before their connections are ended
 * @param rooms among how many rooms they are divided
 */
export async function join_storm(
	subject: Subject,
	occupants: number,
	effort: Effort,
	before_leaving?: () => Promise<void>,
	rooms = 1,
): Promise<Measurement> {
	const clients = await open_clients(subject.port, rooms * occupants, subject.carrier);
	const latencies = new Latencies();
	let received = 0;
	const storm = async (name: string, guests: readonly BenchClient[]): Promise<void> => {
		const target = received + guests.length * Math.min(occupants, guests.length);
		await each(guests, 50, async (client, index) => {
			const begun = performance.now();
			await client.join(room_jid(`${name}-${Math.floor(index / occupants)}`), `nick${index}`);
			latencies.add(performance.now() - begun);
		});
		const deadline = performance.now() + patience;
		while (received < target) {
			if (performance.now() > deadline) throw new Error(`${subject.name} lost ${target - received} presences`);
			await delay(2);
		}
	};
	for (const client of clients) {
		const counter = new StanzaCounter("</presence>");
		client.onpiece = (piece) => {
			received += counter.count(piece);
		};
	}
	// In another room than the storm that counts, so that the server is warm
	const few = clients.slice(0, Math.min(100, rooms * occupants));
	for (let round = 0; round < 3; round++) await storm(`warm${round}`, few);
	latencies.clear();
	const before = { cpu: cpu_micros(subject.pid), received, time: performance.now() };
	for (let round = 0; round < effort.storms; round++) await storm(`storm${round}`, clients);
	const cpu = cpu_micros(subject.pid) - before.cpu;
	const seconds = (performance.now() - before.time) / 1000;
	const rss = rss_mib(subject.pid);
	await before_leaving?.();
	for (const client of clients) client.close();
	const deliveries = received - before.received;
	return { deliveries, cpu_micros: cpu / deliveries, ...latencies.summary(), per_second: deliveries / seconds, rss_mib: rss };
}
