import { describe, expect, it } from "vitest";
import { failed, ok } from "../../../host/util/error.ts";
import { HashQueue } from "../../../host/util/hash_queue.ts";
import { pbkdf2_hmac_sha1, pbkdf2_hmac_sha256, pbkdf2_hmac_sha512 } from "../../../host/util/hashes.ts";
import { promise_of, Waiting } from "../../../host/util/waiting.ts";

/** Work that ends when it is told to. */
function played(queue: HashQueue) {
	const begun: string[] = [];
	const ends = new Map<string, () => void>();
	return {
		begun,
		add: (whose: string, name: string) =>
			queue.add(whose, () => {
				begun.push(name);
				return new Waiting<string>((settle) => void ends.set(name, () => settle(ok(name))));
			}),
		end: (name: string) => ends.get(name)?.(),
	};
}

describe("the queue of hashes", () => {
	it("gives everybody a turn before somebody has a second one", () => {
		const play = played(new HashQueue(1));
		for (const name of ["a1", "a2", "a3", "b1", "b2", "c1"]) play.add(name.slice(0, 1), name);
		for (let count = 0; count < 6; count++) play.end(play.begun.at(-1) ?? "");
		expect(play.begun).toEqual(["a1", "a2", "b1", "c1", "a3", "b2"]);
	});

	it("computes as many at once as it may, and refuses what is too much", () => {
		const queue = new HashQueue(2, 3);
		const play = played(queue);
		const answers = ["a1", "b1", "c1", "d1", "e1", "f1"].map((name) => play.add(name.slice(0, 1), name));
		expect(play.begun).toEqual(["a1", "b1"]);
		expect(queue.length).toBe(3);
		expect(answers.map((answer) => answer !== undefined)).toEqual([true, true, true, true, true, false]);
		play.end("b1");
		expect(play.begun).toEqual(["a1", "b1", "c1"]);
		expect(play.add("g", "g1")).toBeInstanceOf(Waiting);
	});

	it("leaves out what nobody waits for any more, and makes place that way", async () => {
		const queue = new HashQueue(1, 4);
		const begun: string[] = [];
		const gone = new Set<string>();
		let end = (): void => {};
		const add = (whose: string, name: string) =>
			queue.add(
				whose,
				() => {
					begun.push(name);
					return new Waiting<string>((settle) => {
						end = () => settle(ok(name));
					});
				},
				{ is_gone: () => gone.has(name), instead: `${name} is left out` },
			);
		const [, second] = ["a1", "a2", "a3", "a4", "b1"].map((name) => add(name.slice(0, 1), name));
		expect(add("c", "c1")).toBeUndefined();
		for (const name of ["a2", "a3"]) gone.add(name);
		const further = add("c", "c1");
		expect(await promise_of(second ?? expect.fail())).toBe("a2 is left out");
		expect(queue.length).toBe(3);
		gone.add("a4");
		for (let count = 0; count < 2; count++) end();
		expect(begun).toEqual(["a1", "b1", "c1"]);
		end();
		expect(await promise_of(further ?? expect.fail())).toBe("c1");
		expect(queue.length).toBe(0);
	});

	it("goes on after work that fails", async () => {
		const queue = new HashQueue(1);
		const wrong = queue.add("a", () => new Waiting<string>((settle) => settle(failed(new Error("no memory")))));
		const right = queue.add("a", () => new Waiting<string>((settle) => settle(ok("done"))));
		await expect(promise_of(wrong ?? expect.fail())).rejects.toThrow("no memory");
		expect(await promise_of(right ?? expect.fail())).toBe("done");
	});

	it("has the event loop go on meanwhile", async () => {
		for (const pbkdf2 of [pbkdf2_hmac_sha1, pbkdf2_hmac_sha256, pbkdf2_hmac_sha512]) {
			const hashed = new HashQueue().add("a", () => pbkdf2.later("pencil", "salt", 5000)) ?? expect.fail();
			let is_known = false;
			hashed.ended(() => {
				is_known = true;
			});
			expect(is_known).toBe(false);
			expect(await promise_of(hashed)).toEqual(pbkdf2("pencil", "salt", 5000));
		}
	});
});
