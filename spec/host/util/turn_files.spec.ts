import {
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Disk, real_disk } from "../../../host/util/disk.ts";
import type { Result } from "../../../host/util/error.ts";
import { Turn } from "../../../host/util/turn.ts";
import { TurnFiles } from "../../../host/util/turn_files.ts";

let folder: string;
let failures: string[];
let turn: Turn;

function value<T>(result: Result<T, string>): T {
	if (!result.ok) throw new Error(result.error);
	return result.value;
}

/** A disk whose operations fail from one on, so many of them; half of the data is written then. */
function failing_disk(first: number, count: number): Disk {
	let operations = 0;
	const step = <Arguments extends unknown[], Done>(work: (...given: Arguments) => Done, half: (...given: Arguments) => void) => {
		return (...given: Arguments): Done => {
			operations++;
			if (operations < first || operations >= first + count) return work(...given);
			half(...given);
			throw Object.assign(new Error("full"), { code: "ENOSPC" });
		};
	};
	const half_of = (data: Iterable<Buffer>): Buffer[] => {
		const all = Buffer.concat([...data]);
		return [all.subarray(0, all.length / 2)];
	};
	return {
		write: step(real_disk.write, (path, data) => real_disk.write(path, half_of(data)).close()),
		extend: step(
			(path, length, data, durable) => {
				const { take_back, keep } = real_disk.extend(path, length, data, durable);
				return { take_back: step(take_back, keep), keep };
			},
			(path, length, data, durable) => real_disk.extend(path, length, half_of(data), durable).keep(),
		),
		truncate: step(real_disk.truncate, () => undefined),
		rename: step(real_disk.rename, () => undefined),
		link: step(real_disk.link, () => undefined),
		remove: step(real_disk.remove, () => undefined),
		open_folder: step(
			(path: string) => {
				const { sync, close } = real_disk.open_folder(path);
				return { sync: step(sync, () => undefined), close };
			},
			() => undefined,
		),
	};
}

function open(disk: Disk = real_disk): TurnFiles {
	turn = new Turn((error) => failures.push(error instanceof Error ? error.message : String(error)));
	return new TurnFiles(turn, disk);
}

function on_disk(): Record<string, string> {
	return Object.fromEntries(
		readdirSync(folder)
			.sort()
			.map((name) => [name, readFileSync(join(folder, name), "utf8")]),
	);
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-files-"));
	failures = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("files of a turn", () => {
	it("are seen at once, and on the disk when the turn ends", () => {
		const files = open();
		const path = join(folder, "new", "a.dat");
		value(files.write(path, Buffer.from("one")));
		value(files.append(path, Buffer.from(" two")));
		expect(value(files.read(path))?.toString()).toBe("one two");
		expect(value(files.names(join(folder, "new")))).toEqual(["a.dat"]);
		expect(existsSync(path)).toBe(false);
		turn.end();
		expect(readFileSync(path, "utf8")).toBe("one two");
		expect(readdirSync(join(folder, "new"))).toEqual(["a.dat"]);
		files.remove(path);
		expect(value(files.read(path))).toBeUndefined();
		expect(existsSync(path)).toBe(true);
		turn.end();
		expect(existsSync(path)).toBe(false);
		expect(failures).toEqual([]);
	});

	it.skipIf(process.getuid?.() !== 0)("belong to whom their folder belongs, though root has written them", () => {
		const files = open();
		chownSync(folder, 12345, 12346);
		const path = join(folder, "new", "newer", "a.dat");
		for (const text of ["one", "two"]) {
			value(files.write(path, Buffer.from(text)));
			turn.end();
			for (const made of [path, dirname(path), join(folder, "new")]) {
				expect([statSync(made).uid, statSync(made).gid]).toEqual([12345, 12346]);
			}
			expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
		}
	});

	it("keep their stamp from the turn to the disk, until somebody else writes", () => {
		const files = open();
		const path = join(folder, "a");
		expect(value(files.stamp(path))).toBeUndefined();
		value(files.write(path, Buffer.from("one")));
		const stamp = value(files.stamp(path));
		turn.end();
		expect(value(files.stamp(path))).toBe(stamp);
		writeFileSync(path, "other");
		expect(value(files.stamp(path))).not.toBe(stamp);
	});

	it("do what files do", () => {
		const names = fc.constantFrom("a", "b");
		const text = fc.string({ maxLength: 5 });
		const step = fc.oneof(
			fc.record({ do: fc.constant("write" as const), name: names, text }),
			fc.record({ do: fc.constant("append" as const), name: names, text }),
			fc.record({ do: fc.constant("remove" as const), name: names }),
			fc.record({ do: fc.constant("end" as const) }),
			fc.record({ do: fc.constant("fail" as const) }),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
				for (const name of readdirSync(folder)) rmSync(join(folder, name));
				const files = open();
				let stored = new Map<string, string>();
				let now = new Map<string, string>();
				for (const change of steps) {
					if (change.do === "end") {
						turn.end();
						stored = new Map(now);
					} else if (change.do === "fail") {
						files.rollback();
						now = new Map(stored);
					} else {
						const path = join(folder, change.name);
						if (change.do === "remove") {
							files.remove(path);
							now.delete(change.name);
						} else if (change.do === "write") {
							value(files.write(path, Buffer.from(change.text)));
							now.set(change.name, change.text);
						} else {
							const before = Buffer.byteLength(now.get(change.name) ?? "");
							expect(value(files.append(path, Buffer.from(change.text)))).toBe(before);
							now.set(change.name, (now.get(change.name) ?? "") + change.text);
						}
					}
					for (const name of ["a", "b"]) {
						const content = now.get(name);
						const path = join(folder, name);
						expect(value(files.read(path))?.toString()).toBe(content);
						expect(value(files.stamp(path)) === undefined).toBe(content === undefined);
						if (content !== undefined) {
							const middle = Buffer.from(content).subarray(1, 4).toString();
							expect(value(files.read_range(path, 1, 3)).toString()).toBe(middle);
						}
					}
					expect(value(files.names(folder)).sort()).toEqual([...now.keys()].sort());
				}
				turn.end();
				expect(on_disk()).toEqual(Object.fromEntries([...now].sort()));
			}),
			{ numRuns: 150 },
		);
		expect(failures).toEqual([]);
	});
});

describe("a turn that fails", () => {
	/** A turn that writes, adds, removes and makes. */
	function work(files: TurnFiles): void {
		value(files.write(join(folder, "changed"), Buffer.from("changed after")));
		value(files.append(join(folder, "longer"), Buffer.from(" and more")));
		value(files.append(join(folder, "longer2"), Buffer.from(" and more"), false));
		value(files.write(join(folder, "new"), Buffer.from("new")));
		files.remove(join(folder, "gone"));
	}

	const before = { changed: "changed before", gone: "gone", longer: "longer", longer2: "longer2" };
	const after = { changed: "changed after", longer: "longer and more", longer2: "longer2 and more", new: "new" };

	function prepare(): void {
		for (const name of readdirSync(folder)) rmSync(join(folder, name));
		for (const [name, text] of Object.entries(before)) writeFileSync(join(folder, name), text);
	}

	it("leaves everything as it was where the disk takes no data, and works again after that", () => {
		for (let first = 1; first <= 4; first++) {
			prepare();
			failures = [];
			const files = open(failing_disk(first, 1));
			work(files);
			turn.end();
			expect(failures).toHaveLength(1);
			expect(failures[0]).toMatch(/^\/.*: could not be written; it is as it was before \(the disk is full, ENOSPC\)$/);
			expect(on_disk()).toEqual(before);
			expect(value(files.read(join(folder, "changed")))?.toString()).toBe("changed before");
			work(files);
			turn.end();
			expect(failures).toHaveLength(1);
			expect(on_disk()).toEqual(after);
		}
	});

	it("leaves each file old or new, with at most a beginning of what was to be added, where the machine stops", () => {
		for (let first = 1; first <= 9; first++) {
			prepare();
			failures = [];
			// Nothing works any more after the first failure, taking back included.
			const files = open(failing_disk(first, Number.POSITIVE_INFINITY));
			work(files);
			turn.end();
			for (const [name, text] of Object.entries(on_disk())) {
				if (name.endsWith("~")) continue;
				const [old, fresh] = [Object.entries(before), Object.entries(after)].map(
					(all) => all.find(([known]) => known === name)?.[1],
				);
				expect([old, fresh].some((known) => known === text) || (old !== undefined && text.startsWith(old))).toBe(true);
			}
		}
	});

	it("leaves no new file where the names do not reach the disk, and nothing that was added", () => {
		const disk: Disk = {
			...real_disk,
			open_folder(path) {
				const { close } = real_disk.open_folder(path);
				const sync = (): void => {
					throw Object.assign(new Error("broken"), { code: "EIO" });
				};
				return { sync, close };
			},
		};
		writeFileSync(join(folder, "longer"), "longer");
		const files = open(disk);
		value(files.append(join(folder, "new.list"), Buffer.from("first entry")));
		value(files.append(join(folder, "longer"), Buffer.from(" and more")));
		turn.end();
		expect(failures).toEqual([expect.stringContaining("the disk reports an error, EIO")]);
		expect(on_disk()).toEqual({ longer: "longer" });
		expect(value(files.read(join(folder, "new.list")))).toBeUndefined();
	});

	it("is one that writes to a folder that cannot be written to, and the next one goes on", () => {
		const files = open();
		writeFileSync(join(folder, "blocked"), "");
		const refused = files.write(join(folder, "blocked", "a.dat"), Buffer.from("x"));
		expect(refused).toEqual({
			ok: false,
			error: `${join(folder, "blocked")}: files cannot be kept in this folder (there is a file of that name)`,
		});
		value(files.write(join(folder, "a.dat"), Buffer.from("y")));
		turn.end();
		expect(failures.splice(0)).toEqual([expect.stringMatching(/there is a file of that name/)]);
		value(files.write(join(folder, "b.dat"), Buffer.from("y")));
		turn.end();
		expect(failures).toEqual([]);
		expect(on_disk()).toEqual({ "b.dat": "y", blocked: "" });
	});

	it.skipIf(!existsSync("/sys"))("is one that writes to a folder that takes no files", () => {
		const files = open();
		expect(files.write("/sys/enjamb/a.dat", Buffer.from("x"))).toEqual({
			ok: false,
			error: expect.stringMatching(/^\/sys\/enjamb: files cannot be kept in this folder \(.*E[A-Z]+\)$/),
		});
		turn.end();
		expect(failures).toEqual([expect.stringMatching(/^\/sys\/enjamb: files cannot be kept/)]);
	});

	it.skipIf(process.getuid?.() === 0)("does not begin where a folder may only be read", () => {
		const files = open();
		const path = join(folder, "locked");
		mkdirSync(path, { mode: 0o555 });
		const error = `${path}: files cannot be kept in this folder (this user may not do that, EACCES)`;
		expect(files.write(join(path, "a.dat"), Buffer.from("x"))).toEqual({ ok: false, error });
		expect(files.folder_problem(path)).toBe(error);
	});

	it("says so where somebody else has written, or a folder has a file's name", () => {
		const files = open();
		writeFileSync(join(folder, "a"), "one");
		value(files.append(join(folder, "a"), Buffer.from("two")));
		writeFileSync(join(folder, "a"), "one and a half");
		turn.end();
		expect(failures).toEqual([expect.stringContaining("somebody else has written to it: it has 14 bytes instead of 3")]);
		expect(on_disk()).toEqual({ a: "one and a half" });
		mkdirSync(join(folder, "b"));
		value(files.write(join(folder, "b"), Buffer.from("x")));
		turn.end();
		expect(failures[1]).toContain("it is a folder: expected a file");
	});

	it("makes a folder again that somebody has removed", () => {
		const files = open();
		value(files.write(join(folder, "sub", "a"), Buffer.from("x")));
		turn.end();
		rmSync(join(folder, "sub"), { recursive: true });
		value(files.write(join(folder, "sub", "a"), Buffer.from("y")));
		turn.end();
		expect(readFileSync(join(folder, "sub", "a"), "utf8")).toBe("y");
		expect(failures).toEqual([]);
	});
});
