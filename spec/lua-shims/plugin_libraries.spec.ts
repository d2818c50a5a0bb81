import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModuleDefinition } from "../../host/core/types.ts";
import * as st from "../../host/util/stanza.ts";
import { LuaHost } from "../../lua-shims/lua_host.ts";
import { ask, start_test_server, type TestServer } from "../helper.ts";

const name = "without_prosody";
const path = resolve(import.meta.dirname, `../lua/mod_${name}.lua`);
let test: TestServer;

beforeAll(async () => {
	let lua: LuaHost | undefined;
	const definition: ModuleDefinition = {
		name,
		load(module) {
			// a Lua that knows no folder at all, not even that of an installed Prosody
			lua ??= new LuaHost(module.server, []);
			return lua.load(path, module);
		},
	};
	test = await start_test_server({
		modules: [definition],
		config: {
			localhost: { modules_enabled: ["disco", "saslauth", name] },
			"conference.localhost": { modules_enabled: [name] },
		},
	});
});
afterAll(() => test.stop());

/** Calls a global function of the module. */
function call(host: string, callee: string, ...args: unknown[]): unknown {
	const callback = Reflect.get(Object(test.server.modulemanager.get_module(host, name)?.exports), callee);
	if (typeof callback !== "function") throw new TypeError(`no function ${callee}`);
	return callback(...args);
}
const room = (callee: string, ...args: unknown[]): unknown => call("conference.localhost", callee, ...args);

describe("libraries of Prosody's plugins", () => {
	it("have commands executed by the host's mod_adhoc", async () => {
		const mira = await test.client("mira", "a");
		const commands = "http://jabber.org/protocol/commands";
		const command = st
			.iq({ type: "set", id: "hello", to: "localhost" })
			.tag("command", { xmlns: commands, node: "urn:test:hello" });
		const answer = await ask(mira, command.reset());
		expect(answer.find(`{${commands}}command@status`)).toBe("completed");
		expect(answer.find(`{${commands}}command/note#`)).toBe("Say hello: hello, mira@localhost/a");
		expect(call("localhost", "new_command", "admin")).toBe("admin");
		expect(() => call("localhost", "new_command")).toThrow("needs a permission");
	});

	it("know ranks, errors of those who are gone, and what only rooms say", () => {
		expect([room("is_higher", "moderator", "visitor"), room("is_higher", "none", "visitor")]).toEqual([true, false]);
		expect([room("is_kickable", "gone"), room("is_kickable"), room("is_kickable", "not-allowed")]).toEqual([
			true,
			true,
			undefined,
		]);
		expect(String(room("filter"))).toBe("<message><x xmlns='urn:test:theirs'/></message>");
		expect([room("may", "moderator"), room("may", "participant"), room("may", "visitor"), room("may")]).toEqual([
			true,
			true,
			undefined,
			undefined,
		]);
	});
});
