// A commit that was not answered, and a PostgreSQL that was killed: it may have given the transaction's number to another one.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../../../host/core/network_sql/client.ts";
import { Line } from "../../../../host/core/network_sql/line.ts";
import { Transaction } from "../../../../host/core/network_sql/transaction.ts";
import { read_address } from "../../../../host/plugins/storage_sql/network.ts";
import { eventually } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { Cutter } from "../../databases/cutter.ts";
import { find_postgresql, start_postgresql } from "../../databases/postgresql.ts";
import type { TestDatabase } from "../../databases/types.ts";

const long = 120_000;
const missing = not_installed(find_postgresql(), "PostgreSQL", "it is not killed between a commit and its answer");
const insert = 'INSERT INTO "said" ("line") VALUES (?)';

/** A connection that is not made again, once it was cut, before the spec says so: however long the server takes to start. */
class PatientLine extends Line {
	/** Whether it was cut since the commit began, and what ends when the database is to be spoken to again. */
	commit: { is_cut(): Promise<boolean>; readonly is_over: Promise<void> } | undefined;

	override async get(): Promise<Client> {
		const { commit } = this;
		if (commit === undefined || !(await commit.is_cut())) return super.get(long);
		await commit.is_over;
		for (;;) {
			const client = await super.get(long);
			const answer = client.run([{ sql: "SELECT 1", values: [] }], long);
			if (
				await answer.then(
					() => true,
					() => false,
				)
			)
				return client;
		}
	}
}

describe.skipIf(missing)("a commit that was not answered", { timeout: long }, () => {
	let server: TestDatabase;
	let way: Cutter;
	let line: PatientLine;
	let transaction: Transaction;

	const lines = async (): Promise<unknown[]> => (await server.query("SELECT line FROM said ORDER BY line")).flat();
	const number = async (): Promise<number> => Number((await server.query("SELECT txid_current()"))[0]?.[0]);
	/** The number of the transaction that the line has open. */
	const open_number = async (): Promise<number> => {
		const found = await server.query(
			"SELECT backend_xid FROM pg_stat_activity WHERE application_name = 'enjamb' AND backend_xid IS NOT NULL",
		);
		return Number(found[0]?.[0]);
	};
	/** The process of the server that writes in the background. */
	const writer = async (): Promise<number> =>
		Number((await server.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'"))[0]?.[0]);
	const write = (text: string): Promise<unknown> =>
		transaction.query([], { sql: insert, values: [text] }, false, long, undefined);

	/** Commits; the connection is cut at that, and then comes `meanwhile`, before anybody asks again. */
	async function commit_with(cutting: "before" | "behind", meanwhile: () => Promise<void>): Promise<void> {
		let go_on: () => void = () => undefined;
		await way.set({ mode: "pass", [cutting]: "COMMIT" });
		const cuts = await way.cuts();
		const is_over = new Promise<void>((resolve) => {
			go_on = resolve;
		});
		line.commit = { is_cut: async () => (await way.cuts()) > cuts, is_over };
		const committed = transaction.commit([{ sql: insert, values: ["and more"] }], undefined);
		committed.catch(() => undefined);
		await eventually(async () => expect(await way.cuts()).toBe(cuts + 1));
		await meanwhile();
		go_on();
		await committed;
	}

	async function kill(): Promise<void> {
		await server.stop("SIGKILL");
		await server.start();
	}

	beforeAll(async () => {
		// Nobody but the spec writes anything
		server = await start_postgresql(["wal_writer_delay=10000", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0"]);
		way = await Cutter.start(server.port);
		await server.query('CREATE TABLE "said" ("line" VARCHAR(100))');
		await server.query('ALTER TABLE "said" OWNER TO prosody');
	}, long);

	beforeEach(async () => {
		await server.query("DELETE FROM said");
		const address = read_address(server.driver, { ...server.sql, port: way.port });
		if (!address.ok) throw new Error(address.error);
		line = new PatientLine(address.value);
		transaction = new Transaction(line, "PostgreSQL");
	});

	afterEach(() => line.close());
	afterAll(async () => {
		await way.stop();
		await server.remove();
	});

	it("is done again where the server has given the number to somebody else", async () => {
		await write("hello");
		const ours = await open_number();
		await commit_with("before", async () => {
			await kill();
			while ((await number()) < ours);
		});
		expect(await lines()).toEqual(["and more", "hello"]);
	});

	it("is done again where one process of the server was killed, and it has given the number to somebody else", async () => {
		await write("hello");
		const ours = await open_number();
		const killed = await writer();
		await commit_with("before", async () => {
			process.kill(killed, "SIGKILL");
			await eventually(async () => expect([killed, Number.NaN]).not.toContain(await writer()));
			while ((await number()) < ours);
		});
		expect(await lines()).toEqual(["and more", "hello"]);
	});

	it("adds nothing twice where the server was killed behind it", async () => {
		await write("hello");
		await commit_with("behind", async () => {
			await eventually(async () => expect(await lines()).toHaveLength(2));
			await kill();
		});
		expect(await lines()).toEqual(["and more", "hello"]);
	});

	it("is found without a repetition where the connection alone was lost", async () => {
		await write("hello");
		await commit_with("behind", async () => {
			await eventually(async () => expect(await lines()).toHaveLength(2));
			await server.query("DELETE FROM said WHERE line = 'hello'");
		});
		expect(await lines()).toEqual(["and more"]);
	});
});
