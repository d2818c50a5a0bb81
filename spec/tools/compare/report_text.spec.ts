import { describe, expect, it } from "vitest";
import { text_report } from "../../../tools/compare/report_text.ts";
import type { Terminal } from "../../../tools/compare/terminal.ts";
import {
	comparison,
	comparisons,
	join,
	joined,
	large_comparison,
	other_codes,
	result_of,
	result_of_three,
	type StepFixture,
	sends,
	small_comparison,
	third_name,
	three_comparisons,
} from "./report_fixture.ts";

const file: Terminal = { rewrites: false, colour: false, width: 100 };
const terminal: Terminal = { rewrites: true, colour: true, width: 100 };

function last_line(report: string): string | undefined {
	return report.trimEnd().split("\n").pop();
}

/** The lines between one that ends in `from` and the next that does not belong to a stanza. */
function stanza_after(report: string, from: string): string[] {
	const lines = report.split("\n");
	const start = lines.findIndex((line) => line.endsWith(from)) + 1;
	return lines.slice(start, start + lines.slice(start).findIndex((line) => !line.startsWith("    ")));
}

describe("the report for a terminal", () => {
	it("says in its last line how many steps are equal", () => {
		expect(last_line(text_report(result_of([small_comparison()]), file))).toBe(
			"1 of 3 steps equal, 0 with known differences, 2 different",
		);
	});

	it("counts refusals and rooms, and warns where none was made", () => {
		const enter = sends("Romeo", "join", "<presence to='a@b/c'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
		const refusal =
			"<presence type='error' from='a@b/c'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>";
		const made =
			"<presence from='a@b/c'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/><status code='201'/></x></presence>";
		const report = (...steps: StepFixture[]): string =>
			text_report(result_of([comparison({ title: "Rooms", source: "rooms.scs" }, steps)]), file);
		const hollow = report(
			{ step: enter, reference: { Romeo: [refusal] } },
			{ step: enter, reference: { Romeo: [refusal], Juliet: [made.replace("201", "170")] } },
		);
		expect(hollow).toMatch(/\n {4}met refusals only +1\n {2}rooms made +0\n/);
		expect(hollow).toContain("No room was made on Prosody 0.12.3, so that rooms were hardly compared.");
		const full = report({ step: enter, reference: { Romeo: [made] } });
		expect(full).toMatch(/\n {4}met refusals only +0\n {2}rooms made +1\n/);
		expect(full).not.toContain("hardly compared");
		expect(report({ step: sends("Romeo", "ping", "<iq/>"), reference: { Romeo: [refusal] } })).not.toContain("hardly compared");
	});

	it("tells of an empty run", () => {
		const report = text_report(result_of([]), file);
		expect(last_line(report)).toBe("0 of 0 steps equal, 0 with known differences, 0 different");
		expect(report).not.toContain("most frequent");
	});

	it("shows both servers' stanzas, with a mark before the line that differs", () => {
		const report = text_report(result_of([small_comparison()]), file);
		expect(stanza_after(report, "Romeo receives from Prosody 0.12.3:")).toEqual([
			`      <presence from='room@conference.localhost/Romeo' to="\${Romeo's full JID}" id='made-up-110'>`,
			"        <x xmlns='http://jabber.org/protocol/muc#user'>",
			"          <item affiliation='owner' role='moderator'/>",
			"    >     <status code='110'/>",
			"        </x>",
			"      </presence>",
		]);
		expect(stanza_after(report, "and from Enjamb 0.1.0:")).toContain("    >     <status code='100'/>");
		expect(report).toContain("attribute code of presence/x/status: Prosody sends “110”, Enjamb “100”");
	});

	it("says who did what, and where in which script", () => {
		const report = text_report(result_of([small_comparison()]), file);
		expect(report).toContain("enter.scs, line 12 (A room is entered)");
		expect(report).toContain("Step 2: Romeo sends:\n      <presence to='room@conference.localhost/Romeo'>");
	});

	it("shows that a stanza is missing", () => {
		const report = text_report(result_of([small_comparison()]), file);
		expect(report).toContain("at message: a message is missing");
		expect(report).toContain("   and from Enjamb 0.1.0:\n    > (nothing)\n   Prosody sends this message, Enjamb does not\n");
	});

	it("shows how a connection ended", () => {
		const ended = comparison({ title: "Ends", source: "ends.scs" }, [
			{ step: join, reference: {}, subject_ended: { Romeo: "stream error not-well-formed" } },
		]);
		const report = text_report(result_of([ended]), file);
		expect(report).toContain("Prosody keeps the connection, Enjamb ends the connection (stream error not-well-formed)");
		expect(report).toContain("   and from Enjamb 0.1.0:\n    > (the connection ends: stream error not-well-formed)");
	});

	it("keeps known differences apart, with their reasons", () => {
		const report = text_report(result_of([small_comparison([other_codes])], { known: [other_codes] }), file);
		expect(report).toContain(
			"other-status-codes, 1 time in 1 step\n      This server counts in another way, and clients do not mind.",
		);
		expect(report).not.toContain("presence/x/status differs");
		expect(last_line(report)).toBe("1 of 3 steps equal, 1 with a known difference, 1 different");
	});

	it("is short when there are only known differences", () => {
		const known = { ...other_codes, matches: () => true };
		const report = text_report(result_of([small_comparison([known])], { known: [known] }), file);
		expect(report).not.toContain("receives from");
		expect(last_line(report)).toBe("1 of 3 steps equal, 2 with known differences, 0 different");
	});

	it("names outdated known differences and shrunk scripts", () => {
		const outdated = [{ ...other_codes, shown_by: "enter.scs" }];
		const report = text_report(result_of([], { outdated, shrunk: ["found/play-1.scs (4 steps)"] }), file);
		expect(report).toContain("other-status-codes, which enter.scs should show");
		expect(report).toContain("found/play-1.scs (4 steps)");
	});

	it("stays readable with hundreds of kinds of differences", () => {
		const report = text_report(result_of([large_comparison(400)]), file);
		expect(report.split("\n").length).toBeLessThan(200);
		expect(report).toContain("400 differences, of 400 kinds");
		expect(report).toContain("and 355 kinds more");
		expect(report).toContain("enjamb compare --random 3 --steps 400 --seed 7");
		expect(last_line(report)).toBe("0 of 400 steps equal, 0 with known differences, 400 different");
	});

	it("puts the most frequent kind first, and shows a stanza only once", () => {
		const twice = comparison({ title: "Twice", source: "twice.scs" }, [
			{
				step: sends("Romeo", "rare", "<presence/>"),
				reference: { Romeo: ["<iq id='a'/>"] },
				subject: { Romeo: ["<iq id='a' type='set'/>"] },
			},
			...[1, 2].map(() => ({
				step: join,
				reference: { Romeo: [joined("110")] },
				subject: { Romeo: [joined("100", "<extra/>")] },
			})),
		]);
		const report = text_report(result_of([twice]), file);
		expect(report.match(/^\d\. .*$/gm)).toEqual([
			"1. 2 times, at join: attribute code of presence/x/status differs",
			"2. 2 times, at join: presence/x/extra is there, and should not be",
			"3. 1 time, at rare: attribute type of iq differs",
		]);
		expect(report).toContain("   In the stanza that number 1 shows: presence/x/extra: Enjamb sends it, Prosody does not");
	});

	it("leaves out what is far from the difference in a long stanza", () => {
		const items = Array.from({ length: 200 }, (_, number) => `<item jid='room-${number}'/>`).join("");
		const long = comparison({ title: "Long", source: "long.scs" }, [
			{
				step: join,
				reference: { Romeo: [`<iq><query>${items}<last name='a'/></query></iq>`] },
				subject: { Romeo: [`<iq><query>${items}<last name='b'/></query></iq>`] },
			},
		]);
		const shown = stanza_after(text_report(result_of([long]), file), "and from Enjamb 0.1.0:");
		expect(shown).toEqual([
			"      <iq>",
			"        <query>",
			"      … 198 more lines",
			"          <item jid='room-198'/>",
			"          <item jid='room-199'/>",
			"    >     <last name='b'/>",
			"        </query>",
			"      </iq>",
		]);
	});

	it("uses colour on a terminal only", () => {
		const result = result_of([small_comparison([other_codes])], { known: [other_codes] });
		expect(text_report(result, terminal)).toContain("\u001b[31m");
		expect(text_report(result, file)).not.toContain("\u001b");
		const pieces = text_report(result, terminal).split("\u001b");
		expect(pieces.map((piece, index) => (index === 0 ? piece : piece.replace(/^\[\d+m/, ""))).join("")).toBe(
			text_report(result, file),
		);
	});

	it("lets nothing that came from a network steer the terminal", () => {
		const evil = "\u001b[2J\u202eevil";
		const hostile = comparison({ title: `Title ${evil}`, source: `${evil}.scs` }, [
			{
				step: sends("Romeo", evil, "<presence/>"),
				reference: { Romeo: ["<message><body>a</body></message>"] },
				subject: { Romeo: ["<message><body>b</body></message>"] },
			},
		]);
		const [step] = hostile.subject.steps;
		step?.[0]?.stanzas[0]?.first_tag?.append_parsed(evil);
		const report = text_report(result_of([hostile], { reference: `Prosody ${evil}` }), file);
		expect(report).toContain("\\u{1b}[2J\\u{202e}evil");
		expect(report).not.toContain("\u001b");
		expect(report).not.toContain("\u202e");
	});
});

describe("the report on three servers", () => {
	const lua = "Enjamb with Prosody's rooms in Lua";

	it("has a column for each, and one bottom line for both", () => {
		const lines = text_report(result_of_three([three_comparisons()]), file).split("\n");
		expect(lines.slice(0, 9)).toEqual([
			"Prosody 0.12.3 (the reference), Enjamb 0.1.0 and Enjamb 0.1.0 with Prosody's rooms in Lua, given the same",
			"",
			`                            Enjamb  ${lua}`,
			`  plays                          1  ${"1".padStart(lua.length)}`,
			`    with differences             1  ${"1".padStart(lua.length)}`,
			`  steps                          4  ${"4".padStart(lua.length)}`,
			`    equal                        2  ${"1".padStart(lua.length)}`,
			`    with known differences       0  ${"0".padStart(lua.length)}`,
			`    different                    2  ${"3".padStart(lua.length)}`,
		]);
		expect(lines.at(-2)).toBe(
			`Enjamb: 2 of 4 steps equal, 0 with known differences, 2 different; ${lua}: 1 of 4 steps equal, 0 with known differences, 3 different`,
		);
	});

	it("says of each kind of difference on which of them it was met", () => {
		const report = text_report(result_of_three([three_comparisons()]), file);
		expect(report.match(/^\d\. .*$/gm)).toEqual([
			`1. 1 time from Enjamb and 1 time from ${lua}, at message: the text of message/body differs`,
			"2. 1 time from Enjamb, at join: attribute code of presence/x/status differs",
			`3. 1 time from ${lua}, at join: presence/x/hat is there, and should not be`,
			`4. 1 time from ${lua}, at message: a message too many`,
			`5. 1 time from ${lua}, at leave: a message is missing`,
		]);
		expect(report).toContain("6 differences, of 5 kinds, most frequent first:");
	});

	it("shows what all three sent, and what is wrong with either", () => {
		const report = text_report(result_of_three([three_comparisons()]), file);
		const message = (text: string, mark = " "): string[] => [
			"      <message from='room@conference.localhost/Romeo' type='groupchat'>",
			`    ${mark}   <body>${text}</body>`,
			"      </message>",
		];
		const lines = report.split("\n");
		const start = lines.findIndex((line) => line.startsWith("1. "));
		expect(lines.slice(start + 4, start + 18)).toEqual([
			"   Romeo receives from Prosody 0.12.3:",
			...message("soft", ">"),
			"   and from Enjamb 0.1.0:",
			...message("what light", ">"),
			`   and from ${third_name}:`,
			...message("what window", ">"),
			"   text of message/body: Prosody sends “soft”, Enjamb “what light”",
			`   text of message/body: Prosody sends “soft”, ${lua} “what window”`,
		]);
	});

	it("says that a server sent the same as the reference, also where that is nothing", () => {
		const report = text_report(result_of_three([three_comparisons()]), file);
		const [, fourth, fifth] = report.split(/^(?=[345]\. )/m).slice(1);
		expect(fourth).toContain("   Romeo receives from Prosody 0.12.3:\n    > (nothing)\n   and from Enjamb 0.1.0: the same\n");
		expect(fifth).toContain(`   and from Enjamb 0.1.0: the same\n   and from ${third_name}:\n    > (nothing)\n`);
		expect(fifth).toContain(`Prosody sends this message, ${lua} does not`);
	});

	it("shows how connections end that do so on one server only", () => {
		const { own, third } = comparisons({ title: "Ends", source: "ends.scs" }, [
			{ step: join, reference: {}, subject_ended: { Romeo: "stream error not-well-formed" } },
		]);
		const report = text_report(result_of_three([{ own, third }]), file);
		expect(report).toContain(
			`   and from Enjamb 0.1.0:\n    > (the connection ends: stream error not-well-formed)\n   and from ${third_name}: the same\n`,
		);
	});

	it("says of known differences whose they are", () => {
		const known = [other_codes, { ...other_codes, id: "anything", only_also: true, matches: () => true }];
		const { own } = three_comparisons([other_codes]);
		const { third } = three_comparisons(known);
		const result = result_of([own], { known: [other_codes], also: { name: third_name, known, comparisons: [third] } });
		const report = text_report(result, file);
		expect(report).toContain("  other-status-codes\n      1 time in 1 step of Enjamb\n      This server counts");
		expect(report).toContain(`  anything\n      4 times in 3 steps of ${lua}\n      This server counts`);
		const shared = { ...other_codes, matches: () => true };
		expect(text_report(result_of_three([three_comparisons([shared])], [shared]), file)).toContain(
			`  other-status-codes\n      2 times in 2 steps of Enjamb; 4 times in 3 steps of ${lua}\n`,
		);
	});

	it("is red when only the third differs", () => {
		const { own, third } = comparisons({ title: "One", source: "one.scs" }, [
			{ step: join, reference: { Romeo: [joined("110")] }, also: { Romeo: [joined("100")] } },
		]);
		expect(last_line(text_report(result_of_three([{ own, third }]), terminal))).toContain("\u001b[31mEnjamb: 1 of 1 step equal");
		expect(last_line(text_report(result_of_three([{ own, third: own }]), terminal))).toContain(
			"\u001b[32mEnjamb: 1 of 1 step equal",
		);
	});
});
