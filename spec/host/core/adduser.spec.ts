import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import Sqlite from "better-sqlite3";
import { afterEach, describe, expect, it } from "vitest";
import { add_user, ask_password, change_password, delete_user } from "../../../host/core/adduser.ts";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { failed, ok } from "../../../host/util/error.ts";
import { type AccountsServer, start_accounts } from "../accounts_server.ts";

const host = "example.org";
let running: AccountsServer | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

function start(options: Record<string, ConfigValue> = {}): AccountsServer {
	running = start_accounts({ [host]: options, "rooms.example.org": { component_module: "muc" } });
	return running;
}

describe("the accounts of the command line", () => {
	it("are made, changed and deleted", async () => {
		const { server, usermanager } = start();
		expect(await add_user(server, "User@Example.org", "pencil")).toEqual(ok("Created the account user@example.org"));
		expect(usermanager.test_password("user", host, "pencil")).toEqual(ok(true));
		expect(usermanager.get_user_role("user", host)?.name).toBe("prosody:member");
		expect(await add_user(server, "user@example.org", "pen")).toEqual(ok("Changed the password of user@example.org"));
		expect(usermanager.test_password("user", host, "pen")).toEqual(ok(true));
		expect(await change_password(server, "user@example.org", "quill")).toEqual(ok("Changed the password of user@example.org"));
		expect(usermanager.test_password("user", host, "quill")).toEqual(ok(true));
		expect(await delete_user(server, "user@example.org")).toEqual(ok("Deleted the account user@example.org"));
		expect(usermanager.users(host)).toEqual([]);
	});

	it("get the role that the configuration says", async () => {
		const { server, usermanager } = start({ default_provisioned_role: "prosody:registered" });
		await add_user(server, "user@example.org", "pencil");
		expect(usermanager.get_user_role("user", host)?.name).toBe("prosody:registered");
	});

	it.each([
		["@", /^@ is no JID: expected one such as user@example\.org$/],
		["us er@example.org", /is no JID/],
		["example.org", /names no user: expected a JID such as user@example\.org/],
		["user@example.org/phone", /names a resource: expected the account alone, user@example\.org/],
		["user@elsewhere", /the host elsewhere is not in the configuration: it has example\.org$/],
		["user@rooms.example.org", /is a component, which has no accounts/],
	])("cannot be called %s", async (jid, text) => {
		const { server } = start();
		for (const done of [
			await add_user(server, jid, "x"),
			await change_password(server, jid, "x"),
			await delete_user(server, jid),
		]) {
			expect(done).toEqual(failed(expect.stringMatching(text)));
		}
	});

	it("that cannot be read are not said to be missing", async () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		const start_sql = () => start_accounts({ "*": { storage: "sql" }, [host]: {} }, { folder });
		running = start_sql();
		expect((await add_user(running.server, "user@example.org", "pencil")).ok).toBe(true);
		await running.stop(true);
		const file = new Sqlite(join(folder, "prosody.sqlite"));
		file.exec(`UPDATE "prosody" SET "type" = 'json', "value" = '{' WHERE "store" = 'accounts' AND "key" = 'salt'`);
		file.close();
		running = start_sql();
		for (const done of [add_user, change_password, delete_user]) {
			const { ok: done_ok, ...result } = await done(running.server, "user@example.org", "pen");
			expect({ done_ok, result }).toEqual({ done_ok: false, result: { error: expect.stringContaining('key "salt"') } });
		}
	});

	it("need a password that can be one", async () => {
		const { server } = start();
		expect(await add_user(server, "user@example.org", "")).toEqual(failed("no password was given"));
		expect((await add_user(server, "user@example.org", "\u0007")).ok).toBe(false);
		expect(await change_password(server, "user@example.org", "x")).toEqual(failed("there is no account user@example.org"));
		expect(await delete_user(server, "user@example.org")).toEqual(failed("there is no account user@example.org"));
		await add_user(server, "user@example.org", "pencil");
		expect(await change_password(server, "user@example.org", "")).toEqual(failed("no password was given"));
	});

	it("need a place to be kept", async () => {
		expect(await add_user(start({ authentication: "null" }).server, "user@example.org", "x")).toEqual(
			failed("example.org has no accounts: its authentication module is not loaded"),
		);
		await running?.stop();
		expect((await add_user(start({ authentication: "anonymous" }).server, "user@example.org", "x")).ok).toBe(false);
	});

	it("are only said to be made once they are stored", async () => {
		const { server, usermanager } = start();
		server.turn.join({
			commit() {
				throw new Error("disk full");
			},
			rollback: () => undefined,
		});
		expect(await add_user(server, "user@example.org", "pencil")).toEqual(failed("it could not be stored; the log says why"));
		expect(usermanager.user_exists("user", host)).toBe(true);
	});
});

describe("asking for a password", () => {
	/** A terminal that types these lines, one after each prompt. */
	async function at_terminal(...lines: string[]): Promise<{ password: string; shown: string }> {
		const input = Object.assign(new PassThrough(), { isTTY: true });
		let shown = "";
		const output = new PassThrough();
		output.on("data", (chunk) => {
			shown += String(chunk);
			if (!String(chunk).endsWith(": ")) return;
			const line = lines.shift();
			if (line === undefined) input.end();
			else input.write(line);
		});
		return { password: await ask_password("user@example.org", input, output), shown };
	}

	it("shows nothing of it and wants it twice", async () => {
		expect(await at_terminal("pencil\r", "pencil\r")).toEqual({
			password: "pencil",
			shown: "New password for user@example.org: \nThe same again: \n",
		});
	});

	it("gives nothing when the two are not the same, or there is none", async () => {
		const { password, shown } = await at_terminal("pencil\r", "pen\r");
		expect([password, shown.endsWith("These were not the same.\n")]).toEqual(["", true]);
		expect((await at_terminal("pencil\r")).password).toBe("");
		expect((await at_terminal()).password).toBe("");
		expect((await at_terminal("pen\u0003")).password).toBe("");
	});

	it("takes back what was typed wrongly", async () => {
		expect((await at_terminal("pencils\u007f\r", "pencil\r")).password).toBe("pencil");
	});

	it("takes the first line of what is piped in", async () => {
		const piped = (text: string): Promise<string> => {
			const input = new PassThrough();
			input.end(text);
			return ask_password("user@example.org", input, new PassThrough());
		};
		expect(await piped("pencil\nrest\n")).toBe("pencil");
		expect(await piped("pencil\r\n")).toBe("pencil");
		expect(await piped("pencil")).toBe("pencil");
		expect(await piped("")).toBe("");
	});
});
