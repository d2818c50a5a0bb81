import { describe, expect, it } from "vitest";
import { account_labels, random_account_play } from "../../../tools/compare/accounts/random.ts";
import { repeat_command } from "../../../tools/compare/words.ts";
import { parse_markup } from "../../../tools/scansion/markup.ts";

const plays = Array.from({ length: 60 }, (_, number) => random_account_play(7, number, 200));

describe("random plays of accounts", () => {
	it("are the same of the same arguments, and begin as shorter ones", () => {
		expect(random_account_play(1, 2, 60)).toEqual(random_account_play(1, 2, 60));
		expect(random_account_play(1, 2, 60).steps).not.toEqual(random_account_play(1, 3, 60).steps);
		expect(random_account_play(1, 2, 20).steps).toEqual(random_account_play(1, 2, 60).steps.slice(0, 20));
	});

	it("say how they are played again", () => {
		expect(repeat_command(random_account_play(8, 9, 10), "")).toBe("enjamb compare --accounts 9 --steps 10 --seed 8");
	});

	it("meet everything that there is, in XML that can be sent", () => {
		const met = new Set<string>();
		for (const { steps } of plays) {
			for (const step of steps) {
				met.add(step.kind === "send" ? step.label : step.kind);
				if ("xml" in step) expect(parse_markup(step.xml, 1), step.xml).toMatchObject({ ok: true });
			}
		}
		expect([...met].sort()).toEqual([...account_labels].sort());
	});

	it("let only those act who are connected", () => {
		for (const { steps } of plays) {
			const connected = new Set<string>();
			const removed = new Set<string>();
			for (const step of steps) {
				const { kind, player } = step;
				const needs_no_connection = kind === "connect" || kind === "register";
				if (kind !== "resume") expect(connected.has(player)).toBe(!needs_no_connection);
				const is_removal = kind === "send" && step.xml.includes("<remove/>");
				if (is_removal) removed.add(player);
				const gets_in = kind === "resume" || (kind === "connect" && step.password !== "wrong" && !removed.has(player));
				if (gets_in) connected.add(player);
				else if (kind === "disconnect" || kind === "vanish" || is_removal) connected.delete(player);
			}
		}
	});
});
