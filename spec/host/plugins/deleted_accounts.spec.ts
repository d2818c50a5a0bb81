// Whoever had a contact whose account was deleted is told; here and on a real Prosody.

import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask } from "../../helper.ts";
import { on_both, type Stage, without_prosody } from "../../lua-shims/community/community.ts";
import { register } from "../../lua-shims/community/registering.ts";

const troupe = {
	accounts: ["register_ibr", "user_account_management", "roster", "presence"],
	options: `storage = "internal"\nauthentication = "internal_hashed"\nallow_registration = true\nregistration_invite_only = false\n`,
};

/**
 * What came to somebody, in no order. Whom Prosody tells that a client is gone, where a contact is removed, is one of the known
 * differences (im_contact_removed.scs).
 */
async function heard(client: Client): Promise<string[]> {
	await client.settle(true);
	return client.queue
		.splice(0)
		.filter(({ attr }) => attr["type"] !== "unavailable")
		.map((stanza) => {
			const {
				jid = "",
				subscription = "",
				ask: asked = "",
			} = stanza.get_child("query", ns.roster)?.get_child("item")?.attr ?? {};
			return `${stanza.name} ${stanza.attr["type"]} ${stanza.attr["from"] ?? ""} ${jid} ${subscription} ${asked}`.trim();
		})
		.sort();
}

/** Each of them is to the one who goes what their name says. */
const relations = ["both", "from", "to", "asked", "asking", "approved"] as const;

async function play(stage: Stage): Promise<Record<string, string[]>> {
	const clients = new Map<string, Client>();
	for (const name of ["romeo", ...relations]) {
		await register(stage.port, name);
		const client = await stage.client(name, "desk");
		await ask(client, st.iq({ type: "get", id: "roster" }).query(ns.roster));
		client.send(st.presence());
		clients.set(name, client);
	}
	async function say(who: string, type: string, to: string): Promise<void> {
		const client = clients.get(who);
		client?.send(st.presence({ type, to: `${to}@localhost` }));
		for (const each of [client, ...clients.values()]) await each?.settle(true);
	}
	for (const name of ["both", "to"]) {
		await say("romeo", "subscribe", name);
		await say(name, "subscribed", "romeo");
	}
	for (const name of ["both", "from"]) {
		await say(name, "subscribe", "romeo");
		await say("romeo", "subscribed", name);
	}
	await say("romeo", "subscribe", "asked");
	await say("asking", "subscribe", "romeo");
	await say("romeo", "subscribed", "approved");
	for (const client of clients.values()) await heard(client);
	const romeo = clients.get("romeo");
	if (romeo !== undefined) await ask(romeo, st.iq({ type: "set", id: "remove" }).query(ns.register).tag("remove").reset());
	const told: Record<string, string[]> = {};
	for (const name of relations) {
		const client = clients.get(name);
		if (client !== undefined) told[name] = await heard(client);
	}
	return told;
}

describe("contacts of a deleted account", () => {
	it("hear that it is gone for ever, as a real Prosody tells them", async () => {
		const [ours, prosodys] = await on_both(troupe, without_prosody(), play);
		expect(ours["both"]).toContain("presence unsubscribed romeo@localhost");
		expect(ours["asking"]).toContain("presence unsubscribed romeo@localhost");
		expect(ours["to"]).toContain("presence unsubscribe romeo@localhost");
		expect(ours).toEqual(prosodys);
	});
});
