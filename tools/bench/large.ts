// No counterpart: what very many clients do to others.

import { setTimeout as delay } from "node:timers/promises";
import { open_clients } from "./client.ts";
import { cpu_micros, rss_mib } from "./processes.ts";
import { each, enter, room_jid } from "./rooms.ts";
import type { Scenario } from "./types.ts";

/** How long a server is left alone before its memory is measured, in milliseconds. */
const settling_ms = 3000;

/** Many rooms of two: what a delivery costs in them is in the sweep; here, what each room takes. */
export function rooms_scenario(rooms: number): Scenario {
	return {
		id: `large-${rooms}-rooms`,
		title: `Memory per room of two, ${rooms.toLocaleString("en")} rooms`,
		unit: "KiB",
		floor: false,
		async run(subject) {
			const clients = await open_clients(subject.port, 20);
			await enter(room_jid("first"), clients.slice(0, 2));
			await delay(settling_ms);
			const before = rss_mib(subject.pid);
			const cpu = cpu_micros(subject.pid);
			await each([...Array(rooms).keys()], 10, async (index) => {
				const [first, second] = [clients[(2 * index) % 20], clients[(2 * index + 1) % 20]];
				if (first === undefined || second === undefined) return;
				await enter(room_jid(`many${index}`), [first, second]);
			});
			const joining = (cpu_micros(subject.pid) - cpu) / (2 * rooms);
			await delay(settling_ms);
			const value = ((rss_mib(subject.pid) - before) * 1024) / rooms;
			for (const client of clients) client.close();
			return { value, details: { "µs a join": joining } };
		},
	};
}

/** Clients that are logged in and say nothing. */
export function idle_scenario(count: number): Scenario {
	return {
		id: `large-${count}-idle`,
		title: `Memory per idle client, ${count.toLocaleString("en")} clients`,
		unit: "KiB",
		floor: false,
		async run(subject) {
			const first = await open_clients(subject.port, 100);
			await delay(settling_ms);
			const before = rss_mib(subject.pid);
			const cpu = cpu_micros(subject.pid);
			const clients = await open_clients(subject.port, count);
			const login = (cpu_micros(subject.pid) - cpu) / count;
			await delay(settling_ms);
			const value = ((rss_mib(subject.pid) - before) * 1024) / count;
			const then = cpu_micros(subject.pid);
			await delay(settling_ms);
			const idling = (cpu_micros(subject.pid) - then) / settling_ms / 10;
			for (const client of [...first, ...clients]) client.close();
			return { value, details: { "µs a login": login, "% of a core while idle": idling } };
		},
	};
}
