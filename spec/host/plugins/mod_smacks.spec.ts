// Stream management (XEP-0198) here and on a real Prosody: what goes wrong, what is lost and what is not.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { eventually } from "../../helper.ts";
import { type OurStage, type Stage, start_ours, start_prosody, without_prosody } from "../../lua-shims/community/community.ts";
import { auth_plain, bind, features, header, RawClient } from "../raw_client.ts";

const sm = ns.sm3;
const no_prosody = without_prosody();
const lua_of_prosody = ["smacks", "offline"];

let stage: Stage | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await stage?.stop();
	stage = undefined;
});

async function authenticated(port: number, name: string): Promise<RawClient> {
	const client = await RawClient.connect(port);
	clients.push(client);
	await client.ask(header(), features);
	await client.ask(auth_plain(name), "/>");
	const offer = await client.ask(header(), features);
	expect(offer).toContain(`<sm xmlns='${sm}'><optional/></sm>`);
	client.said = "";
	return client;
}

async function until(client: RawClient, pattern: RegExp): Promise<string> {
	await client.until(() => pattern.test(client.said));
	const found = pattern.exec(client.said);
	if (found === null) throw new Error(`expected ${pattern}, but the stream ended with ${client.said.slice(-500)}`);
	client.said = client.said.slice(found.index + found[0].length);
	return found[1] ?? found[0];
}

/** A client with a stream that is managed; answers with the name that it can be resumed under. */
async function managed(port: number, name: string, resource = "desk"): Promise<{ client: RawClient; token: string }> {
	const client = await authenticated(port, name);
	await client.ask(bind(resource), "</iq>");
	client.said = "";
	client.send(`<enable xmlns='${sm}' resume='true'/>`);
	const enabled = await until(client, /<enabled[^>]*>/);
	return { client, token: /\bid=['"]([^'"]+)['"]/.exec(enabled)?.[1] ?? "" };
}

async function settle(client: RawClient): Promise<void> {
	const id = `s${Math.random()}`;
	client.send(`<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
	await client.until(() => client.said.includes(id));
}

const say = (to: string, id: string): string => `<message to='${to}' id='${id}' type='chat'><body>${id}</body></message>`;

describe.each([
	["this server", (options = "") => start_ours({ accounts: lua_of_prosody, options }), false],
	["a real Prosody", (options = "") => start_prosody({ accounts: lua_of_prosody, options }), no_prosody],
] as const)("%s", (_, start, is_missing) => {
	const limits = { timeout: 30_000 };
	// What Prosody 13 answers; 0.12.3 has other conditions
	const is_older = start.toString().includes("start_prosody");

	it.skipIf(is_missing)("manages a stream with a resource, once", limits, async () => {
		stage = await start();
		const early = await authenticated(stage.port, "grace");
		expect(await early.ask(`<enable xmlns='${sm}'/>`, "</failed>")).toContain(
			"<unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
		);
		const { client } = await managed(stage.port, "grace");
		expect(await client.ask(`<enable xmlns='${sm}'/>`, "</failed>")).toContain("<unexpected-request");
	});

	it.skipIf(is_missing)(
		"ends the stream of who says to have more than there was, or nothing that makes sense",
		limits,
		async () => {
			stage = await start();
			const { client } = await managed(stage.port, "grace");
			client.send(`<a xmlns='${sm}' h='7'/>`);
			expect(await client.closed()).toMatch(/<undefined-condition .*Client acknowledged more stanzas than sent by server/);
			const { client: forgetful } = await managed(stage.port, "grace", "forgetful");
			await settle(forgetful);
			forgetful.send(`<a xmlns='${sm}' h='1'/><a xmlns='${sm}' h='0'/>`);
			expect(await forgetful.closed()).toMatch(
				/<undefined-condition .*Client acknowledged less stanzas than already acknowledged/,
			);
			const { client: other } = await managed(stage.port, "grace");
			other.send(`<a xmlns='${sm}' h='many'/>`);
			expect(await other.closed()).toMatch(/<invalid-xml /);
		},
	);

	it.skipIf(is_missing)("counts what it handled, stanzas only", limits, async () => {
		stage = await start();
		const { client } = await managed(stage.port, "grace");
		await settle(client);
		client.send(`${say("grace@localhost/nowhere", "x")}<presence/><r xmlns='${sm}'/>`);
		expect(await until(client, /<a [^>]*h='(\d+)'/)).toBe("3");
	});

	it.skipIf(is_missing || is_older)(
		"refuses to resume with a count that cannot be, another's session, or after binding",
		limits,
		async () => {
			stage = await start();
			const { client, token } = await managed(stage.port, "grace");
			client.destroy();
			const too_far = await authenticated(stage.port, "grace");
			expect(await too_far.ask(`<resume xmlns='${sm}' previd='${token}' h='99'/>`, "</failed>")).toContain(
				"<undefined-condition",
			);
			const other = await authenticated(stage.port, "howard");
			expect(await other.ask(`<resume xmlns='${sm}' previd='${token}' h='0'/>`, "</failed>")).toContain("<item-not-found");
			await other.ask(bind("desk"), "</iq>");
			expect(await other.ask(`<resume xmlns='${sm}' previd='${token}' h='0'/>`, "</failed>")).toContain("<unexpected-request");
		},
	);

	it.skipIf(is_missing)("goes on where a client comes back before its old connection is seen to be gone", limits, async () => {
		stage = await start();
		const { client, token } = await managed(stage.port, "grace");
		const howard = await managed(stage.port, "howard");
		howard.client.send(say("grace@localhost/desk", "one"));
		await until(client, /id='one'/);
		const again = await authenticated(stage.port, "grace");
		again.send(`<resume xmlns='${sm}' previd='${token}' h='0'/>`);
		await until(again, /<resumed /);
		expect(await until(again, /<message[^>]*id='(\w+)'/)).toBe("one");
		await client.closed();
		howard.client.send(say("grace@localhost/desk", "two"));
		await until(again, /id='two'/);
		again.send(say("howard@localhost/desk", "back"));
		await until(howard.client, /id='back'/);
	});

	it.skipIf(is_missing)("keeps who is gone online until its time is over, and messages for later", limits, async () => {
		stage = await start("smacks_hibernation_time = 1");
		const { client, token } = await managed(stage.port, "grace");
		client.send("<presence/>");
		await settle(client);
		const howard = await managed(stage.port, "howard");
		client.destroy();
		await settle(howard.client);
		howard.client.send(say("grace@localhost/desk", "waits"));
		howard.client.send("<iq type='get' id='asks' to='grace@localhost/desk'><ping xmlns='urn:xmpp:ping'/></iq>");
		await settle(howard.client);
		expect(howard.client.said).not.toContain("error");
		// Nobody answers any more
		await until(howard.client, /<iq [^>]*id='asks'[^>]*>.*?recipient-unavailable/);
		const late = await authenticated(stage.port, "grace");
		const answer = await late.ask(`<resume xmlns='${sm}' previd='${token}' h='0'/>`, "</failed>");
		expect(answer).toMatch(/<failed [^>]*h='2'/);
		expect(answer).toContain("<item-not-found");
		await late.ask(bind("desk"), "</iq>");
		late.send("<presence/>");
		expect(await until(late, /<message[^>]*id='(\w+)'.*?<delay /)).toBe("waits");
	});

	it.skipIf(is_missing || is_older)("cannot resume what it has not kept", limits, async () => {
		stage = await start("smacks_max_queue_size = 2");
		const { client, token } = await managed(stage.port, "grace");
		const howard = await managed(stage.port, "howard");
		client.destroy();
		await settle(howard.client);
		for (const id of ["a", "b", "c"]) howard.client.send(say("grace@localhost/desk", id));
		await settle(howard.client);
		const again = await authenticated(stage.port, "grace");
		expect(await again.ask(`<resume xmlns='${sm}' previd='${token}' h='0'/>`, "</failed>")).toContain("<resource-constraint");
	});

	it.skipIf(is_missing)("ends a session for good whose stream is closed properly", limits, async () => {
		stage = await start();
		const { client, token } = await managed(stage.port, "grace");
		await settle(client);
		client.send("</stream:stream>");
		expect(await client.closed()).toMatch(new RegExp(`<a (?:h='1' xmlns='${sm}'|xmlns='${sm}' h='1')/></stream:stream>$`));
		const again = await authenticated(stage.port, "grace");
		expect(await again.ask(`<resume xmlns='${sm}' previd='${token}' h='0'/>`, "</failed>")).toContain("<item-not-found");
	});

	it.skipIf(is_missing)("asks once for what it has not heard of, not again and again", limits, async () => {
		stage = await start();
		const { client } = await managed(stage.port, "grace");
		await settle(client);
		await until(client, /<r /);
		for (let count = 0; count < 3; count++) await settle(client);
		expect(client.said).not.toContain("<r ");
		client.send(`<a xmlns='${sm}' h='4'/>`);
		await settle(client);
		await until(client, /<r /);
	});
});

describe("this server", () => {
	it("knows after a restart how much it had handled", async () => {
		const ours: OurStage = await start_ours({ accounts: ["smacks"], options: 'storage = "internal"' });
		stage = ours;
		const { client, token } = await managed(ours.port, "grace");
		await settle(client);
		await ours.server.stop("restart");
		await client.closed();
		expect(client.said).not.toContain("</stream:stream>");
		const kept = readFileSync(join(ours.data_path, "localhost", "smacks_h", "grace.dat"), "utf8");
		expect(kept).toContain(`["${token}"]`);
		expect(kept).toMatch(/\["h"\] = 1;/);
	});

	it("keeps counts of ten old sessions only", async () => {
		const options = 'storage = "internal" smacks_hibernation_time = 0';
		const ours: OurStage = await start_ours({ accounts: ["smacks"], options });
		stage = ours;
		for (let count = 0; count < 13; count++) {
			const { client } = await managed(ours.port, "grace", `r${count}`);
			client.destroy();
			await client.closed();
		}
		await eventually(() => expect(kept_counts(ours)).toBe(11));
		await managed(ours.port, "grace", "last");
		expect(kept_counts(ours)).toBe(10);
	});
});

/** How many counts of old sessions are on the disk. */
function kept_counts({ data_path }: OurStage): number {
	return readFileSync(join(data_path, "localhost", "smacks_h", "grace.dat"), "utf8").match(/\["t"\]/g)?.length ?? 0;
}
