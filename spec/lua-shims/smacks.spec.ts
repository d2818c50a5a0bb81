import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { auth_plain, bind, features, header, RawClient } from "../host/raw_client.ts";
import { missing, type Stage, start_ours, start_prosody, type Troupe, without_prosody } from "./community/community.ts";

// Prosody's own mod_smacks (XEP-0198), in Lua: a stream that broke off goes on over another connection.

const troupe = { accounts: ["smacks"], prefer_lua: ["smacks"] };
const sm = "urn:xmpp:sm:3";
const is_missing = missing("smacks");

/** With sources of Prosody 13, whose mod_smacks leaves more to core.sessionmanager. */
const source = process.env["PROSODY_SOURCE"];
const start_newer = (wanted: Troupe): Promise<Stage> => start_ours({ ...wanted, folders: [join(source ?? "", "plugins")] });

describe.each([
	["this server", start_ours, is_missing],
	["this server, in TypeScript,", () => start_ours({ accounts: ["smacks"] }), false],
	["this server, by that of Prosody 13,", start_newer, source === undefined],
	["a real Prosody", start_prosody, is_missing || without_prosody()],
] as const)("a session on %s that is resumed", (_, start, is_skipped) => {
	let stage: Stage | undefined;
	afterEach(async () => {
		await stage?.stop();
		stage = undefined;
	});

	const until = async (client: RawClient, pattern: RegExp): Promise<string> => {
		await client.until(() => pattern.test(client.said));
		const found = pattern.exec(client.said);
		if (found === null) throw new Error(`expected ${pattern}, but the stream ended with ${client.said.slice(-500)}`);
		client.said = client.said.slice(found.index + found[0].length);
		return found[1] ?? found[0];
	};

	async function authenticated(port: number, name: string): Promise<RawClient> {
		const client = await RawClient.connect(port);
		await client.ask(header(), features);
		await client.ask(auth_plain(name), "/>");
		await client.ask(header(), features);
		return client;
	}

	it.skipIf(is_skipped)("gets what it missed, and goes on as itself", async () => {
		stage = await start(troupe);
		const { port } = stage;
		const first = await authenticated(port, "grace");
		await first.ask(bind("desk"), "</iq>");
		first.said = "";
		first.send(`<enable xmlns='${sm}' resume='true'/>`);
		const token = /id=['"]([^'"]+)['"]/.exec(await until(first, /<enabled[^>]*>/))?.[1];
		expect(token).toBeDefined();
		const other = await RawClient.login(port, "howard", "mark");
		other.send("<message to='grace@localhost/desk' id='seen' type='chat'><body>Do you hear me?</body></message>");
		await until(first, /id=['"]seen['"]/);
		first.send(`<a xmlns='${sm}' h='1'/><r xmlns='${sm}'/>`);
		await until(first, /<a [^>]*h=['"]0['"][^>]*>/);

		// the connection goes without a word
		first.destroy();
		await first.closed();
		await other.ask("<iq type='get' id='sync' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", ">");
		other.send("<message to='grace@localhost/desk' id='missed' type='chat'><body>And now?</body></message>");
		other.said = "";
		await other.ask("<iq type='get' id='sync2' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", ">");
		expect(other.said).not.toContain("error");

		const second = await authenticated(port, "grace");
		second.said = "";
		second.send(`<resume xmlns='${sm}' h='1' previd='${token}'/>`);
		await until(second, /<resumed[^>]*previd=['"][^'"]+['"][^>]*>/);
		expect(await until(second, /<message[^>]*id=['"](\w+)['"]/)).toBe("missed");

		second.send("<message to='howard@localhost/mark' id='back' type='chat'><body>I am back</body></message>");
		expect(await until(other, /<message[^>]*from=['"]([^'"]+)['"]|<message[^>]*id=['"]back['"]/)).toContain(
			"grace@localhost/desk",
		);
		other.send("<message to='grace@localhost/desk' id='after' type='chat'><body>Good</body></message>");
		await until(second, /id=['"](after)['"]/);
		second.send(`<r xmlns='${sm}'/>`);
		expect(await until(second, /<a [^>]*h=['"](\d+)['"]/)).toBe("1");
		second.send("</stream:stream>");
		await second.closed();
		other.send("</stream:stream>");
		await other.closed();
	});

	it.skipIf(is_skipped)("is refused under a name that nobody gave", async () => {
		stage = await start(troupe);
		const client = await authenticated(stage.port, "grace");
		expect(await client.ask(`<resume xmlns='${sm}' h='0' previd='unknown'/>`, "</failed>")).toContain("item-not-found");
		client.send("</stream:stream>");
		await client.closed();
	});
});
