import { describe, expect, it } from "vitest";
import { Stanza } from "../../../host/util/stanza.ts";
import { parse_script } from "../../../tools/scansion/parse.ts";
import type { Failure } from "../../../tools/scansion/play.ts";
import { create_reporter, layout, type ReportFormat, type ScriptResult } from "../../../tools/scansion/report.ts";

const presence = new Stanza("presence", { from: "room@host/nick" });
presence.append_parsed(new Stanza("x", { xmlns: "urn:x" }));
presence.tags[0]?.append_parsed(new Stanza("item", { xmlns: "urn:x", role: "none" }));

const failure: Failure = {
	line: 11,
	step: "Ada receives",
	message: "nothing like it came within 5 s",
	wanted: presence,
	came: [new Stanza("message", { id: "1" }), presence],
	difference: { line: 13, path: "presence/x/item", what: "attribute role", wanted: "visitor", came: "none", agreed: 3, index: 1 },
};

function result(title: string, problem?: Failure): ScriptResult {
	const script = parse_script(`# ${title}\n[Client] Ada\n\tjid: a@b\n\tpassword: c\nAda connects\n`, "scripts/test.scs");
	if (!script.ok) throw new Error(script.error.message);
	return { kind: "played", outcome: { script: script.value, failure: problem, milliseconds: 12.3, steps: 1, exchanges: [] } };
}

const unreadable: ScriptResult = {
	kind: "unreadable",
	file: "scripts/odd.scs",
	error: { line: 4, message: "expected something else" },
};

function report(format: ReportFormat, results: readonly ScriptResult[], colour = false): string {
	let text = "";
	const reporter = create_reporter(format, (part) => (text += part), colour);
	reporter.begin(results.length);
	for (const each of results) reporter.result(each);
	reporter.end();
	return text;
}

describe("reports", () => {
	it("tells people what passed, what failed and why", () => {
		expect(report("text", [result("Good"), result("Bad", failure), unreadable])).toBe(`✓ test.scs  Good (1 step, 12 ms)
✗ test.scs  Bad (1 step, 12 ms)
  scripts/test.scs:11: Ada receives: nothing like it came within 5 s
  wanted
      <presence from='room@host/nick'>
        <x xmlns='urn:x'>
          <item role='none'/>
        </x>
      </presence>
  came, and was not asked for before (2 stanzas)
   1  <message id='1'/>
   2  <presence from='room@host/nick'>
        <x xmlns='urn:x'>
          <item role='none'/>
        </x>
      </presence>
  first difference of stanza 2, line 13, presence/x/item: attribute role
      wanted  visitor
      came    none
✗ scripts/odd.scs:4: expected something else

3 scripts: 1 passed, 2 failed (0.0 s)
`);
	});

	it("says so when nothing came", () => {
		expect(report("text", [result("Bad", { ...failure, came: [], difference: undefined })])).toContain("  nothing was waiting\n");
	});

	it("colours only when it may", () => {
		const escape_code = String.fromCharCode(27);
		expect(report("text", [result("Bad", failure)])).not.toContain(escape_code);
		expect(report("text", [result("Bad", failure)], true)).toContain(`${escape_code}[31mnone${escape_code}[39m`);
		expect(report("tap", [result("Bad", failure)], true)).not.toContain(escape_code);
	});

	it("does not let what came steer the terminal", () => {
		const escape_code = String.fromCharCode(27);
		const evil = new Stanza("message", { id: `${escape_code}[2J` });
		evil.append_parsed(`${escape_code}]0;title${String.fromCharCode(7)}`);
		const text = report("text", [result(`Bad ${escape_code}[0m`, { ...failure, came: [evil], message: escape_code })]);
		expect(text).not.toContain(escape_code);
		expect(text).toContain("id='\\x1b[2J'");
	});

	it("speaks TAP", () => {
		const lines = report("tap", [result("Good #1"), unreadable]).split("\n");
		expect(lines).toEqual([
			"TAP version 13",
			"1..2",
			"ok 1 - test.scs Good \\#1",
			"not ok 2 - odd.scs scripts/odd.scs",
			"  ---",
			'  {"line":4,"message":"expected something else"}',
			"  ...",
			"",
		]);
	});

	it("speaks JSON", () => {
		const data: unknown = JSON.parse(report("json", [result("Good"), result("Bad", failure), unreadable]));
		expect(data).toEqual({
			passed: 1,
			failed: 2,
			scripts: [
				{ file: "scripts/test.scs", title: "Good", passed: true, milliseconds: 12, steps: 1 },
				{
					file: "scripts/test.scs",
					title: "Bad",
					passed: false,
					milliseconds: 12,
					steps: 1,
					failure: {
						line: 11,
						step: "Ada receives",
						message: "nothing like it came within 5 s",
						wanted: presence.toString(),
						came: ["<message id='1'/>", presence.toString()],
						difference: failure.difference,
					},
				},
				{
					file: "scripts/odd.scs",
					title: "scripts/odd.scs",
					passed: false,
					error: { line: 4, message: "expected something else" },
				},
			],
		});
	});
});

describe("layout", () => {
	it("keeps text on the line of its element, and text among elements on its own", () => {
		const body = new Stanza("body");
		body.append_parsed("a < b");
		const message = new Stanza("message");
		message.append_parsed(body);
		message.append_parsed("loose");
		expect(layout(message, "> ")).toBe("> <message>\n>   <body>a &lt; b</body>\n>   loose\n> </message>");
	});

	it("writes a namespace of an attribute in braces", () => {
		expect(layout(new Stanza("a", { "urn:x\u0001b": "c" }))).toBe("<a {urn:x}b='c'/>");
	});
});
