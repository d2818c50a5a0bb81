import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal, type UnitState } from "../../../../host/cli/migrate/journal.ts";

let folder: string;
let path: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	path = join(folder, "journal");
});

afterEach(() => rmSync(folder, { recursive: true }));

const state: UnitState = {
	fingerprint: "f",
	done: true,
	items: 3,
	digest: "d",
	next: 9,
	position: 8,
	read: 9,
	aside: 0,
	aside_size: 0,
};

function open(from = "internal:/a", to = "sql:/b"): Journal {
	const opened = Journal.open(path, from, to);
	if (!opened.ok) throw new Error(opened.error);
	return opened.value;
}

describe("the journal of a migration", () => {
	it("says in the next run what was done, the last step of each unit", () => {
		const journal = open();
		expect([journal.resumed, existsSync(path)]).toEqual([false, false]);
		journal.note("u", { ...state, done: false });
		journal.note("u", state);
		journal.write();
		const again = open();
		expect([again.resumed, again.units.get("u")]).toEqual([true, state]);
		again.remove();
		expect(existsSync(path)).toBe(false);
	});

	it("does not say what was not written", () => {
		const journal = open();
		journal.write();
		journal.note("u", state);
		expect(open().units.size).toBe(0);
	});

	it("does without a last line that was cut off", () => {
		const journal = open();
		journal.note("a", state);
		journal.note("b", state);
		journal.write();
		writeFileSync(path, readFileSync(path, "utf8").slice(0, -3));
		expect([...open().units.keys()]).toEqual(["a"]);
		appendFileSync(path, "\nnull\n{}\n[1]\n");
		expect([...open().units.keys()]).toEqual(["a"]);
	});

	it("belongs to one migration", () => {
		open().write();
		const other = Journal.open(path, "internal:/other", "sql:/b");
		expect(other.ok ? "" : other.error).toContain("from internal:/a was begun here");
		writeFileSync(path, "something else\n");
		expect(Journal.open(path, "internal:/a", "sql:/b").ok).toBe(false);
	});
});
