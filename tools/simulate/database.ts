// No counterpart: a database whose commits take time, and which refuses the dead.

import { type Life, life_text } from "../../host/util/cluster/types.ts";
import type { Random, SimulatedProcess, World } from "./world.ts";

/** What was said in rooms, in order, as it is stored. */
export class SimulatedDatabase {
	readonly rooms = new Map<string, string[]>();
	/** The first incarnation of each node that may store. */
	private readonly first = new Map<string, number>();
	is_down = false;

	constructor(
		private readonly world: World,
		private readonly random: Random,
		/** Whether it refuses those whose fence is raised. */
		private readonly has_fence: boolean,
		private readonly report: (violation: string) => void,
	) {}

	/** Does something over there; the answer comes back to the process. Rejects where the database is down, then or before. */
	private ask<Answer>(process: SimulatedProcess, work: () => Answer): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const slow = this.random() < 0.003 ? 3000 * this.random() : 0;
			const way = (): number => 0.3 + 4 * this.random() ** 3;
			this.world.after(way() + slow, () => {
				const fail = (error: unknown): void => {
					this.world.after(way(), () => process.run(() => reject(error)));
				};
				if (this.is_down) {
					fail(new Error("the database is down"));
					return;
				}
				try {
					const answer = work();
					this.world.after(way(), () => process.run(() => resolve(answer)));
				} catch (error) {
					fail(error);
				}
			});
		});
	}

	raise(process: SimulatedProcess, { node, incarnation }: Life): Promise<void> {
		return this.ask(process, () => {
			this.first.set(node, Math.max(this.first.get(node) ?? 0, incarnation + 1));
		});
	}

	/** What was said in a room. */
	read(process: SimulatedProcess, room: string): Promise<string[]> {
		return this.ask(process, () => [...this.said(room)]);
	}

	/** Stores what a life has said in a room; it has to know all that was said before. */
	commit(process: SimulatedProcess, life: Life, room: string, index: number, text: string): Promise<void> {
		return this.ask(process, () => {
			if (this.has_fence && life.incarnation < (this.first.get(life.node) ?? 0)) throw new Error(`${life_text(life)} is over`);
			const said = this.said(room);
			if (said.length !== index) {
				this.report(`${life_text(life)} stores number ${index} in ${room}, where ${said.length} are stored`);
				throw new Error("out of order");
			}
			said.push(text);
		});
	}

	said(room: string): string[] {
		const said = this.rooms.get(room) ?? [];
		this.rooms.set(room, said);
		return said;
	}
}
