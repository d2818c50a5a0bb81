// Invitations in a browser: the page, the form, and what is refused.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Invite, InvitesExports } from "../../../host/core/types.ts";
import { type OurStage, start_ours } from "../../lua-shims/community/community.ts";
import { Typist } from "./admin_shell/typing.ts";

let stage: OurStage;
let invites: InvitesExports;

async function start(options = ""): Promise<void> {
	stage = await start_ours({
		accounts: ["invites", "invites_page", "invites_register", "invites_register_web", "probe_invites"],
		options: `authentication = "internal_hashed"\nhttp_default_host = "localhost"\nmodules_enabled = { "disco", "roster", "saslauth", "admin_shell" }\n${options}`,
		folders: [join(import.meta.dirname, "invites")],
	});
	const found = stage.server.modulemanager.get_module("localhost", "invites")?.exports as InvitesExports | undefined;
	if (found === undefined) throw new Error("mod_invites is not there");
	invites = found;
}

beforeEach(() => start());
afterEach(() => stage.stop());

function made(invite: ReturnType<InvitesExports["create_account"]>): Invite {
	if (!invite.ok) throw new Error(invite.error);
	return invite.value;
}

const get = (path: string): Promise<Response> => fetch(`${stage.url}${path}`, { redirect: "manual" });

function submit(fields: Record<string, string>): Promise<Response> {
	return fetch(`${stage.url}/register`, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
}

async function can_log_in(name: string, password: string): Promise<boolean> {
	return (await stage.server.usermanager.test_password(name, "localhost", password)).ok;
}

describe("the page of an invitation", () => {
	it("names who invites, offers clients and the form, and is a secret", async () => {
		stage.server.usermanager.create_user("romeo", "localhost", "password");
		const invite = made(invites.create_contact("romeo", true));
		expect(invite.landing_page).toMatch(new RegExp(`/invites_page\\?${invite.token}$`));
		const answer = await get(`/invites_page?${invite.token}`);
		const page = await answer.text();
		expect(answer.status).toBe(200);
		expect(page).toContain("by <b>romeo</b>");
		expect(page).toContain("Conversations");
		expect(page).toContain(`href="${invite.uri}"`);
		expect(page).toContain(`href="register?t=${invite.token}&amp;c="`);
		expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
		expect(await (await get(`/invites_page/setup/gajim?${invite.token}`)).text()).toContain("Get Gajim");
	});

	it("says that an invitation is not valid", async () => {
		for (const path of ["", "?", "?wrong", "?%00", `?${"x".repeat(2000)}`, "/setup/gajim?wrong", "/setup/nothing?wrong"]) {
			const answer = await get(`/invites_page${path}`);
			expect([path, answer.status]).toEqual([path, 404]);
			expect(await answer.text()).toContain("not valid");
		}
	});
});

describe("the form", () => {
	it("makes an account, once", async () => {
		const { token } = made(invites.create_account());
		expect(await (await get(`/register?t=${token}`)).text()).toContain('name="user"');
		const page = await submit({ token, user: "Juliet", password: "wherefore art thou" });
		expect(await page.text()).toContain("juliet@localhost");
		expect(await can_log_in("juliet", "wherefore art thou")).toBe(true);
		const again = await submit({ token, user: "nurse", password: "wherefore art thou" });
		expect([again.status, again.headers.get("location")]).toEqual([303, expect.stringMatching(/invites_page\?/)]);
	});

	it("refuses what cannot be, and shows what is wrong", async () => {
		stage.server.usermanager.create_user("romeo", "localhost", "password");
		const { token } = made(invites.create_account("juliet"));
		const cases: [fields: Record<string, string>, says: string][] = [
			[{}, "fill in all fields"],
			[{ user: "juliet" }, "fill in all fields"],
			[{ user: "a@b", password: "long enough" }, "invalid characters"],
			[{ user: "romeo", password: "long enough" }, "already in use"],
			[{ user: "juliet", password: "short" }, "too short"],
			[{ user: "juliet", password: "my juliet" }, "must not include"],
			[{ user: "nurse", password: "long enough" }, "not valid with this invitation"],
			[{ user: `"><script>`, password: "long enough" }, "invalid characters"],
		];
		for (const [fields, says] of cases) {
			const page = await (await submit({ token, ...fields })).text();
			expect(page).toContain(says);
			expect(page).not.toContain("<script>");
		}
		expect((await submit({ token: "wrong", user: "juliet", password: "long enough" })).status).toBe(303);
		expect(stage.server.usermanager.users("localhost")).toEqual(["romeo"]);
	});

	it("sets a new password, only for that account", async () => {
		stage.server.usermanager.create_user("romeo", "localhost", "password");
		const { token } = made(invites.create_account_reset("romeo"));
		const form = await (await get(`/register?t=${token}`)).text();
		expect(form).toContain("new password for romeo@localhost");
		const other = await submit({ token, user: "juliet", password: "long enough" });
		expect(await other.text()).toContain("Incorrect username for password reset");
		await submit({ token, user: "romeo", password: "long enough" });
		expect(await can_log_in("romeo", "long enough")).toBe(true);
		expect(invites.get(token)).toEqual({ ok: false, error: "token-invalid" });
	});
});

describe("invitations", () => {
	it("are made, shown, listed and deleted at the console", async () => {
		const typist = await Typist.connect(stage.data_path);
		const type = async (line: string): Promise<string> => {
			const typed = await typist.type(line);
			return [...typed.lines, typed.text].join("\n");
		};
		const link = await type(`invite:create_account("juliet@localhost")`);
		const token = /invites_page\?([\w-]+)/.exec(link)?.[1] ?? "";
		expect(await type(`invite:show("localhost", "${token}")`)).toMatch(
			/register on localhost with username 'juliet'.*Invitation valid/s,
		);
		expect(await type(`invite:create_contact("localhost")`)).toContain("Supply the JID");
		expect(await type(`invite:create_reset("romeo@localhost")`)).toMatch(
			/Password reset link for romeo@localhost valid until \d{4}-/,
		);
		expect(await type(`invite:list("localhost")`)).toMatch(/Register on localhost with username juliet.*2 pending invites/s);
		expect(await type(`invite:delete("localhost", "${token}")`)).toBe("OK: Invitation deleted");
		expect(await type(`invite:show("localhost", "${token}")`)).toBe("Error: token-invalid");
		expect(await type(`invite:list("elsewhere")`)).toContain("Unknown host");
		typist.close();
	});

	it("are what modules in Lua see", async () => {
		const file = join(stage.data_path, "seen.txt");
		expect(readFileSync(file, "utf8").split("\n")).toEqual([
			"register localhost true",
			"register nil",
			"true",
			"nil token-invalid",
			"1",
			"page of Lua",
			"",
		]);
	});
});
