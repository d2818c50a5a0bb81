import { describe, expect, it, vi } from "vitest";
import { StanzaQueue } from "../../../host/core/stanza_queue.ts";
import * as st from "../../../host/util/stanza.ts";
import { Turn } from "../../../host/util/turn.ts";

const message = (id: string) => st.message({ to: "romeo@verona.example", id }, "but soft");
const ids = (queue: StanzaQueue): (string | undefined)[] => queue.take().map(({ attr }) => attr["id"]);

describe("what waits for a stream", () => {
	it("is certain at the end of the turn, in order, and as it was then", async () => {
		const turn = new Turn(() => {});
		let told = 0;
		const queue = new StanzaQueue(turn, 10, () => told++);
		const first = message("1");
		queue.add(first);
		first.attr["id"] = "changed";
		queue.add(message("2"));
		expect(ids(queue)).toEqual([]);
		await vi.waitFor(() => expect(told).toBe(1));
		expect(ids(queue)).toEqual(["1", "2"]);
		expect(ids(queue)).toEqual([]);
	});

	it("is forgotten where the turn fails, but for what belongs to the streams", () => {
		const queue = new StanzaQueue(new Turn(() => {}), 10);
		queue.add(message("lost"));
		queue.add(message("kept"), true);
		queue.discard();
		queue.flush();
		expect(ids(queue)).toEqual(["kept"]);
	});

	it("has a limit", () => {
		const queue = new StanzaQueue(new Turn(() => {}), 2);
		expect([queue.add(message("1")), queue.add(message("2")), queue.add(message("3"))]).toEqual([true, true, false]);
		expect(queue.size).toBe(2);
	});

	it("is taken in part where only some is wanted", () => {
		const queue = new StanzaQueue(new Turn(() => {}), 10);
		for (const id of ["1", "2", "3"]) queue.add(message(id), true);
		expect(queue.take(({ attr }) => attr["id"] === "2").map(({ attr }) => attr["id"])).toEqual(["2"]);
		expect(ids(queue)).toEqual(["1", "3"]);
	});
});
