import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { ask, expect_stanza, start_test_server } from "../helper.ts";

it("goes on whatever fails in a module in Lua, and says where", async () => {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-clumsy-"));
	const file = join(folder, "log");
	const test = await start_test_server({
		log: [{ to: { file }, level: "debug" }],
		config: {
			"*": { plugin_paths: [resolve(import.meta.dirname, "../lua")] },
			localhost: { modules_enabled: ["disco", "roster", "saslauth", "ping", "presence", "clumsy"] },
			"conference.localhost": { modules_enabled: ["clumsy"], muc_room_locking: false },
		},
	});
	const { modulemanager } = test.server;
	const ping = () => st.iq({ type: "get", id: "ping", to: "localhost" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset();
	const room = "yard@conference.localhost/Mira";
	const mira = await test.client("mira", "a");
	mira.send(st.presence());
	expect((await ask(mira, ping())).attr["type"]).toBe("result");
	mira.send(st.presence({ to: room }).tag("x", { xmlns: "http://jabber.org/protocol/muc" }).reset());
	await expect_stanza(mira, ({ attr }) => attr["from"] === room);
	// leaves without a stanza that somebody could be told the error of
	await mira.disconnect();
	expect(modulemanager.load("localhost", "host_view")).toMatchObject({ ok: true });
	const again = await test.client("mira", "b");
	expect((await ask(again, ping())).attr["type"]).toBe("result");
	await test.stop();
	const log = await readFile(file, "utf8");
	await rm(folder, { recursive: true, force: true });
	const failed = new Set(
		Array.from(log.matchAll(/\b(?:error|warn)\b.*/gi), ([line]) => /mod_clumsy\.lua:\d+: clumsy in (.*)/.exec(line)?.[1]),
	);
	failed.delete(undefined);
	expect([...failed].sort()).toEqual([
		"answer",
		"host-activated",
		"module timer",
		"module-loaded",
		"module-unloaded",
		"muc-occupant-left",
		"muc-room-created",
		"presence/initial",
		"ready",
		"resource-bind",
		"resource-unbind",
		"server-started",
		"server-stopping",
		"task",
		"unload",
	]);
	expect(log).toContain("stack traceback:");
});
