// There and back: devices that are woken, and messages that clients with stream management had not acknowledged, in our hands and in
// Prosody's. ENJAMB_REFERENCE names another Prosody than the one on the PATH.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import type { Stanza } from "../../../../host/util/stanza.ts";
import * as st from "../../../../host/util/stanza.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import type { Client } from "../../../../tools/scansion/client.ts";
import { missing } from "../../../lua-shims/community/community.ts";
import { not_installed } from "../../../needs.ts";
import { done, expect_from, login, register, Stage } from "../../alternation/servers.ts";
import { why_not } from "../../prosody_lua.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody =
	not_installed(find_prosody(reference), "Prosody", "it does not take turns with ours") || missing("cloud_notify");
const push = "urn:xmpp:push:0";

const config = (storage: string): string => `
modules_enabled = { "roster", "saslauth", "disco", "register_ibr", "offline", "smacks", "cloud_notify", "ping" }
modules_disabled = { "s2s", "tls" }
registration_invite_only = false
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
${storage}
VirtualHost "localhost"
`;

let stage: Stage | undefined;
afterEach(async () => {
	await stage?.end();
	stage = undefined;
});

const enable = (node: string) => (iq: Stanza) => iq.tag("enable", { xmlns: push, jid: "push@localhost/stage", node });

/** The devices that a service is told of, as many as are expected, in any order. */
async function woken(service: Client, count: number): Promise<string[]> {
	const nodes: string[] = [];
	for (let told = 0; told < count; told++) {
		const iq = await expect_from(service, ({ name, attr }) => name === "iq" && attr["type"] === "set");
		service.send(st.reply(iq));
		nodes.push(iq.first_tag?.first_tag?.attr["node"] ?? "");
	}
	return nodes.sort();
}

const chat = (id: string): Stanza => st.message({ to: "juliet@localhost", type: "chat", id }, id);

/** Who gets messages, and does not say so: her stream is managed. */
async function silent(port: number): Promise<Client> {
	const client = await login(port, "juliet", "secret");
	client.send(st.stanza("enable", { xmlns: ns.sm3, resume: "true" }));
	await expect_from(client, ({ name }) => name === "enabled");
	client.send(st.presence());
	await expect_from(client, ({ name }) => name === "presence");
	return client;
}

const storages = [
	["files", 'storage = "internal"', no_prosody],
	["SQLite", 'storage = "sql"', no_prosody || why_not("util.sql", "DBI") !== undefined],
] as const;

describe.each(storages)("on %s", (_name, storage, is_skipped) => {
	it.skipIf(is_skipped)("devices and messages are there after each move", { timeout: 120_000 }, async () => {
		stage = new Stage(config(storage), reference);
		let { port } = await stage.prosody();
		for (const name of ["push", "romeo", "juliet"]) await register(port, name, "secret");
		let juliet = await login(port, "juliet", "secret");
		await done(juliet, "set", undefined, enable("by Prosody"));
		await juliet.disconnect();
		await stage.curtain();

		// Ours wakes it, and another one
		({ port } = await stage.ours());
		let [service, romeo] = [await login(port, "push", "secret"), await login(port, "romeo", "secret")];
		romeo.send(chat("m1"));
		expect(await woken(service, 1)).toEqual(["by Prosody"]);
		juliet = await login(port, "juliet", "secret");
		await done(juliet, "set", undefined, enable("by ours"));
		await juliet.disconnect();
		romeo.send(chat("m2"));
		expect(await woken(service, 2)).toEqual(["by Prosody", "by ours"]);
		// A client that has not acknowledged what it got
		const quiet = await silent(port);
		romeo.send(chat("m3"));
		await expect_from(quiet, ({ attr }) => attr["id"] === "m3");
		await stage.curtain();

		// Prosody has all that was not acknowledged, and wakes both
		({ port } = await stage.prosody());
		juliet = await login(port, "juliet", "secret");
		juliet.send(st.presence());
		for (const id of ["m1", "m2", "m3"]) await expect_from(juliet, ({ attr }) => attr["id"] === id);
		await juliet.disconnect();
		[service, romeo] = [await login(port, "push", "secret"), await login(port, "romeo", "secret")];
		romeo.send(chat("m4"));
		expect(await woken(service, 2)).toEqual(["by Prosody", "by ours"]);
		await stage.curtain();

		// Ours has what Prosody kept, and does not send again what Prosody has sent
		({ port } = await stage.ours());
		juliet = await login(port, "juliet", "secret");
		juliet.send(st.presence());
		const last = await expect_from(juliet, ({ attr }) => attr["id"] === "m4");
		expect(last.get_child("delay", ns.delay)).toBeDefined();
		await juliet.settle(true);
		expect(juliet.queue.filter(({ name }) => name === "message").map(({ attr }) => attr["id"])).toEqual([]);
	});
});
