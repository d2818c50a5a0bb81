import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import { null_stores } from "../../../host/core/storage_shims.ts";
import type { ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { definition } from "../../../host/plugins/mod_vcard.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, start_test_server, type TestServer } from "../../helper.ts";
import { FakeSession } from "../../muc/fake_session.ts";
import { recorded_module } from "../../muc/recorded_module.ts";

const running: TestServer[] = [];

afterEach(async () => {
	for (const test of running.splice(0)) await test.stop();
});

/** A server whose accounts have vCards; `module` is one beside mod_vcard, and hears of every change. */
async function start(
	options: Record<string, ConfigValue> = {},
): Promise<{ test: TestServer; module: ModuleApi; changes: string[] }> {
	const loaded: ModuleApi[] = [];
	const changes: string[] = [];
	const probe: ModuleDefinition = {
		name: "spec_probe",
		load(module) {
			loaded.push(module);
			module.hook("vcard-updated", ({ stanza }) => void changes.push(`${stanza.attr["from"]}`));
		},
	};
	const modules_enabled = ["vcard", "spec_probe"];
	const test = await start_test_server({ config: { localhost: { modules_enabled, ...options } }, modules: [probe] });
	running.push(test);
	const [module] = loaded;
	if (module === undefined) throw new Error("the probe was not loaded");
	return { test, module, changes };
}

function photo(text: string): st.Stanza {
	const vcard = st.stanza("vCard", { xmlns: ns.vcard_temp }).text_tag("FN", "Romeo").tag("PHOTO");
	return vcard.text_tag("BINVAL", Buffer.from(text).toString("base64")).reset();
}

function get(to?: string): st.Stanza {
	return st.iq({ type: "get", id: "get", to }).tag("vCard", { xmlns: ns.vcard_temp }).reset();
}

function set(vcard: st.Stanza, to?: string): st.Stanza {
	return st.iq({ type: "set", id: "set", to }).add_child(vcard);
}

function outcome(reply: st.Stanza): string {
	const error = reply.get_error();
	return error ? `${error.type}/${error.condition}` : "ok";
}

describe("vCards of accounts", () => {
	it("are their owner's to write, and everybody's to read", async () => {
		const { test, changes } = await start();
		const romeo = await test.client("romeo", "orchard");
		const juliet = await test.client("juliet", "balcony");
		expect(outcome(await ask(romeo, get()))).toBe("cancel/item-not-found");
		expect(outcome(await ask(juliet, get("romeo@localhost")))).toBe("cancel/item-not-found");

		expect(outcome(await ask(romeo, set(photo("a face"))))).toBe("ok");
		expect(changes).toEqual(["romeo@localhost/orchard"]);
		for (const [client, to] of [
			[romeo, undefined],
			[romeo, "romeo@localhost"],
			[juliet, "romeo@localhost"],
		] as const) {
			const vcard = (await ask(client, get(to))).get_child("vCard", ns.vcard_temp);
			expect(vcard?.get_child_text("FN")).toBe("Romeo");
			expect(vcard?.get_child("PHOTO")?.get_child_text("BINVAL")).toBe("YSBmYWNl");
		}

		expect(outcome(await ask(juliet, set(photo("a moustache"), "romeo@localhost")))).toBe("auth/forbidden");
		expect(outcome(await ask(juliet, set(photo("a flag"), "localhost")))).toBe("auth/forbidden");
		expect(changes).toHaveLength(1);
	});

	it("are nobody else's to write, whatever another module says", async () => {
		const { test, module } = await start();
		module.hook("iq/bare/vcard-temp:vCard", (event) => void Object.assign(event, { allow_vcard_modification: true }), 10);
		const juliet = await test.client("juliet");
		expect(outcome(await ask(juliet, set(photo("a moustache"), "romeo@localhost")))).toBe("auth/forbidden");
		expect(outcome(await ask(juliet, get("romeo@localhost")))).toBe("cancel/item-not-found");
	});

	it("are announced in service discovery", async () => {
		const { test } = await start();
		const client = await test.client("romeo");
		const reply = await ask(client, st.iq({ type: "get", id: "i", to: "localhost" }).query(ns.disco_info).reset());
		const features = [...(reply.get_child("query", ns.disco_info)?.childtags("feature") ?? [])].map(({ attr }) => attr["var"]);
		expect(features).toContain("vcard-temp");
	});

	it.each([
		[{}, "vcard"],
		[{ vcard_store_name: "faces" }, "faces"],
	])("are stored by the options %j in %s, in Prosody's form", async (options, store) => {
		const { test, module } = await start(options);
		const client = await test.client("romeo");
		await ask(client, set(photo("a face")));
		const stored = module.open_store(store).get_table("romeo");
		expect(stored.ok && st.deserialize(stored.value)?.get_child_text("FN")).toBe("Romeo");
	});

	it("give a hash of the photo, where there is one that can be read", async () => {
		const { module } = await start();
		const { get_avatar_hash } = module.depends("vcard");
		const store = module.open_store("vcard");
		const keep = (name: string, vcard: st.Stanza) => store.set_table(name, st.preserialize(vcard));
		const card = () => st.stanza("vCard", { xmlns: ns.vcard_temp });
		keep("face", photo("a face"));
		keep("lines", card().tag("PHOTO").text_tag("BINVAL", "YSBm\n\t YWNl").reset());
		keep("faceless", card());
		keep("link", card().tag("PHOTO").text_tag("EXTVAL", "https://example.org/").reset());
		keep("empty", card().tag("PHOTO").text_tag("BINVAL", "").reset());
		keep("noise", card().tag("PHOTO").text_tag("BINVAL", "%%%").reset());
		const names = ["face", "lines", "nobody", "faceless", "link", "empty", "noise", undefined];
		const of_a_face = "09d5624e885e042424a01e9d9be7f5af48dd6526";
		const hashes = names.map((name) => get_avatar_hash(name));
		expect(hashes.slice(2)).toEqual(Array.from({ length: 6 }, () => undefined));
		expect(hashes[0]).toBe(hashes[1]);
		expect(hashes[0]).toBe(of_a_face);
	});
});

describe("a store that fails", () => {
	const text = "the disk is full";
	it("is the server's error, not a missing vCard", () => {
		const driver: ModuleDefinition = {
			name: "storage_broken",
			load: (module) =>
				module.provides("storage", {
					name: "broken",
					open: (_, kind) => ok(null_stores(text, "fails")[kind]),
					purge: () => failed({ text }),
				}),
		};
		const module = recorded_module({ name: "vcard", options: { storage: "broken" }, modules: [driver] });
		const exports = definition.load(module);
		const updates: unknown[] = [];
		module.hook("vcard-updated", (event) => void updates.push(event));
		const session = new FakeSession("romeo@example.org/orchard");
		const from = session.full_jid;
		for (const stanza of [get("room@muc.example.org"), set(photo("a face"), "room@muc.example.org")]) {
			stanza.attr["from"] = from;
			module.fire_event("iq/bare/vcard-temp:vCard", { origin: session, stanza, allow_vcard_modification: true });
			expect(session.take().map(outcome)).toEqual(["wait/internal-server-error"]);
		}
		expect(updates).toEqual([]);
		expect(module.logged.map(({ level }) => level)).toEqual(["error", "error"]);
		expect(exports).toMatchObject({ get_avatar_hash: expect.any(Function) });
	});
});
