import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ok } from "../../../host/util/error.ts";
import { type AnyWrapper, Events } from "../../../host/util/events.ts";
import { go_on, Waiting } from "../../../host/util/waiting.ts";

interface Payloads {
	tick: { count: number };
	tock: string;
}

describe("events", () => {
	it("run handlers by priority, then by registration", () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: -3, max: 3 })), (priorities) => {
				const events = new Events<Payloads>();
				const ran: number[] = [];
				priorities.forEach((priority, index) => {
					events.add_handler("tock", () => void ran.push(index), priority);
				});
				events.fire_event("tock", "");
				const expected = priorities
					.map((priority, index) => ({ priority, index }))
					.sort((a, b) => b.priority - a.priority || a.index - b.index)
					.map(({ index }) => index);
				expect(ran).toEqual(expected);
			}),
		);
	});

	it.each([[false], [null], [0], [""], [true]])("end with %j as the answer, but go on after undefined", (answer) => {
		const events = new Events<Payloads>();
		let later = 0;
		events.add_handler("tock", () => undefined);
		events.add_handler("tock", () => answer);
		events.add_handler("tock", () => void later++);
		expect(events.fire_event("tock", "")).toBe(answer);
		expect(later).toBe(0);
	});

	it("forget removed handlers, and take a handler added again once, with its new priority", () => {
		const events = new Events<Payloads>();
		const ran: string[] = [];
		const first = (): void => void ran.push("first");
		const second = (): void => void ran.push("second");
		events.add_handler("tock", first);
		events.add_handler("tock", second);
		events.add_handler("tock", second, 1);
		events.fire_event("tock", "");
		expect(ran).toEqual(["second", "first"]);
		events.remove_handler("tock", second);
		events.fire_event("tock", "");
		expect(ran).toEqual(["second", "first", "first"]);
	});

	it("finish a firing with the handlers that there were when it began", () => {
		const events = new Events<Payloads>();
		let added = 0;
		events.add_handler("tock", () => {
			events.add_handler("tock", () => void added++, -1);
		});
		events.fire_event("tock", "");
		expect(added).toBe(0);
		events.fire_event("tock", "");
		expect(added).toBe(1);
	});

	it("stand inside wrappers: those of the event outside those of all events, later ones outside earlier ones", () => {
		const events = new Events<Payloads>();
		const ran: string[] = [];
		const wrap = (label: string) => (next: (name: string, event: never) => unknown, name: string, event: never) => {
			ran.push(`${label}>`);
			const answer = next(name, event);
			ran.push(`<${label}`);
			return answer;
		};
		events.add_wrapper(undefined, wrap("all"));
		events.add_wrapper("tock", wrap("one"));
		events.add_wrapper("tock", wrap("two"));
		events.add_handler("tock", (text) => {
			ran.push(text);
			return "answer";
		});
		expect(events.fire_event("tock", "payload")).toBe("answer");
		expect(ran).toEqual(["two>", "one>", "all>", "payload", "<all", "<one", "<two"]);
	});

	it("wait inside wrappers that can go on later, and not inside others", () => {
		const events = new Events<Payloads>();
		const going_on: ((answer: string) => void)[] = [];
		const later = (): Waiting<string> => new Waiting((settle) => void going_on.push((answer) => settle(ok(answer))));
		events.add_any(
			"tock",
			Object.assign(() => "at once", { waiting: later }),
		);
		const wrapper: AnyWrapper = (next, name, event) => `(${next(name, event)})`;
		const waiting: AnyWrapper = (next, name, event) => go_on(next(name, event), (answer) => `[${answer}]`);
		events.wrap_any("tock", Object.assign(wrapper, { waiting }));
		const answers: unknown[] = [];
		const answer = events.fire_waiting("tock", "");
		if (answer instanceof Waiting) answer.ended((outcome) => void answers.push(outcome));
		expect(answers).toEqual([]);
		going_on[0]?.("later");
		expect(answers).toEqual([ok("[later]")]);
		expect(events.fire_event("tock", "")).toBe("(at once)");
		events.wrap_any(undefined, (next, name, event) => `<${next(name, event)}>`);
		expect(events.fire_waiting("tock", "")).toBe("(<at once>)");
	});

	it("let a wrapper answer without running what is inside", () => {
		const events = new Events<Payloads>();
		let inside = 0;
		const closed = (): string => "closed";
		events.add_handler("tock", () => void inside++);
		events.add_wrapper("tock", closed);
		expect(events.fire_event("tock", "")).toBe("closed");
		events.remove_wrapper("tock", closed);
		events.fire_event("tock", "");
		expect(inside).toBe(1);
	});

	it("know when one handler is all there is", () => {
		const events = new Events<Payloads>();
		const only = (): void => undefined;
		const other = (): void => undefined;
		events.add_handler("tock", only);
		expect(events.has_only("tock", only)).toBe(true);
		expect(events.has_only("tick", only)).toBe(false);
		events.add_handler("tock", other, -5);
		expect(events.has_only("tock", only)).toBe(false);
		expect(events.has_only_among("tock", new Set([only]))).toBe(false);
		expect(events.has_only_among("tock", new Set([other, only]))).toBe(true);
		expect(events.has_only_among("tick", new Set())).toBe(true);
		const wrapper = (): undefined => undefined;
		events.add_wrapper("tock", wrapper);
		expect(events.has_only_among("tock", new Set([other, only]))).toBe(false);
		events.remove_wrapper("tock", wrapper);
		events.remove_handler("tock", other);
		events.set_debug_hook((_handler, _name, run) => run());
		expect(events.has_only("tock", only)).toBe(false);
		expect(events.has_only_among("tock", new Set([only]))).toBe(false);
	});

	it("tell all handlers of what has happened, whatever fails on the way", () => {
		const events = new Events<Payloads>();
		const heard: string[] = [];
		const failures: string[] = [];
		const fail = (): never => {
			throw new Error("clumsy");
		};
		const report = (name: string, error: unknown): void => void failures.push(`${name}: ${error}`);
		events.add_handler("tick", fail, 2);
		events.add_handler("tick", ({ count }) => void heard.push(`first ${count}`), 1);
		events.add_handler("tick", ({ count }) => (count > 1 ? "answer" : undefined));
		events.add_handler("tick", () => void heard.push("last"), -1);
		expect(events.tell("tick", { count: 1 }, report)).toBeUndefined();
		expect(events.tell("tick", { count: 2 }, report)).toBe("answer");
		expect(heard).toEqual(["first 1", "last", "first 2"]);
		expect(failures).toEqual(["tick: Error: clumsy", "tick: Error: clumsy"]);
		expect(() => events.fire_event("tick", { count: 1 })).toThrow("clumsy");
		// one around them that fails stands for all that is inside
		events.add_wrapper("tick", fail);
		expect(events.tell("tick", { count: 1 }, report)).toBeUndefined();
		expect(failures).toHaveLength(3);
		expect(heard).toHaveLength(3);
	});

	it("pass each handler through a debug hook", () => {
		const events = new Events<Payloads>();
		const seen: string[] = [];
		events.add_handler("tick", ({ count }) => (count > 1 ? count : undefined));
		events.set_debug_hook((_handler, name, run) => {
			seen.push(name);
			return run();
		});
		expect(events.fire_event("tick", { count: 1 })).toBeUndefined();
		expect(events.fire_event("tick", { count: 2 })).toBe(2);
		expect(seen).toEqual(["tick", "tick"]);
	});
});
