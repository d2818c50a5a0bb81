// Modules in Lua that take over the end of the server: mod_graceful_shutdown, and one of ours that does the same in steps.

import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { ask, eventually, patience } from "../../helper.ts";
import { config_text, missing_here, start_ours, type Troupe, without_prosody } from "./community.ts";

const no_prosody = without_prosody();
const troupe = (name: string): Troupe => ({
	options: `modules_enabled = { "disco", "roster", "saslauth", "${name}" }\nshutdown_pause = 0.2`,
});

describe.skipIf(missing_here("graceful_shutdown"))("mod_graceful_shutdown", () => {
	it("tells clients, and ends the server then", async () => {
		const stage = await start_ours(troupe("graceful_shutdown"));
		const mira = await stage.client("mira");
		const stopped = new Promise((resolve) => stage.server.events.add_handler("server-stopped", resolve));
		stage.server.shut_down("That is all");
		await stopped;
		await eventually(() => expect(mira.ended).toContain("system-shutdown"));
		expect(mira.ended).toContain("That is all");
		expect(await stage.log()).not.toMatch(/Traceback|failed/);
		await stage.stop();
	});

	it.skipIf(no_prosody)("does so on a real Prosody", async () => {
		const started = await start_reference({ config: config_text(troupe("graceful_shutdown")) });
		if (!started.ok) throw new Error(started.error);
		const { port, pid, stop } = started.value;
		const mira = await Client.connect({
			host: "127.0.0.1",
			port,
			jid: "mira@localhost",
			password: "password",
			timeout: patience,
		});
		if (!mira.ok) throw new Error(mira.error);
		process.kill(pid, "SIGTERM");
		await eventually(() => expect(mira.value.ended).toContain("system-shutdown"));
		await mira.value.disconnect();
		await stop();
	});
});

describe("the end of the server", () => {
	it("is a module's that has replaced prosody.shutdown, until it gives it back", async () => {
		const stage = await start_ours(troupe("stage_end"));
		const { server } = stage;
		const mira = await stage.client("mira");
		server.shut_down("First");
		// its port is closed, and who is inside goes on
		expect(server.addresses().filter(({ service }) => service === "c2s")).toEqual([]);
		const pong = await ask(
			mira,
			st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset(),
		);
		expect(pong.name).toBe("iq");
		await eventually(async () => expect(await stage.log()).toContain("asked to end: First"));
		expect(server.modulemanager.unload("*", "stage_end").ok).toBe(true);
		const stopped = new Promise((resolve) => server.events.add_handler("server-stopped", resolve));
		server.shut_down("Second");
		await stopped;
		await eventually(() => expect(mira.ended).toContain("system-shutdown"));
		await stage.stop();
	});

	it("comes all the same where a module's fails", async () => {
		const stage = await start_ours(troupe("stage_end"));
		const stopped = new Promise((resolve) => stage.server.events.add_handler("server-stopped", resolve));
		stage.server.shut_down("fail");
		await stopped;
		expect(await stage.log()).toContain("not today");
		await stage.stop();
	});
});
