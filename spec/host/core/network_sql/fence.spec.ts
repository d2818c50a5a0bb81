import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NetworkDatabase } from "../../../../host/core/network_sql/database.ts";
import { Line } from "../../../../host/core/network_sql/line.ts";
import { StorageFence } from "../../../../host/core/network_sql/storage_fence.ts";
import { Transaction } from "../../../../host/core/network_sql/transaction.ts";
import { read_address } from "../../../../host/plugins/storage_sql/network.ts";
import type { Life } from "../../../../host/util/cluster/types.ts";
import { Turn } from "../../../../host/util/turn.ts";
import { eventually } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_mariadb, start_mariadb } from "../../databases/mariadb.ts";
import { find_postgresql, start_postgresql } from "../../databases/postgresql.ts";
import type { TestDatabase } from "../../databases/types.ts";

const engines = [
	{ name: "PostgreSQL", program: find_postgresql(), start: start_postgresql },
	{ name: "MariaDB", program: find_mariadb(), start: start_mariadb },
] as const;

/** A process of a node, with a turn and a connection of its own. */
class Process {
	readonly fence = new StorageFence();
	readonly database: NetworkDatabase;
	readonly failures: string[] = [];
	private readonly turn: Turn;

	constructor(
		server: TestDatabase,
		public life: Life | undefined,
	) {
		const address = read_address(server.driver, server.sql);
		if (!address.ok) throw new Error(address.error);
		this.turn = new Turn((error) => this.failures.push(String(error)));
		this.fence.life = () => this.life;
		this.database = new NetworkDatabase(address.value, this.turn, false, this.fence);
	}

	/** Writes a line; it is stored when the turn ends. */
	write(text: string): string | undefined {
		const written = this.database.change_one("INSERT INTO said (line) VALUES (?)", text);
		return written.ok ? undefined : written.error.text;
	}

	/** Writes a line over there at once, in a transaction that stays open. */
	begin(text: string): void {
		expect(this.database.write_one("INSERT INTO said (line) VALUES (?)", text)).toEqual({ ok: true, value: 1 });
	}

	/** The turn ends. */
	end(): Promise<void> {
		return this.turn.done();
	}

	async say(text: string): Promise<void> {
		this.write(text);
		await this.end();
	}
}

for (const { name, program, start } of engines) {
	const missing = not_installed(program, name, "nobody sees what it refuses of nodes that are dead");
	describe.skipIf(missing)(`lives in ${name}`, () => {
		let server: TestDatabase;
		const processes: Process[] = [];
		let incarnation = 0;

		beforeAll(async () => {
			server = await start();
			await server.query("CREATE TABLE said (line VARCHAR(100))");
			if (server.driver === "PostgreSQL") {
				await server.query("ALTER TABLE said OWNER TO prosody");
				await server.query("GRANT ALL ON SCHEMA public TO prosody");
			}
		});

		afterAll(async () => {
			for (const { database } of processes) database.close();
			await server.remove();
		});

		/** A process whose life is later than all before. */
		function process_of(node: string): Process {
			incarnation++;
			const process = new Process(server, { node, incarnation });
			processes.push(process);
			return process;
		}

		async function said(): Promise<unknown[]> {
			return (await server.query("SELECT line FROM said ORDER BY line")).map(([line]) => line);
		}

		it("store until they are over, and nothing more then; others go on", async () => {
			const [a, b] = [process_of("a"), process_of("b")];
			await a.say("1 a");
			await b.say("1 b");
			expect(await said()).toEqual(["1 a", "1 b"]);
			const { life } = a;
			if (life === undefined) throw new Error("no life");
			await b.fence.raise(life);
			await b.fence.raise(life);
			await a.say("2 a");
			expect(a.failures).toHaveLength(1);
			expect(a.failures[0]).toContain(`the life a.${life.incarnation} of this node is over`);
			await b.say("2 b");
			expect(b.failures).toEqual([]);
			expect(await said()).toEqual(["1 a", "1 b", "2 b"]);
			// Where it begins another life, it stores again
			incarnation++;
			a.life = { node: "a", incarnation };
			await a.say("3 a");
			expect(await said()).toContain("3 a");
		});

		it("that are stopped in the middle of a transaction are in nobody's way", async () => {
			const b = process_of("b");
			incarnation++;
			const life = { node: "a", incarnation };
			const address = read_address(server.driver, server.sql);
			if (!address.ok) throw new Error(address.error);
			const line = new Line(address.value);
			const stopped = new Transaction(line, server.driver);
			const insert = { sql: "INSERT INTO said (line) VALUES (?)", values: ["5 a"] };
			expect(await stopped.query([], insert, true, 5000, life)).toMatchObject({ count: 1 });
			await b.fence.raise(life);
			await b.say("5 b");
			await expect(stopped.commit([], life)).rejects.toThrow("is over");
			line.close();
			expect((await said()).filter((line) => String(line).startsWith("5"))).toEqual(["5 b"]);
		});

		it("end what earlier ones of their node would store", async () => {
			const old = process_of("a");
			await old.say("6 old");
			const next = process_of("a");
			await next.say("6 new");
			await old.say("7 old");
			expect(old.failures).toHaveLength(1);
			const { life } = old;
			if (life === undefined) throw new Error("no life");
			// Whoever learns late of the old one's death ends nothing of the new one's
			next.begin("7 new");
			await next.fence.raise(life);
			await next.end();
			expect(next.failures).toEqual([]);
			expect((await said()).filter((line) => /^[67]/.test(String(line)))).toEqual(["6 new", "6 old", "7 new"]);
		});

		it("own what was begun in them, whatever life commits it", async () => {
			const a = process_of("a");
			const { life } = a;
			if (life === undefined) throw new Error("no life");
			await a.fence.raise(life);
			a.write("9 before");
			incarnation++;
			a.life = { node: "a", incarnation };
			a.write("9 after");
			await a.end();
			expect(a.failures).toHaveLength(1);
			await a.say("9 then");
			expect((await said()).filter((line) => String(line).startsWith("9"))).toEqual(["9 then"]);
		});

		it("are needed to store anything in a cluster", async () => {
			const a = process_of("a");
			a.life = undefined;
			expect(a.write("none")).toContain("this node is not in the cluster");
			await a.end();
			expect(a.failures).toHaveLength(1);
			expect(await said()).not.toContain("none");
		});

		it("are not over for certain where the database cannot be told", async () => {
			const b = process_of("b");
			await server.stop();
			await expect(b.fence.raise({ node: "a", incarnation })).rejects.toThrow("cannot be reached");
			await server.start();
			await eventually(() => b.fence.raise({ node: "a", incarnation }));
		});
	});
}
