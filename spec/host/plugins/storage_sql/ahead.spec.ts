// Rows that are read before anybody asks for them.

import { describe, expect, it } from "vitest";
import type { SqlDatabase, SqlValue, StorageError } from "../../../../host/core/types.ts";
import { RowsAhead } from "../../../../host/plugins/storage_sql/ahead.ts";
import { failed, ok, type Result } from "../../../../host/util/error.ts";

type Answer = Result<SqlValue[][], StorageError>;

/** A database that answers when it is told to. */
function slow_database() {
	const asked: { values: readonly SqlValue[]; answer(answer: Answer): void }[] = [];
	const database: Pick<SqlDatabase, "all_later"> = {
		all_later: (_sql, ...values) => new Promise((answer) => void asked.push({ values, answer })),
	};
	return { asked, database };
}

const rows: SqlValue[][] = [
	["config", "_jid", "string", "tea@rooms"],
	["config", "_data", "json", "{}"],
	["state", "", "json", "{}"],
];

function setup(is_shared = false) {
	let time = 0;
	const { asked, database } = slow_database();
	const ahead = new RowsAhead(database, is_shared, () => time);
	function wait(milliseconds: number): void {
		time += milliseconds;
	}
	return { asked, ahead, wait };
}

describe("rows that are read ahead", () => {
	it("are those of all stores, also of those that have none", async () => {
		const { asked, ahead } = setup();
		const done = ahead.fetch("rooms", "tea");
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
		expect(ahead.fetch("rooms", "tea")).toBe(done);
		expect(asked.map(({ values }) => values)).toEqual([["rooms", "tea"]]);
		asked[0]?.answer(ok(rows));
		await done;
		expect(ahead.of("rooms", "tea", "config")).toEqual([
			{ key: "_jid", value: { type: "string", value: "tea@rooms" } },
			{ key: "_data", value: { type: "json", value: "{}" } },
		]);
		expect(ahead.of("rooms", "tea", "nothing")).toEqual([]);
		expect(ahead.of("rooms", "coffee", "config")).toBeUndefined();
		expect(ahead.fetch("rooms", "tea")).toBeUndefined();
	});

	it("are forgotten when they are written, also while they are read", async () => {
		const { asked, ahead } = setup();
		const done = ahead.fetch("rooms", "tea");
		ahead.forget("rooms", "tea", "state");
		asked[0]?.answer(ok(rows));
		await done;
		expect(ahead.of("rooms", "tea", "state")).toBeUndefined();
		expect(ahead.of("rooms", "tea", "config")).toHaveLength(2);
		ahead.forget("rooms", "tea", "config");
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
		// They are read again when somebody asks for that
		expect(ahead.fetch("rooms", "tea")).toBeDefined();
	});

	it("are not kept where those of many were written meanwhile", async () => {
		const { asked, ahead } = setup();
		const done = ahead.fetch("rooms", "tea");
		ahead.forget_all();
		asked[0]?.answer(ok(rows));
		await done;
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
	});

	it("are right for a few seconds", async () => {
		const { asked, ahead, wait } = setup();
		const done = ahead.fetch("rooms", "tea");
		wait(4000);
		asked[0]?.answer(ok(rows));
		await done;
		expect(ahead.of("rooms", "tea", "config")).toHaveLength(2);
		wait(1000);
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
		expect(ahead.fetch("rooms", "tea")).toBeDefined();
		wait(6000);
		asked[1]?.answer(ok(rows));
		await Promise.resolve();
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
	});

	it("are right in the turn that brings them where other servers write, too", async () => {
		const { asked, ahead } = setup(true);
		const done = ahead.fetch("rooms", "tea");
		asked[0]?.answer(ok(rows));
		await done;
		expect(ahead.of("rooms", "tea", "config")).toHaveLength(2);
		await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setImmediate(resolve));
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
	});

	it("are asked for again after an error", async () => {
		const { asked, ahead } = setup();
		const done = ahead.fetch("rooms", "tea");
		asked[0]?.answer(failed({ text: "out of order", locked: true }));
		expect(await done).toEqual(failed({ text: "out of order", locked: true }));
		expect(ahead.of("rooms", "tea", "config")).toBeUndefined();
		expect(ahead.fetch("rooms", "tea")).toBeDefined();
	});
});
