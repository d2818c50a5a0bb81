// The hash of an avatar in presences (XEP-0153): read once, and never an old one.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { Faults, faulty_storage } from "../../faulty_storage.ts";
import { ask, expect_stanza, type ModuleDefinition, start_test_server, type TestServer } from "../../helper.ts";

/** Fails the turn of whoever publishes this. */
const hopeless = "hopeless";

/** Sends presence for somebody in the turn in which an avatar is published, and may have that turn fail. */
const meddler: ModuleDefinition = {
	name: "meddler",
	load(module) {
		module.handle_items(
			"pep-service",
			({ item: { service } }) => {
				service.events.add_handler(`item-published/${ns.avatar_metadata}`, ({ id }) => {
					if (id !== hopeless) return;
					const session = module.server.hosts.get(module.host)?.sessions.get("romeo")?.sessions.get("orchard");
					if (session !== undefined) module.server.router.process_stanza(session, st.presence());
					module.server.turn.fail(new Error("the disk is full"));
				});
			},
			() => undefined,
			true,
		);
	},
};

let running: TestServer;
let romeo: Client;
const faults = new Faults();

beforeEach(async () => {
	running = await start_test_server({
		config: { "*": { storage: "faulty" }, localhost: { modules_enabled: ["pep", "vcard_legacy", "meddler"] } },
		modules: [faulty_storage("sql", faults), meddler],
	});
	romeo = await running.client("romeo", "orchard");
});
afterEach(() => running.stop());

let asked = 0;

function request(xmlns: string, content: Stanza): Promise<Stanza> {
	asked++;
	return ask(
		romeo,
		st
			.iq({ type: "set", id: `r${asked}` })
			.tag("pubsub", { xmlns })
			.add_child(content)
			.reset(),
	);
}

function publish(hash: string): Promise<Stanza> {
	const item = st.stanza("publish", { node: ns.avatar_metadata }).tag("item", { id: hash });
	return request(ns.pubsub, item.tag("metadata", { xmlns: ns.avatar_metadata }).tag("info", { id: hash, bytes: "1" }).reset());
}

async function hash_in_presence(): Promise<string | undefined> {
	asked++;
	romeo.send(st.presence({ id: `p${asked}` }));
	const own = await expect_stanza(romeo, ({ attr }) => attr["id"] === `p${asked}`);
	return own.get_child("x", ns.vcard_update)?.get_child_text("photo") ?? undefined;
}

const reads = (): string[] => faults.calls.filter((call) => call.startsWith(`pep_${ns.avatar_metadata}.find`));

const removals: readonly [what: string, xmlns: string, () => Stanza][] = [
	["is retracted", ns.pubsub, () => st.stanza("retract", { node: ns.avatar_metadata }).tag("item", { id: "two" }).reset()],
	["is purged", ns.pubsub_owner, () => st.stanza("purge", { node: ns.avatar_metadata })],
	["is deleted with its node", ns.pubsub_owner, () => st.stanza("delete", { node: ns.avatar_metadata })],
	[
		"is not kept any more",
		ns.pubsub_owner,
		() =>
			st
				.stanza("configure", { node: ns.avatar_metadata })
				.tag("x", { xmlns: ns.data, type: "submit" })
				.tag("field", { var: "FORM_TYPE" })
				.text_tag("value", "http://jabber.org/protocol/pubsub#node_config")
				.up()
				.tag("field", { var: "pubsub#persist_items" })
				.text_tag("value", "0")
				.reset(),
	],
];

describe("the hash of an avatar", () => {
	it("is read once for all presences until it changes", async () => {
		await publish("one");
		expect(await hash_in_presence()).toBe("one");
		faults.arm(undefined);
		expect(await hash_in_presence()).toBe("one");
		expect(await hash_in_presence()).toBe("one");
		expect(reads()).toEqual([]);
		await publish("two");
		expect(await hash_in_presence()).toBe("two");
		expect(await hash_in_presence()).toBe("two");
		expect(reads()).toHaveLength(1);
	});

	it.each(removals)("is gone when it %s", async (_, xmlns, removal) => {
		await publish("two");
		expect(await hash_in_presence()).toBe("two");
		expect((await request(xmlns, removal())).attr["type"]).toBe("result");
		expect(await hash_in_presence()).toBe("");
		await publish("three");
		expect(["three", ""]).toContain(await hash_in_presence());
	});

	it("is what is stored after a turn that could not be, though it was read in it", async () => {
		await publish("one");
		expect(await hash_in_presence()).toBe("one");
		expect((await publish(hopeless)).get_error()?.condition).toBe("internal-server-error");
		expect(await hash_in_presence()).toBe("one");
	});

	it("is looked for again where it could not be read", async () => {
		await publish("one");
		faults.arm(0, (call) => call === `pep_${ns.avatar_metadata}.find`);
		expect(await hash_in_presence()).toBe("");
		faults.arm(undefined);
		expect(await hash_in_presence()).toBe("one");
	});
});
