import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { auth_plain, bind as bind_to, features, header, RawClient } from "../raw_client.ts";

const no_prosody = not_installed(find_prosody(), "Prosody", "streams are not compared with a real one's");

const login: Step[] = [
	[header(), features],
	[auth_plain("ada"), "-sasl'/>"],
	[header(), features],
];
const bind: Step[] = [...login, [bind_to("desk"), "</iq>"]];

/** What to send, and the end of what then has to come; without one, the other end has to close. */
type Step = readonly [send: string | Buffer, until?: string];

// Stanzas that are too big are not ended: Prosody looks at the size after what it reads at once, and cuts off what it did not read.
const conversations: readonly [what: string, ...steps: Step[]][] = [
	["garbage", ["hello there"]],
	["an HTTP request", ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"]],
	["another root element", ["<message/>"]],
	["another stream namespace", [`<stream:stream xmlns:stream='urn:other' xmlns='jabber:client' to='localhost'>`]],
	["another name in the stream namespace", [`<stream:features xmlns:stream='${ns.streams}' to='localhost'>`]],
	["no to", [header("version='1.0'")]],
	["an empty to", [header("to='' version='1.0'")]],
	["a to that is no domain", [header("to='a&#xFFF9;b' version='1.0'")]],
	["an unknown host", [header("to='elsewhere.example' version='1.0'")]],
	["a component's domain", [header("to='conference.localhost' version='1.0'")]],
	["a client that says who it is", [header("to='localhost' from='ada@localhost' version='1.0'"), features], ["</stream:stream>"]],
	["no version", [header("to='localhost'"), features], ["</stream:stream>"]],
	["an old version", [header("to='localhost' version='0.9'"), features], ["</stream:stream>"]],
	["a domain in capitals", [header("to='LOCALHOST' version='1.0'"), features], ["</stream:stream>"]],
	["another XML version", [header().replace("1.0", "1.1")]],
	["another encoding", [header().replace("?>", " encoding='ISO-8859-1'?>")]],
	["mismatched tags", [header(), features], ["<message></presence>"]],
	["an undeclared prefix", [header(), features], ["<a:message/>"]],
	["an unescaped &", [header(), features], ["<message>a & b</message>"]],
	["invalid UTF-8", [header(), features], [Buffer.from([0x3c, 0x61, 0x3e, 0xc3, 0x28])]],
	["a control character", [header(), features], ["<message>\u0001</message>"]],
	[
		"a message before logging in",
		[header(), features],
		["<message to='localhost' id='1'><body>hi</body></message>", "</message>"],
	],
	["a presence before logging in", [header(), features], ["<presence id='1'/>", "</presence>"]],
	["an IQ before logging in", [header(), features], ["<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", "</iq>"]],
	[
		"binding before logging in",
		[header(), features],
		["<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "</iq>"],
	],
	[
		"a false from before logging in",
		[header(), features],
		["<message from='admin@localhost' to='ada@localhost' id='1'/>", "</message>"],
	],
	["a bad from before logging in", [header(), features], ["<message from='@' id='1'/>", "</message>"]],
	["a bad to before logging in", [header(), features], ["<message to='@' id='1'/>", "</message>"]],
	["an unknown element before logging in", [header(), features], ["<foo xmlns='urn:foo'/>"]],
	["an unknown element of the stream's namespace", [header(), features], ["<foo/>"]],
	["STARTTLS where there is none", [header(), features], ["<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"]],
	[
		"a stream error",
		[header(), features],
		["<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"],
	],
	["the end of the stream", [header(), features], ["</stream:stream>"]],
	[
		"a stream that ends as it begins",
		[`<stream:stream xmlns='jabber:client' xmlns:stream='${ns.streams}' to='localhost' version='1.0'/>`],
	],
	["a big stanza before logging in", [header(), features], [`<message><body>${"x".repeat(10_100)}`]],
	["a big header", [header(`to='localhost' version='1.0' id='${"x".repeat(10_100)}`).slice(0, -1)]],
	["a stanza after the header of a new stream was due", ...login.slice(0, 2), ["<message/>"]],
	["another host after logging in", ...login.slice(0, 2), [header("to='conference.localhost' version='1.0'")]],
	[
		"white space behind what leads to a new stream",
		[header(), features],
		[`${auth_plain("ada")}\n`, "-sasl'/>"],
		[header(), features],
	],
	["a stanza before binding", ...login, ["<message to='bob@localhost' id='1'/>", "</message>"]],
	["the end of a bound stream", ...bind, ["</stream:stream>"]],
	["an unknown element after binding", ...bind, ["<foo xmlns='urn:foo'/>"]],
	["mismatched tags after binding", ...bind, ["<message></presence>"]],
	["a big stanza after binding", ...bind, [`<message><body>${"x".repeat(256 * 1024 + 100)}`]],
	["a bad to after binding", ...bind, ["<message to='@' id='1'/>", "</message>"]],
	[
		"a false from after binding",
		...bind,
		["<iq type='get' from='admin@localhost/x' to='localhost' id='1'><query xmlns='urn:foo'/></iq>", "</iq>"],
	],
	["an IQ without id", ...bind, ["<iq type='get'><query xmlns='urn:foo'/></iq>", "</iq>"]],
	["an IQ of no known type", ...bind, ["<iq type='put' id='1'><query xmlns='urn:foo'/></iq>", "</iq>"]],
	["an IQ with two payloads", ...bind, ["<iq type='get' id='1'><a xmlns='urn:foo'/><b xmlns='urn:foo'/></iq>", "</iq>"]],
	[
		"a stream error after binding",
		...bind,
		["<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", "</stream:stream>"],
	],
];

/** Where Prosody answers with another condition, or not at all, and RFC 6120 §4.9.3 has one for it. */
const better_answers: readonly [what: string, condition: string, ...steps: Step[]][] = [
	["another namespace for stanzas", "invalid-namespace", [header(undefined, "jabber:server"), features], ["<message/>"]],
	["a comment", "restricted-xml", [header(), features], ["<!-- hello -->"]],
	["a comment before the header", "restricted-xml", [`<!-- hello -->${header()}`]],
	["a processing instruction", "restricted-xml", [header(), features], ["<?php echo ?>"]],
	["a DTD", "restricted-xml", ["<!DOCTYPE stream [<!ENTITY a 'b'>]>"]],
	["an entity", "restricted-xml", [header(), features], ["<message>&nbsp;</message>"]],
];

/** What differs by design or by chance: ids, the order of attributes, and which features there are. */
function comparable(text: string): string {
	return text
		.replace(/ id='[0-9a-f-]{36}'/g, " id='UUID'")
		.replace(/<stream:features>.*?<\/stream:features>/gs, "<stream:features/>")
		.replace(/<([\w:]+)((?: [\w:]+=(?:'[^']*'|"[^"]*"))+)/g, (_, name: string, attributes: string) => {
			const sorted = [...attributes.matchAll(/ [\w:]+=(?:'[^']*'|"[^"]*")/g)]
				.map(([attribute]) => attribute.replaceAll('"', "'"))
				.sort();
			return `<${name}${sorted.join("")}`;
		});
}

/** Holds a conversation, and answers with all that the server said, and whether it closed. */
async function converse(port: number, steps: readonly Step[]): Promise<string> {
	const client = await RawClient.connect(port);
	for (const [text, until] of steps) await client.ask(text, until);
	client.destroy();
	return comparable(`${client.said}${client.ended ? " [closed]" : ""}`);
}

describe.skipIf(no_prosody)("streams are answered as by a real Prosody", () => {
	let reference: Reference;
	let own: TestServer;

	beforeAll(async () => {
		const started = await start_reference();
		if (!started.ok) throw new Error(started.error);
		reference = started.value;
		own = await start_test_server({ config: { "*": { modules_enabled: ["disco", "roster", "saslauth"] } } });
	});

	afterAll(async () => {
		await reference?.stop();
		await own?.stop();
	});

	it.each(conversations)("%s", async (_, ...steps) => {
		expect(await converse(own.port, steps)).toBe(await converse(reference.port, steps));
	});

	it.each(better_answers)("but for %s: %s", async (_, condition, ...steps) => {
		expect(await converse(own.port, steps)).toContain(`<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`);
		expect(await converse(reference.port, steps)).not.toContain(condition);
	});

	it("but for white space that comes by itself before a new header", async () => {
		const answer = async (port: number): Promise<string> => {
			const client = await RawClient.connect(port);
			await client.ask(header(), features);
			await client.ask(auth_plain("ada"), "-sasl'/>");
			client.send("\n");
			await client.ask(header(), features);
			client.destroy();
			return client.said;
		};
		expect(await answer(own.port)).toMatch(/<bind .*<\/stream:features>$/s);
		expect(await answer(reference.port)).toContain("<not-well-formed");
	});
});
