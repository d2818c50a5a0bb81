import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnackedQueue } from "../../../../host/plugins/smacks/unacked_queue.ts";
import * as st from "../../../../host/util/stanza.ts";

const names = (queue: UnackedQueue): (string | undefined)[] => queue.items().map(({ stanza }) => stanza.attr["id"]);

function filled(size: number, count: number): UnackedQueue {
	const queue = new UnackedQueue(size);
	for (let number = 1; number <= count; number++) queue.push(st.message({ id: String(number) }));
	return queue;
}

describe("the queue of what was not acknowledged", () => {
	it("lets go what the other end has", () => {
		const queue = filled(10, 3);
		expect(queue.ack(2)).toBeUndefined();
		expect(names(queue)).toEqual(["3"]);
		expect([queue.count_sent, queue.count_acked, queue.count_unacked]).toEqual([3, 2, 1]);
	});

	it("refuses counts that cannot be, and stays as it was", () => {
		const queue = filled(10, 3);
		queue.ack(2);
		expect(queue.ack(4)).toBe("too high");
		expect(queue.ack(1)).toBe("too low");
		expect(names(queue)).toEqual(["3"]);
	});

	it("is no longer whole where more waits than fits, until that is acknowledged", () => {
		const queue = filled(2, 3);
		expect(names(queue)).toEqual(["2", "3"]);
		expect(queue.is_whole).toBe(false);
		queue.ack(1);
		expect(queue.is_whole).toBe(true);
		expect(names(queue)).toEqual(["2", "3"]);
	});

	it("takes back what a failed turn has not sent", () => {
		const queue = filled(10, 5);
		queue.take_back(2);
		expect(names(queue)).toEqual(["1", "2", "3"]);
		expect(queue.ack(4)).toBe("too high");
		expect(queue.ack(3)).toBeUndefined();
	});

	it("holds what a list would, whatever is done to it", () => {
		fc.assert(
			fc.property(fc.array(fc.oneof(fc.constant("push" as const), fc.nat({ max: 20 }))), (steps) => {
				const queue = new UnackedQueue(1000);
				let [sent, acked] = [0, 0];
				for (const step of steps) {
					if (step === "push") queue.push(st.message({ id: String(++sent) }));
					else if (queue.ack(step) === undefined) acked = step;
					expect(names(queue)).toEqual(Array.from({ length: sent - acked }, (_, index) => String(acked + index + 1)));
				}
			}),
		);
	});
});
