// One archive in the hands of a real Prosody and of ours, in turn.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza, patience } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { create, enter, room_of, say, start_service } from "../service.ts";

const config = `
modules_enabled = { "roster", "saslauth", "disco" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "sql"
sql = { driver = "SQLite3", database = "prosody.sqlite" }

VirtualHost "localhost"

Component "conference.localhost" "muc"
	modules_enabled = { "muc_mam" }
`;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-mam-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Has romeo do something on a server of that kind that keeps its data in the folder. */
async function on<Answer>(kind: "Prosody" | "ours", act: (romeo: Client) => Promise<Answer>): Promise<Answer> {
	if (kind === "ours") {
		const service = await start_service({ modules_enabled: ["spec_probe", "muc_mam"] }, { storage: "sql" }, folder);
		try {
			return await act(await service.test.client("romeo"));
		} finally {
			await service.stop();
		}
	}
	const reference = await start_reference({ config, data_folder: folder });
	if (!reference.ok) throw new Error(reference.error);
	try {
		const { host, port } = reference.value;
		const romeo = await Client.connect({ host, port, jid: "romeo@localhost", password: "password", timeout: patience });
		if (!romeo.ok) throw new Error(romeo.error);
		const answer = await act(romeo.value);
		await romeo.value.disconnect();
		return answer;
	} finally {
		await reference.value.stop();
	}
}

/** The archive of the room as `id body`, and what comes with each message besides, as text. */
async function read(client: Client): Promise<{ lines: string[]; rest: string[] }> {
	await ask(
		client,
		st
			.iq({ to: room_of("balcony"), type: "set", id: "read" })
			.tag("query", { xmlns: ns.mam })
			.reset(),
	);
	const lines: string[] = [];
	const rest: string[] = [];
	const is_result = (stanza: Stanza): boolean => stanza.get_child("result", ns.mam) !== undefined;
	while (client.queue.some(is_result)) {
		const result = (await expect_stanza(client, is_result)).get_child("result", ns.mam);
		const forwarded = result?.get_child("forwarded", ns.forward);
		const message = forwarded?.get_child("message", ns.client);
		lines.push(`${result?.attr["id"]} ${message?.get_child_text("body")}`);
		const children = [...(message?.childtags() ?? [])].map(String);
		const attributes = Object.entries(message?.attr ?? {}).map(([name, value]) => `${name}=${value}`);
		// 0.12 keeps whole seconds, 13 fractions
		const stamp = forwarded?.get_child_attr("delay", ns.delay, "stamp")?.slice(0, 19);
		rest.push([stamp, ...attributes.sort(), ...children].join(" "));
	}
	return { lines, rest };
}

/** Says something, and answers with a line as {@link read} does. */
async function speak(client: Client, body: string): Promise<string> {
	const heard = await say(client, "balcony", body);
	return `${heard.get_child_attr("stanza-id", ns.stanza_id, "id")} ${body}`;
}

const no_prosody = not_installed(find_prosody(), "Prosody", "archives are not shared with a real one");

describe.skipIf(no_prosody)("an archive in SQLite", () => {
	it.each([
		["Prosody", "ours"],
		["ours", "Prosody"],
	] as const)(
		"that %s began is read and continued by the other",
		async (first, second) => {
			const settings = { "muc#roomconfig_persistentroom": "1", "muc#roomconfig_whois": "anyone" };
			const began = await on(first, async (romeo) => {
				await create(romeo, "balcony", settings);
				const lines = [await speak(romeo, "one <&> 'two'"), await speak(romeo, "drei 😀")];
				const seen = await read(romeo);
				expect(seen.lines).toEqual(lines);
				return seen;
			});
			const continued = await on(second, async (romeo) => {
				expect(await read(romeo)).toEqual(began);
				await enter(romeo, "balcony", "creator");
				const line = await speak(romeo, "three");
				const seen = await read(romeo);
				expect(seen.lines).toEqual([...began.lines, line]);
				return seen;
			});
			expect(await on(first, read)).toEqual(continued);
		},
		60_000,
	);
});
