import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { is_stanza, type Unacked, UnackedQueue } from "../../../../host/plugins/smacks/unacked_queue.ts";
import * as st from "../../../../host/util/stanza.ts";

const name_of = ({ content }: Unacked): string | undefined => (is_stanza(content) ? content.attr["id"] : undefined);
const names = (queue: UnackedQueue): (string | undefined)[] => queue.items().map(name_of);

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

	it("says what has arrived, with copies of what did not fit once all that is older has", () => {
		const arrived: (string | undefined)[] = [];
		const queue = new UnackedQueue(2, (items) => arrived.push(...items.map(name_of)));
		for (const id of ["1", "2", "3", "4"]) queue.push(st.message({ id })).copy = `copy of ${id}`;
		queue.ack(1);
		expect(arrived).toEqual([]);
		queue.ack(2);
		expect(arrived).toEqual(["1", "2"]);
		queue.ack(3);
		expect(arrived).toEqual(["1", "2", "3"]);
		expect(queue.consume().map(name_of)).toEqual(["4"]);
	});

	it("gives copies of what did not fit with the rest", () => {
		const queue = new UnackedQueue(1);
		queue.push(st.message({ id: "1" })).copy = "copy";
		queue.push(st.message({ id: "2" }));
		queue.push(st.message({ id: "3" }));
		expect(queue.consume().map(name_of)).toEqual(["1", "3"]);
	});

	it("goes on with what another one was left with", () => {
		const queue = new UnackedQueue(10);
		queue.restore(5, [{ content: st.message({ id: "6" }), sent_at: 1 }]);
		expect([queue.count_sent, queue.count_acked, queue.is_whole]).toEqual([6, 5, true]);
		expect(queue.ack(7)).toBe("too high");
		expect(queue.ack(4)).toBe("too low");
		expect(names(queue)).toEqual(["6"]);
	});

	it("takes one back", () => {
		const queue = new UnackedQueue(10);
		const [one, two] = [queue.push(st.message({ id: "1" })), queue.push(st.message({ id: "2" }))];
		queue.remove(one);
		queue.remove(one);
		expect(names(queue)).toEqual(["2"]);
		expect(queue.count_sent).toBe(1);
		queue.remove(two);
		expect(queue.count_unacked).toBe(0);
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
