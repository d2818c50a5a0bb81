// Counterpart: util/sql.lua (engine:connect, which Prosody calls again when a query fails)

import type { Client } from "./client.ts";
import { connect } from "./connect.ts";
import { address_text, type ServerAddress } from "./messages.ts";
import { as_problem, SqlProblem } from "./problems.ts";

/** Milliseconds from one attempt to connect to the next. */
const pauses = [50, 100, 200, 500, 1000, 2000, 5000];

interface Waiter {
	resolve(client: Client): void;
	reject(problem: SqlProblem): void;
}

/** One connection, which is made again whenever it is gone. */
export class Line {
	private client: Client | undefined;
	private waiters: Waiter[] = [];
	private is_trying = false;
	private is_closed = false;
	private failures = 0;
	/** Since when there is no connection; undefined where there is one, or where nobody wanted one yet. */
	private down_since: number | undefined;
	private reason = "";

	constructor(private readonly address: ServerAddress) {}

	/**
	 * The connection, once there is one.
	 * @param patience how long there may have been none, in milliseconds; after that it is not waited for
	 * @returns rejects with a `lost` {@link SqlProblem}
	 */
	get(patience: number): Promise<Client> {
		if (this.client !== undefined && !this.client.is_gone) return Promise.resolve(this.client);
		if (this.is_closed) return Promise.reject(new SqlProblem("lost", "the database is closed"));
		this.down_since ??= performance.now();
		this.try_soon();
		const left = this.down_since + patience - performance.now();
		if (left <= 0) return Promise.reject(this.unreachable());
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.waiters = this.waiters.filter((one) => one !== waiter);
				reject(this.unreachable());
			}, left);
			const waiter: Waiter = {
				resolve(client) {
					clearTimeout(timer);
					resolve(client);
				},
				reject(problem) {
					clearTimeout(timer);
					reject(problem);
				},
			};
			this.waiters.push(waiter);
		});
	}

	private unreachable(): SqlProblem {
		return new SqlProblem("lost", `it cannot be reached${this.reason === "" ? "" : ` (${this.reason})`}`);
	}

	private try_soon(): void {
		if (this.is_trying || this.is_closed) return;
		this.is_trying = true;
		const pause = this.failures === 0 ? 0 : (pauses[this.failures - 1] ?? pauses.at(-1));
		setTimeout(() => void this.attempt(), pause);
	}

	private async attempt(): Promise<void> {
		try {
			const client = await connect(this.address);
			this.is_trying = false;
			this.take(client);
		} catch (error) {
			this.is_trying = false;
			this.failures++;
			const problem = as_problem(error);
			this.reason = problem.message;
			// What the server has said will not be different in a moment: a wrong password, a database that is not there
			if (problem.kind !== "lost") {
				for (const waiter of this.waiters.splice(0)) waiter.reject(this.unreachable());
			}
			this.try_soon();
		}
	}

	private take(client: Client): void {
		if (this.is_closed) {
			client.end();
			return;
		}
		if (client.is_gone) {
			this.try_soon();
			return;
		}
		this.client = client;
		this.failures = 0;
		this.down_since = undefined;
		client.on_gone = (reason) => this.lose(reason);
		for (const waiter of this.waiters.splice(0)) waiter.resolve(client);
	}

	private lose(reason: string): void {
		this.client = undefined;
		this.reason = reason;
		this.down_since ??= performance.now();
		this.try_soon();
	}

	close(): void {
		this.is_closed = true;
		this.client?.end();
		this.client = undefined;
		for (const waiter of this.waiters.splice(0)) waiter.reject(new SqlProblem("lost", `${address_text(this.address)} is closed`));
	}
}
