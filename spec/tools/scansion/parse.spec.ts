import { describe, expect, it } from "vitest";
import { parse_script, type Script } from "../../../tools/scansion/parse.ts";

const cast = `[Client] Ada
	jid: ada@localhost
	password: engine

[Client] Ada's phone
	jid: ada@localhost/phone
	password: engine

-----
`;

function read(text: string): Script {
	const parsed = parse_script(text, "test.scs");
	if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
	return parsed.value;
}

/** Line and message of the error in a script. */
function error_in(text: string): [number, string] {
	const parsed = parse_script(text, "test.scs");
	if (parsed.ok) throw new Error("expected an error");
	return [parsed.error.line, parsed.error.message];
}

describe("parse_script", () => {
	it("reads title, tags, cast and steps", () => {
		const script = read(`# Analytical engines
# and what they may do
## slow
## status: stable

${cast}
Ada connects

// a comment
-- another
Ada sends:
	<presence/>

Ada receives:
	<presence from="\${Ada's full JID}"/>

# the colon is optional, and the stanza may stand on the same line
Ada's phone receives <presence/>
Ada's phone receives: nothing
Ada disconnects
`);
		expect(script.title).toBe("Analytical engines");
		expect([...script.tags]).toEqual([
			["slow", ""],
			["status", "stable"],
		]);
		expect([...script.characters.values()].map(({ name, jid, resource }) => [name, jid, resource])).toEqual([
			["Ada", "ada@localhost", undefined],
			["Ada's phone", "ada@localhost", "phone"],
		]);
		expect(script.steps.map(({ who, action, line }) => [line, who, action])).toEqual([
			[16, "Ada", "connects"],
			[20, "Ada", "sends"],
			[23, "Ada", "receives"],
			[27, "Ada's phone", "receives"],
			[28, "Ada's phone", "receives nothing"],
			[29, "Ada", "disconnects"],
		]);
	});

	it("takes the file's name for a script without title", () => {
		expect(read(`${cast}Ada connects\n`).title).toBe("test.scs");
	});

	it("reads all properties of a client", () => {
		const script = read(`[Client] Eve
	jid: eve@example.org
	resource: 🤖
	password: a: b
	connect_host: ::1
	connect_port: 5333
Eve connects`);
		expect(script.characters.get("Eve")).toEqual({
			name: "Eve",
			line: 1,
			jid: "eve@example.org",
			resource: "🤖",
			password: "a: b",
			connect_host: "::1",
			connect_port: 5333,
		});
	});

	it("reads several stanzas of one step, with the line of each element", () => {
		const [, step] = read(`${cast}Ada connects
Ada sends:
	<presence/>

	<message>
		<body>Hello</body>
	</message>
`).steps;
		if (step === undefined || !("stanzas" in step)) throw new Error("expected stanzas");
		expect(step.stanzas.map(({ name, line }) => [name, line])).toEqual([
			["presence", 12],
			["message", 14],
		]);
	});

	it("accepts lines that end with CR LF, and a byte order mark", () => {
		const script = read(`\ufeff# Windows\n${cast}Ada connects\nAda sends:\n\t<presence/>\n`.replaceAll("\n", "\r\n"));
		expect(script.steps).toHaveLength(2);
	});

	it.each([
		["an unknown class", "[Robot] Ada", 1, "[Robot] Ada: expected [Client] and a name"],
		["a client without name", "[Client]", 1, "[Client]: expected [Client] and a name"],
		["a client without JID", "[Client] Eve\n\tpassword: x\n", 1, 'Eve has no jid; expected a line "jid: user@host"'],
		["a client without password", "[Client] Eve\n\tjid: a@b\n", 1, 'Eve has no password; expected a line "password: …"'],
		["a JID that is none", "[Client] Eve\n\tjid: eve@\n\tpassword: x\n", 2, "jid: eve@: expected user@host"],
		["a JID without user", "[Client] Eve\n\tjid: host\n\tpassword: x\n", 2, "jid: host: expected user@host"],
		[
			"an unknown property",
			"[Client] Eve\n\tjid: a@b\n\tcolour: red\n",
			3,
			"colour: red: expected a property of Eve, one of jid, password, resource, connect_host, connect_port",
		],
		["a property that is given twice", "[Client] Eve\n\tjid: a@b\n\tjid: c@d\n", 3, "jid of Eve is given twice"],
		[
			"a port that is none",
			"[Client] Eve\n\tjid: a@b\n\tpassword: x\n\tconnect_port: 0\n",
			4,
			"connect_port: 0: expected a number from 1 to 65535",
		],
		["the same client twice", `${cast}[Client] Ada\n\tjid: a@b\n\tpassword: x\n`, 10, "Ada is already defined on line 1"],
		[
			"nobody's action",
			`${cast}Eve connects`,
			10,
			"Eve connects: expected a line that begins with a client's name (Ada, Ada's phone)",
		],
		[
			"an unknown action",
			`${cast}Ada dances`,
			10,
			'Ada dances: expected "Ada" and one of connects, disconnects, vanishes, registers, sends, receives',
		],
		["more after an action", `${cast}Ada connects twice`, 10, "Ada connects twice: expected nothing after connects"],
		[
			"an action without stanza",
			`${cast}Ada sends:\nAda connects`,
			10,
			"Ada sends:: expected an indented stanza on the next line",
		],
		[
			"an action that is indented",
			`${cast}Ada connects\n\n\tAda sends:`,
			12,
			"Ada sends:: expected an action, which is not indented",
		],
		["no action", cast, 1, 'the script does nothing; expected actions such as "Romeo connects"'],
		["tags that do not fit", `${cast}Ada sends:\n\t<presence>\n\t\t<x></presence>`, 12, "unexpected close tag; expected </x>"],
		["a tag that stays open", `${cast}Ada sends:\n\t<presence>\n`, 12, "unclosed tag: presence"],
		["text beside the stanza", `${cast}Ada sends:\n\thello\n`, 12, 'text outside of any element: "hello"'],
		["an undeclared prefix", `${cast}Ada sends:\n\t<a:b/>`, 11, "element <a:b>: the prefix a is not declared"],
		["a document type", `${cast}Ada sends:\n\t<!DOCTYPE a><presence/>`, 11, "inappropriately located doctype declaration"],
		["a processing instruction", `${cast}Ada sends:\n\t<?php?><presence/>`, 11, "a processing instruction; expected elements"],
		[
			"another scansion attribute",
			`${cast}Ada receives:\n\t<a scansion:any="1"/>`,
			11,
			"unknown attribute scansion:any; expected scansion:strict",
		],
		[
			"a strictness that is none",
			`${cast}Ada receives:\n\t<a scansion:strict="1"/>`,
			11,
			"scansion:strict='1': expected true or false",
		],
		[
			"an unknown placeholder",
			`${cast}Ada receives:\n\t<presence>\n\t\t<show>{scansion:some}</show>\n\t</presence>`,
			12,
			"{scansion:some}: expected {scansion:any} or {scansion:capture:name}",
		],
		[
			"a placeholder among text",
			`${cast}Ada receives:\n\t<a id="x{scansion:any}"/>`,
			11,
			"x{scansion:any}: expected {scansion:any} to be the whole value",
		],
		[
			"a variable that nothing sets",
			`${cast}Ada sends:\n\t<a id="\${id}"/>`,
			11,
			"id has no value; expected one of Ada's JID, Ada's full JID, Ada's phone's JID, Ada's phone's full JID",
		],
	])("refuses %s", (_, text, line, message) => {
		expect(error_in(text)).toEqual([line, message]);
	});

	it("knows a captured value from the step on that captures it", () => {
		const capture = `Ada receives:\n\t<a id="{scansion:capture:id}"/>\n`;
		const use = `Ada sends:\n\t<a id="\${id}"/>\n`;
		expect(read(cast + capture + use).steps).toHaveLength(2);
		expect(error_in(cast + use + capture)[0]).toBe(11);
	});

	it("lets a variable stand between either kind of quotes", () => {
		expect(read(`${cast}Ada sends:\n\t<a b='\${Ada's JID}' c="\${Ada's JID}"/>`).steps).toHaveLength(1);
	});
});
