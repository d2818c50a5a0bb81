// The community's modules for SASL2 in Lua, in place of those that are built in.

import { describe, expect, it } from "vitest";
import { definition as sasl2 } from "../../../host/plugins/mod_sasl2.ts";
import { definition as sasl2_bind2 } from "../../../host/plugins/mod_sasl2_bind2.ts";
import { definition as sasl2_fast } from "../../../host/plugins/mod_sasl2_fast.ts";
import { definition as sasl2_sm } from "../../../host/plugins/mod_sasl2_sm.ts";
import {
	agent,
	ask,
	bind,
	elements,
	open,
	plain,
	register,
	request_token,
	token_in,
	with_token,
} from "../../host/sasl2_client.ts";
import { missing_here, start_ours } from "./community.ts";

const built_in = [sasl2, sasl2_bind2, sasl2_fast, sasl2_sm];
const modules = built_in.map(({ name }) => name);

describe.skipIf(modules.map((name) => missing_here(name)).includes(true))("SASL2 in Lua", () => {
	it("logs in with a password and a token, binds, and enables stream management", { timeout: 60_000 }, async () => {
		const stage = await start_ours({
			accounts: ["presence", "message", "iq", "register", "carbons", "csi", "smacks", ...modules],
			prefer_lua: modules,
			options: 'authentication = "internal_plain"\nallow_registration = true\ninsecure_sasl_mechanisms = {}',
		});
		try {
			const { hosts } = stage.server;
			for (const definition of built_in) {
				const loaded = hosts.get("localhost")?.modules.get(definition.name);
				expect(loaded?.name).toBe(definition.name);
				expect(loaded?.definition).not.toBe(definition);
			}
			await register(stage.port);
			const enable = bind("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
			const [first] = await open(stage.port);
			const said = await ask(first, plain(agent() + enable + request_token()));
			const token = token_in(said);
			expect(token, await stage.log()).toMatch(/^secret-token:fast-/);
			const bound = elements(said)[0]?.get_child("bound", "urn:xmpp:bind:0");
			const previd = bound?.get_child("enabled", "urn:xmpp:sm:3")?.attr["id"];
			expect(previd).toBeDefined();
			const [second] = await open(stage.port);
			const again = await ask(second, with_token(token, { inside: `<resume xmlns='urn:xmpp:sm:3' previd='${previd}' h='0'/>` }));
			expect(elements(again)[0]?.get_child("resumed", "urn:xmpp:sm:3")?.attr["previd"]).toBe(previd);
			const [third] = await open(stage.port);
			expect(await ask(third, with_token(`${token}x`))).toContain("not-authorized");
			for (const client of [first, second, third]) client.destroy();
		} finally {
			await stage.stop();
		}
	});
});
