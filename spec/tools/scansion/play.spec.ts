import { afterEach, describe, expect, it } from "vitest";
import { parse_script } from "../../../tools/scansion/parse.ts";
import { type Outcome, play } from "../../../tools/scansion/play.ts";
import { type FakeServer, type FakeServerOptions, start_fake_server } from "./fake_server.ts";

const cast = `[Client] Ada
	jid: ada@localhost
	password: engine

[Client] Eve
	jid: eve@localhost/phone
	password: apple

`;

let server: FakeServer | undefined;

afterEach(async () => {
	await server?.stop();
	server = undefined;
});

/** Plays a script on a fake server; a stanza may take 300 ms to come. */
async function play_on(options: FakeServerOptions, steps: string): Promise<Outcome> {
	server = await start_fake_server(options);
	const script = parse_script(cast + steps, "test.scs");
	if (!script.ok) throw new Error(`line ${script.error.line}: ${script.error.message}`);
	return play(script.value, { host: "127.0.0.1", port: server.port, timeout: 300 });
}

describe("play", () => {
	it("sends and waits, with names, captured values and the resource that was asked for", async () => {
		const outcome = await play_on(
			{
				handle: (stanza, session) => {
					if (stanza.attr["id"] === "1")
						session.send(`<iq type='result' id='1' to='${session.jid}'><q xmlns='urn:x' key='k7'/></iq>`);
					if (stanza.name === "message") session.send(stanza.toString());
				},
			},
			`Ada connects
Eve connects
Ada sends:
	<iq type="get" id="1"/>
Ada receives:
	<iq type="result" id="1" to="\${Ada's full JID}">
		<q xmlns="urn:x" key="{scansion:capture:key}"/>
	</iq>
Ada sends:
	<message to="\${Eve's full JID}"><body>\${key}</body></message>
Ada receives:
	<message to="eve@localhost/phone"><body>k7</body></message>
Ada disconnects
`,
		);
		expect(outcome.failure).toBeUndefined();
		expect(outcome.steps).toBe(7);
		expect(outcome.exchanges.map(({ who, direction, line, stanza }) => [who, direction, line, stanza.name])).toEqual([
			["Ada", "sent", 11, "iq"],
			["Ada", "received", 13, "iq"],
			["Ada", "sent", 17, "message"],
			["Ada", "received", 19, "message"],
		]);
	});

	it("takes the first stanza that fits, and leaves the others for later steps", async () => {
		const outcome = await play_on(
			{ handle: (_, session) => session.send("<message id='1'/><presence id='2'/><message id='3'/>") },
			`Ada connects
Ada sends: <presence/>
Ada receives: <presence/>
Ada receives: <message/>
Ada receives: <message id="3"/>
Ada receives: nothing
`,
		);
		expect(outcome.failure).toBeUndefined();
		expect(outcome.exchanges.flatMap(({ direction, stanza }) => (direction === "sent" ? [] : [stanza.attr["id"]]))).toEqual([
			"2",
			"1",
			"3",
		]);
	});

	it("tells what was wanted, what came and where the likeliest departs", async () => {
		const outcome = await play_on(
			{ handle: (_, session) => session.send("<message id='1'/><presence id='2'><show>away</show></presence>") },
			`Ada connects
Ada sends: <presence/>
Ada receives:
	<presence id="2">
		<show>dnd</show>
	</presence>
`,
		);
		const { failure } = outcome;
		expect(outcome.steps).toBe(2);
		expect(failure).toMatchObject({ line: 11, step: "Ada receives", message: "nothing like it came within 0.3 s" });
		expect(String(failure?.wanted)).toBe("<presence id='2'><show>dnd</show></presence>");
		expect(failure?.came.map(({ name }) => name)).toEqual(["message", "presence"]);
		expect(failure?.difference).toMatchObject({
			index: 1,
			line: 13,
			path: "presence/show",
			what: "text",
			wanted: "dnd",
			came: "away",
		});
	});

	it("fails when something comes where nothing should, or is still there from before", async () => {
		const handle: FakeServerOptions["handle"] = (_, session) => session.send("<presence id='2'/>");
		const outcome = await play_on({ handle }, "Ada connects\nAda sends: <presence/>\nAda receives: nothing\n");
		expect(outcome.failure).toMatchObject({ line: 11, message: "something came that the script did not ask for" });
		expect(outcome.failure?.came.map((stanza) => stanza.attr["id"])).toEqual(["2"]);
	});

	it("has the server handle stanzas of different clients in the order of the script", async () => {
		const turns = Array.from(
			{ length: 10 },
			(_, turn) => `Ada sends: <message id="a${turn}"/>\nEve sends: <message id="e${turn}"/>\n`,
		);
		const outcome = await play_on({}, `Ada connects\nEve connects\n${turns.join("")}Ada disconnects\nEve disconnects\n`);
		expect(outcome.failure).toBeUndefined();
		const expected = Array.from({ length: 10 }, (_, turn) => [
			`ada@localhost/r1: message a${turn}`,
			`eve@localhost/phone: message e${turn}`,
		]);
		expect(server?.received).toEqual(expected.flat());
	});

	it("passes over what clients do after they disconnected, but not what they should receive", async () => {
		const leave = "Ada connects\nAda disconnects\nAda sends: <presence/>\nAda disconnects\n";
		expect((await play_on({}, leave)).failure).toBeUndefined();
		expect((await play_on({}, `${leave}Ada receives: <presence/>\n`)).failure).toMatchObject({
			line: 13,
			message: "Ada is not connected",
		});
	});

	it.each([
		["sending before connecting", "Ada sends: <presence/>", "Ada is not connected"],
		["connecting twice", "Ada connects\nAda connects", "Ada is already connected"],
		[
			"a full JID that is not known yet",
			`Eve connects\nEve sends: <presence to="\${Ada's full JID}"/>`,
			"Ada's full JID has no value yet",
		],
	])("fails for %s", async (_, steps, message) => {
		expect((await play_on({}, steps)).failure?.message).toBe(message);
	});

	it("tells that the server ended the connection, and with which error", async () => {
		const steps = "Ada connects\nAda sends: <presence/>\nAda receives: <presence/>\n";
		const cut = await play_on({ handle: (_, session) => session.cut() }, steps);
		expect(cut.failure?.message).toBe("the server closed the connection");
		const conflict = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>";
		const error = await play_on({ handle: (_, session) => session.send(conflict) }, steps);
		expect(error.failure?.message).toBe("stream error conflict");
	});
});
