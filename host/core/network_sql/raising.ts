// No counterpart: has the database refuse what a node still wants to store that was declared dead.

import { setTimeout as delay } from "node:timers/promises";
import type { Life } from "../../util/cluster/types.ts";
import { create_fence, end_connection, look_at_fence, raise_fence } from "./fence_statements.ts";
import { Line } from "./line.ts";
import type { ServerAddress } from "./messages.ts";
import { as_problem, SqlProblem } from "./problems.ts";

/** How long a connection is waited for, and one statement may take, in milliseconds. */
const patience = 2000;
const limit = 5000;
/** How often it is tried while another transaction is in the way, which is told to end each time. */
const attempts = 5;

/** Raises fences, over a connection of its own: nothing that a turn does is in its way. */
export class Raising {
	private readonly line: Line;

	constructor(private readonly address: ServerAddress) {
		this.line = new Line(address);
	}

	/** Answers when nothing more can be stored for a life and earlier ones of its node; rejects where that is not certain. */
	async raise(life: Life): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				await this.try_to_raise(life);
				return;
			} catch (error) {
				const problem = as_problem(error);
				// Two that make the table at the same time are in each other's way; a transaction that ends holds its row for a moment
				if (attempt >= attempts || problem.kind === "failed" || problem.kind === "slow") throw problem;
				await delay(20 * attempt);
			}
		}
	}

	private async try_to_raise(life: Life): Promise<void> {
		const { driver } = this.address;
		const client = await this.line.get(patience);
		await client.run([create_fence], limit);
		const [found] = await client.run([look_at_fence(life)], limit);
		const [incarnation, connection] = found?.rows[0] ?? [];
		if (Number(incarnation ?? 0) > life.incarnation) return;
		if (connection !== undefined && connection !== null && Number(connection) !== 0) {
			await client.run([end_connection(driver, String(Number(connection)))], limit).catch((error: unknown) => {
				if (client.is_gone) throw error;
			});
		}
		const [raised] = await client.run([raise_fence(driver, life)], limit);
		if (raised === undefined) throw new SqlProblem("failed", "the fence was not raised");
	}

	close(): void {
		this.line.close();
	}
}
