import { describe, expect, it } from "vitest";
import { IqError } from "../../../host/core/iq_error.ts";
import { IqTracker } from "../../../host/core/iq_tracker.ts";
import type { EventMap, Session, StanzaEvent } from "../../../host/core/types.ts";
import { Events } from "../../../host/util/events.ts";
import * as st from "../../../host/util/stanza.ts";

/** A tracker whose queries go nowhere; what was sent, and how to fire what answers. */
function tracker(sent: (query: st.Stanza, origin: Session) => void = () => {}) {
	const events = new Events<EventMap>();
	const timers = new Set<() => void>();
	const iqs = new IqTracker({
		events,
		send: sent,
		add_timer(_, callback) {
			timers.add(callback);
			return { stop: () => void timers.delete(callback), reschedule: () => {} };
		},
	});
	return { iqs, events, timers };
}

const said: st.Stanza[] = [];
const origin: Session = Object.assign(Object.create(null), {
	type: "local",
	send(stanza: st.Stanza): boolean {
		said.push(stanza);
		return true;
	},
});
const query = (attrs: { [name: string]: string }) =>
	st
		.iq({ type: "get", id: "q", ...attrs })
		.query("urn:example:q")
		.reset();

describe("answers to a module's query", () => {
	it("count that are given to the asker at once, where the query does not say from whom it is, errors too", async () => {
		for (const reply of [st.reply, (asked: st.Stanza) => st.error_reply(asked, "cancel", "item-not-found").reset()]) {
			const { iqs, events, timers } = tracker((asked, by) => void by.send(reply(asked)));
			const asked = query({ to: "localhost" });
			const answer = await iqs.ask(asked, origin, 1);
			expect(answer.stanza.attrs["id"]).toBe("q");
			expect(said.pop()).toBe(answer.stanza);
			expect(events.list()).toEqual([]);
			expect(timers.size).toBe(0);
		}
	});

	it("count by the events of their kind, with where they came from", async () => {
		const kinds = [
			[{ to: "x.example" }, "iq-result/host/q"],
			[{ to: "x.example", from: "localhost" }, "iq-result/host/q"],
			[{ to: "x.example", from: "a@localhost" }, "iq-result/bare/q"],
			[{ to: "x.example", from: "a@localhost/r" }, "iq/full"],
		] as const;
		for (const [attrs, event] of kinds) {
			const { iqs, events } = tracker();
			const answer = iqs.ask(query(attrs), origin, 1);
			const heard: StanzaEvent = { origin, stanza: st.iq({ type: "result", id: "q", from: "x.example" }) };
			const other = { origin, stanza: st.iq({ type: "result", id: "q", from: "y.example" }) };
			expect(events.fire_event(event, other)).toBeUndefined();
			expect(events.fire_event(event, heard)).toBe(true);
			await expect(answer).resolves.toEqual({ stanza: heard.stanza, origin });
			expect(events.list()).toEqual([]);
		}
	});

	it("fail as Prosody's do: an error, an id twice, one too many, too late, the module gone", async () => {
		const { iqs, events, timers } = tracker();
		const condition = (asked: Promise<unknown>): Promise<unknown> =>
			asked.then(
				() => "answered",
				(error: unknown) => (error instanceof IqError ? error.condition : error),
			);
		const refused = condition(iqs.ask(query({ to: "x.example" }), origin, 1));
		expect(await condition(iqs.ask(query({ to: "y.example" }), origin, 1))).toBe("conflict");
		const error = st.error_reply(query({ to: "localhost", from: "x.example" }), "cancel", "forbidden").reset();
		error.attrs["from"] = "x.example";
		events.fire_event("iq-error/host/q", { origin, stanza: error });
		expect(await refused).toBe("forbidden");

		const many = Array.from({ length: 257 }, (_, index) =>
			condition(iqs.ask(query({ to: "x.example", id: String(index) }), origin, 1)),
		);
		expect(await many[0]).toBe("resource-constraint");
		for (const callback of [...timers].slice(0, 1)) callback();
		expect(await many[1]).toBe("remote-server-timeout");
		iqs.release();
		expect(await many[2]).toBe("undefined-condition");
		expect(events.list()).toEqual([]);
	});
});
