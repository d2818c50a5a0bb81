// What a real Prosody has stored, moved to its other storage and back, in Prosody's hands and in ours.

import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { run } from "../../../../host/cli/migrate/run.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import { left_out } from "../../../needs.ts";
import { balcony, garden, make, people, service } from "../../alternation/make.ts";
import { observe } from "../../alternation/observe.ts";
import { Stage } from "../../alternation/servers.ts";
import { why_not } from "../../prosody_lua.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const reason = find_prosody(reference) === undefined ? "There is no Prosody" : why_not("util.sql", "DBI");
const is_left_out = left_out(reason, "Prosody does not run on data that were moved");

function config(storage: string): string {
	return `
modules_enabled = { "roster", "saslauth", "disco", "vcard", "private", "register", "ping", "blocklist", "pep", "mam" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_hashed"
storage = "${storage}"
muc_log_by_default = true
muc_log_expires_after = "never"
VirtualHost "localhost"
VirtualHost "plain.localhost"
	authentication = "internal_plain"
Component "${service}" "muc"
	name = "Chambers"
	modules_enabled = { "muc_mam"${reference === undefined ? ', "vcard_muc"' : ""} }
	restrict_room_creation = false
`;
}

const stages: Stage[] = [];

afterEach(async () => {
	for (const stage of stages.splice(0)) await stage.end();
});

function stage_for(storage: string): Stage {
	const stage = new Stage(config(storage), reference);
	stages.push(stage);
	return stage;
}

async function migrate(from: string, to: string): Promise<void> {
	const said: string[] = [];
	const write = (text: string): void => void said.push(text);
	const progress = { is_terminal: false, columns: 80, now: () => performance.now(), write };
	const status = await run({ from, to, dry_run: false, write, progress });
	expect(status, said.join("")).toBe(0);
}

it.skipIf(is_left_out)("what is moved to SQLite and back is the same for Prosody and for us", async () => {
	const look = (port: number) => observe(port, people, [balcony, garden], reference !== undefined);
	const files = stage_for("internal");
	await make((await files.prosody()).port);
	await files.curtain();
	const made = await look((await files.prosody()).port);
	await files.curtain();
	expect(JSON.stringify(made)).toMatch(/Balkon.*vier: äöü.*queen-mab/s);

	const database = stage_for("sql");
	await migrate(`internal:${files.data}`, `sql:${join(database.data, "prosody.sqlite")}`);
	const back = stage_for("internal");
	await migrate(`sql:${join(database.data, "prosody.sqlite")}`, `internal:${back.data}`);
	for (const moved of [database, back]) {
		expect(await look((await moved.prosody()).port)).toEqual(made);
		await moved.curtain();
		expect(await look((await moved.ours()).port)).toEqual(made);
		await moved.curtain();
	}
});
