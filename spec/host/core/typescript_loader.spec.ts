import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as api from "../../../host/api.ts";
import { create_typescript_loader } from "../../../host/core/typescript_loader.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza, start_test_server } from "../../helper.ts";

let folder = "";
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-modules-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const find = (name: string) => create_typescript_loader([join(folder, "empty"), folder], api).find(name);

describe("modules in TypeScript", () => {
	it("work as the documents show", async () => {
		const page = await readFile(resolve(import.meta.dirname, "../../../lua-shims/MODULES.md"), "utf8");
		const example = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
		expect(example).toContain("muc-occupant-groupchat");
		await writeFile(join(folder, "mod_shout.ts"), example);
		const { client, stop } = await start_test_server({
			config: { "*": { plugin_paths: [folder] }, "conference.localhost": { modules_enabled: ["shout"] } },
		});
		const romeo = await client("romeo");
		const room = "balcony@conference.localhost";
		romeo.send(
			st
				.presence({ to: `${room}/romeo` })
				.tag("x", { xmlns: api.ns.muc })
				.reset(),
		);
		romeo.send(st.message({ to: room, type: "groupchat", id: "m" }, "but soft"));
		const heard = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "m");
		expect(heard.get_child_text("body")).toBe("BUT SOFT");
		await stop();
	});

	it("may be in a folder of their own, import what lies beside them, and use the server's own libraries", async () => {
		await mkdir(join(folder, "mod_echo"));
		await writeFile(join(folder, "mod_echo", "names.ts"), 'export const element: string = "echo";\n');
		await writeFile(
			join(folder, "mod_echo", "mod_echo.ts"),
			`import { st, type ModuleApi } from "enjamb";
import { element } from "./names.ts";
export default (module: ModuleApi) => {
	module.add_feature("urn:example:echo");
	module.hook("iq-get/host/urn:example:echo:echo", ({ origin, stanza }) => {
		origin.send(st.reply(stanza).tag(element, { xmlns: "urn:example:echo" }));
		return true;
	});
};`,
		);
		const { client, stop } = await start_test_server({
			config: { "*": { plugin_paths: [folder] }, localhost: { modules_enabled: ["echo"] } },
		});
		const romeo = await client("romeo");
		const answer = await ask(
			romeo,
			st.iq({ type: "get", id: "1", to: "localhost" }).tag("echo", { xmlns: "urn:example:echo" }).reset(),
		);
		expect(answer.get_child("echo", "urn:example:echo")).toBeDefined();
		await stop();
	});

	it("are asked for by name only where a folder has them", () => {
		expect(find("nothing")).toBeUndefined();
	});

	it.each([
		["broken", "export default (module) => {\n\tmodule.hook(;\n};", /mod_broken\.ts:2:\d+: /],
		["silent", "export const x = 1;", /mod_silent\.ts exports no function: expected/],
		["throws", 'throw new Error("at once");\nexport default () => {};', /mod_throws\.ts cannot be loaded: .*at once/],
		["lost", 'import "./not-there.ts";\nexport default () => {};', /mod_lost\.ts cannot be loaded: .*not-there/],
	])("say what is wrong with them: %s", async (name, text, expected) => {
		await writeFile(join(folder, `mod_${name}.ts`), text);
		const found = find(name);
		expect(found?.ok).toBe(false);
		expect(found?.ok === false ? found.error : "").toMatch(expected);
	});

	it("say whether they are for the whole server", async () => {
		await writeFile(join(folder, "mod_everywhere.js"), "export const global = true;\nexport function load() {}\n");
		const found = find("everywhere");
		expect(found?.ok === true && found.value.global).toBe(true);
	});
});
