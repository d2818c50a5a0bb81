// Prosody's mod_auth_ldap on both servers, with accounts in a real directory.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { ask, eventually } from "../../helper.ts";
import { create_lua } from "../lua.ts";
import { missing, on_both, type Stage, start_ours, without_prosody } from "./community.ts";
import { type Directory, start_directory, without_slapd } from "./directory.ts";

const no_prosody = without_prosody();

describe.skipIf(without_slapd() || missing("auth_ldap"))("mod_auth_ldap", () => {
	let directory: Directory;
	beforeAll(async () => {
		directory = await start_directory({ romeo: "password", juliet: "password", mercutio: "another one" });
	});
	afterAll(() => directory.stop());

	const options = (mode: string): string => `authentication = "ldap"
		ldap_server = "127.0.0.1:${directory.port}"
		ldap_base = "${directory.base}"
		ldap_rootdn = "${directory.admin.dn}"
		ldap_password = "${directory.admin.password}"
		ldap_mode = "${mode}"`;

	/** What becomes of somebody who logs in with the password `password`. */
	async function log_in(stage: Stage, name: string): Promise<string> {
		try {
			const client = await stage.client(name);
			const answer = await ask(client, st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: "urn:xmpp:ping" }));
			await client.disconnect();
			return answer.attr["type"] ?? "";
		} catch (error) {
			return String(error).includes("not-authorized") ? "not-authorized" : String(error);
		}
	}

	it.each(["bind", "getpasswd"])("lets those in who are in the directory, with ldap_mode = %s", async (mode) => {
		const [ours, prosodys] = await on_both({ options: options(mode) }, no_prosody, async (stage) => {
			const outcomes: string[] = [];
			for (const name of ["romeo", "mercutio", "tybalt", "juliet", "*", "romeo"])
				outcomes.push(`${name} ${await log_in(stage, name)}`);
			return outcomes;
		});
		expect(ours).toEqual(prosodys);
		expect(ours.slice(0, 4)).toEqual(["romeo result", "mercutio not-authorized", "tybalt not-authorized", "juliet result"]);
	});

	it("answers code that cannot wait with what was found the last time, and sees changes of its own", async () => {
		const lua = await create_lua();
		const [surname, rename] = lua.run(`
			local async = require "util.async"
			local connection = require "lualdap".open_simple("127.0.0.1:${directory.port}", "${directory.admin.dn}", "${directory.admin.password}")
			local function surname()
				local ok, answer = pcall(function ()
					for _, attributes in connection:search { base = "${directory.base}", filter = "(uid=romeo)" } do return attributes.sn end
				end)
				return tostring(answer)
			end
			local function rename()
				async.runner(function ()
					connection:modify("uid=romeo,${directory.base}", { "=", sn = "Montague" })
				end):run(true)
			end
			return surname, rename
		`) as (() => unknown)[];
		if (surname === undefined || rename === undefined) throw new Error("expected two functions");
		expect(surname()).toBe("the directory is being asked, and nothing here waits for it");
		await eventually(() => expect(surname()).toBe("romeo"));
		rename();
		await eventually(() => expect(surname()).toBe("Montague"));
		await lua.stop();
	});

	it("keeps nobody waiting while the directory is silent", async () => {
		const stage = await start_ours({ options: options("bind") });
		const romeo = await stage.client("romeo");
		await directory.stop();
		const failed = log_in(stage, "juliet");
		const answer = await ask(romeo, st.iq({ type: "get", id: "p", to: "localhost" }).tag("ping", { xmlns: "urn:xmpp:ping" }));
		expect(answer.attr["type"]).toBe("result");
		expect(await failed).not.toBe("result");
		await eventually(async () => expect(await stage.log()).toContain("LDAP:"));
		await stage.stop();
		directory = await start_directory({});
	});
});
