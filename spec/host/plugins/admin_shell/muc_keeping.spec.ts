// The console's commands for what is kept of rooms.

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { start_test_server, type TestServer } from "../../../helper.ts";
import { create, room_of, say, service } from "../../../muc/service.ts";
import { Typist } from "./typing.ts";

let test: TestServer;
let folder: string;
let typist: Typist;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-keeping-"));
	test = await start_test_server({
		data_path: folder,
		config: {
			"*": {
				modules_enabled: ["disco", "roster", "saslauth", "admin_shell"],
				modules_disabled: ["s2s", "s2s_auth_certs", "tls"],
			},
			[service]: { modules_enabled: ["muc_mam"] },
		},
	});
	typist = await Typist.connect(folder);
	const juliet = await test.client("juliet");
	await create(juliet, "hall", { "muc#roomconfig_persistentroom": "1" });
	await say(juliet, "hall", "good night");
	await say(juliet, "hall", "good morning");
});
afterAll(async () => {
	typist.close();
	await test.stop();
	rmSync(folder, { recursive: true, force: true });
});

/** What a line answers with. */
async function type(line: string): Promise<string> {
	const typed = await typist.type(line);
	return [...typed.lines, typed.text].join("\n");
}
const hall = `"${room_of("hall")}"`;

it("sets how long a room is archived", async () => {
	expect(await type(`muc:retention(${hall})`)).toBe("OK: Messages are archived for 7 days, as on the whole service");
	expect(await type(`muc:retention(${hall}, "2 weeks")`)).toBe("OK: Messages are archived for 14 days");
	expect(await type(`muc:retention(${hall}, "never")`)).toBe("OK: Messages are archived for ever");
	expect(await type(`muc:retention(${hall}, "12 sheep")`)).toMatch(/^Error: .*Expected a period/);
	expect(await type(`muc:retention(${hall}, "default")`)).toMatch(/whole service/);
	expect(await type(`muc:retention("nowhere@${service}")`)).toMatch(/No such room/);
	expect(await type(`muc:retention("nowhere@localhost")`)).toMatch(/no rooms/);
	expect(await type(`muc:retention("@")`)).toMatch(/^Error/);
});

it("exports to the console, and into a file that was not there", async () => {
	const text = await type(`muc:export(${hall})`);
	expect(text).toMatch(/<creator> good night\n\[.*<creator> good morning\nOK: That is all$/s);
	const path = join(folder, "hall.html");
	expect(await type(`muc:export(${hall}, "html", "${path}")`)).toBe(`OK: Written to ${path}`);
	expect(readFileSync(path, "utf8")).toContain("good morning");
	expect(statSync(path).mode & 0o007).toBe(0);
	expect(await type(`muc:export(${hall}, "html", "${path}")`)).toMatch(/Error.*EEXIST/);
	expect(await type(`muc:export(${hall}, "html", "hall.html")`)).toMatch(/absolute/);
	expect(await type(`muc:export(${hall}, "pdf")`)).toMatch(/html, text, jsonl/);
});

it("lists unused rooms, erases people, purges", async () => {
	expect(await type(`muc:unused("${service}", 1)`)).toBe("OK: 0 rooms");
	expect(await type(`muc:destroy_unused("${service}", "many")`)).toMatch(/number of days/);
	expect(await type(`muc:erase("juliet@localhost")`)).toContain("2 messages");
	expect(await type(`muc:erase("juliet@localhost", nil, "creator")`)).toMatch(/name it/);
	expect(await type(`muc:erase("@")`)).toMatch(/expected a JID/);
	expect(await type(`muc:purge(${hall}, "1 year")`)).toBe("OK: 0 messages deleted");
	expect(await type(`muc:purge(${hall})`)).toBe("OK: 2 messages deleted");
});
