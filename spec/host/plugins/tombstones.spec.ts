// Accounts that are gone: nobody takes their name, and contacts learn of it; here and on a real Prosody.

import { afterEach, describe, expect, it, vi } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask } from "../../helper.ts";
import { type OurStage, on_both, type Stage, start_ours, without_prosody } from "../../lua-shims/community/community.ts";
import { register } from "../../lua-shims/community/registering.ts";

const no_prosody = without_prosody();

function troupe(more = "") {
	return {
		accounts: ["register_ibr", "user_account_management", "tombstones", "roster", "presence"],
		options: `storage = "internal"\nauthentication = "internal_hashed"\nallow_registration = true\nregistration_invite_only = false\n${more}`,
	};
}

async function play(stage: Stage): Promise<unknown> {
	const first = await register(stage.port, "romeo");
	await register(stage.port, "ada");
	const romeo = await stage.client("romeo");
	await ask(romeo, st.iq({ type: "set", id: "remove" }).query(ns.register).tag("remove").reset());
	const again = await register(stage.port, "romeo");
	const other = await register(stage.port, "juliet");
	const ada = await stage.client("ada", "desk");
	const said: string[] = [];
	for (const type of ["probe", undefined, "unavailable", "subscribe"]) {
		ada.send(st.presence({ to: "romeo@localhost", type }));
		// What comes next marks the end of what that has caused
		await ask(
			ada,
			st
				.iq({ type: "get", id: `after ${type}`, to: "localhost" })
				.tag("ping", { xmlns: ns.ping })
				.reset(),
		);
		const got = ada.queue.splice(0).map((stanza) => {
			const error = stanza.get_error();
			return `${stanza.name} ${stanza.attr["type"]} ${stanza.attr["from"]} ${error?.condition ?? ""} ${error?.text ?? ""}`.trim();
		});
		said.push(`${type}: ${got.join(", ")}`);
	}
	return { first, again, other, said };
}

describe("tombstones", () => {
	let stage: OurStage | undefined;
	afterEach(async () => {
		vi.useRealTimers();
		await stage?.stop();
		stage = undefined;
	});

	// Prosody believes what it knew of a name when its account was made, as long as it remembers that
	it("are those of a real Prosody", async () => {
		const [ours, prosodys] = await on_both(troupe("tombstone_cache_size = 1"), no_prosody, play);
		expect(ours).toEqual(prosodys);
		expect(ours).toMatchObject({ again: { type: "error" }, other: { type: "result" } });
	});

	it("last as long as the option says", async () => {
		stage = await start_ours(troupe('user_tombstone_expiry = "1 week"'));
		const { usermanager, modulemanager, turn } = stage.server;
		usermanager.create_user("romeo", "localhost", "password");
		usermanager.delete_user("romeo", "localhost");
		await turn.done();
		const exported = modulemanager.get_module("localhost", "tombstones")?.exports as {
			has_tombstone(username: string): unknown;
		};
		expect(exported.has_tombstone("romeo")).toEqual(expect.any(Number));
		expect(exported.has_tombstone("nobody")).toBe(false);
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 8 * 86_400_000 });
		expect(exported.has_tombstone("romeo")).toBe(false);
		vi.useRealTimers();
		expect(exported.has_tombstone("romeo")).toBe(false);
	});
});
