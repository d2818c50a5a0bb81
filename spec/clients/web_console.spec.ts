import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { base64_decode, base64_encode } from "../../host/util/encodings.ts";
import { create_sasl_client } from "../../host/util/sasl_client.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { eventually, expect_stanza, patience } from "../helper.ts";
import { type Api, admin, api_modules, service, start_api } from "../host/plugins/http_api/api.ts";
import { codes, enter, say } from "../muc/service.ts";
import { not_installed } from "../needs.ts";

const chromium_path = "/usr/bin/chromium";
const no_browser = not_installed(existsSync(chromium_path), "Chromium", "nobody opens the console");

let api: Api;
let console_url = "";
let browser: Browser;
/** What went wrong in pages. */
const complaints: string[] = [];

beforeAll(async () => {
	api = await start_api({ modules_enabled: [...api_modules, "web_console"] });
	console_url = `${new URL(api.url).origin}/console/`;
	for (const user of ["romeo", "juliet"]) await api.call("register", { user, host: "localhost", password: "password" });
	if (!no_browser) browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });
});

afterAll(async () => {
	await browser?.close();
	await api?.stop();
});

interface Answer {
	readonly status: number;
	readonly value: Readonly<Record<string, unknown>>;
}

async function post(path: string, content: unknown, headers: Record<string, string> = {}): Promise<Answer> {
	const answer = await fetch(`${console_url}${path}`, {
		method: "POST",
		headers: { "Content-Type": "application/json", ...headers },
		body: JSON.stringify(content),
	});
	return { status: answer.status, value: JSON.parse((await answer.text()) || "{}") };
}

function text(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** Logs in as the page does. */
async function log_in(account: string, password: string): Promise<Answer> {
	const offered = await post("login", { account });
	const { mechanisms } = offered.value;
	if (!Array.isArray(mechanisms)) return offered;
	const sasl = create_sasl_client({ username: account.split("@")[0] ?? "", password }, mechanisms.map(String));
	if (!sasl.ok) throw new Error(sasl.error);
	const { mechanism } = sasl.value;
	const challenge = await post("login", { account, mechanism, message: base64_encode(sasl.value.first()) });
	if (challenge.status !== 200) return challenge;
	const answer = sasl.value.challenge(base64_decode(text(challenge.value["message"])) ?? Buffer.alloc(0));
	if (!answer.ok) throw new Error(answer.error);
	const done = await post("login", { exchange: challenge.value["exchange"], message: base64_encode(answer.value) });
	if (done.status === 200)
		expect(sasl.value.success(base64_decode(text(done.value["message"])))).toEqual({ ok: true, value: true });
	return done;
}

describe("the page of the console", () => {
	it("may load nothing but its own files, and be in no frame", async () => {
		const page = await fetch(console_url);
		expect(page.headers.get("content-security-policy")).toBe(
			"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		);
		const source = await page.text();
		expect(source.match(/https?:\/\/[^\s"'%]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
		for (const [file, type] of [
			["console.js", "text/javascript"],
			["style.css", "text/css"],
		]) {
			const answer = await fetch(`${console_url}${file}`);
			expect([answer.status, answer.headers.get("content-type")]).toEqual([200, `${type}; charset=utf-8`]);
		}
	});

	it("lets administrators in by SCRAM, and nobody else", async () => {
		expect((await post("login", { account: admin })).value).toEqual({ mechanisms: ["SCRAM-SHA-1", "PLAIN"] });
		const { status, value } = await log_in(admin, "password");
		expect([status, value["jid"]]).toEqual([200, admin]);
		const token = text(value["token"]);
		expect((await api.call("status", {}, token)).status).toBe(200);
		expect((await log_in(admin, "wrong")).value).toEqual({ status: "error", message: "the account or the password is wrong" });
		expect((await log_in("nobody@localhost", "password")).value).toEqual({
			status: "error",
			message: "the account or the password is wrong",
		});
		expect(await log_in("romeo@localhost", "password")).toMatchObject({ status: 403 });
		// It is no token of scripts, and ends when somebody logs out
		expect(api.exports.tokens.list().some(({ id }) => token.includes(id))).toBe(false);
		expect((await fetch(`${console_url}logout`, { method: "POST", headers: { Authorization: `Bearer ${token}` } })).status).toBe(
			204,
		);
		expect((await api.call("status", {}, token)).status).toBe(401);
	});

	it("says what is wrong with a login", async () => {
		for (const [content, status] of [
			[{}, 400],
			[{ account: "localhost" }, 400],
			[{ account: "admin@localhost/x" }, 400],
			[{ account: "admin@example.com" }, 400],
			[{ account: admin, mechanism: "ANONYMOUS", message: "" }, 400],
			[{ account: admin, mechanism: "PLAIN", message: 5 }, 400],
			[{ exchange: "none", message: "" }, 401],
		] as const) {
			expect([content, (await post("login", content)).status]).toEqual([content, status]);
		}
		const form = await post("login", { account: admin }, { "Content-Type": "text/plain" });
		expect(form.status).toBe(400);
		const open = await post("login", { account: admin }, { "X-Forwarded-For": "192.0.2.1" });
		expect(open.value).toEqual({ status: "error", message: "Passwords are only taken over HTTPS, or from this machine" });
	});

	it("refuses pages of other sites", async () => {
		expect((await post("login", { account: admin }, { Origin: "http://example.com" })).status).toBe(403);
		expect((await post("login", { account: admin }, { Origin: new URL(console_url).origin })).status).toBe(200);
	});

	it("bounds tries for an account", async () => {
		const message = base64_encode("\0juliet\0wrong");
		const tried = async (): Promise<number> =>
			(
				await post(
					"login",
					{ account: "juliet@localhost", mechanism: "PLAIN", message },
					{ "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" },
				)
			).status;
		const statuses: number[] = [];
		while (statuses.length < 1000 && statuses.at(-1) !== 429) statuses.push(await tried());
		expect(new Set(statuses)).toEqual(new Set([401, 429]));
	});
});

describe.skipIf(no_browser)("in Chromium", () => {
	let page: Page;
	let romeo: Client;
	let juliet: Client;

	beforeAll(async () => {
		await api.call("create_room_with_opts", { room: "balcony", service, options: { title: "The Balcony", public: true } });
		[romeo, juliet] = [await api.test.client("romeo", "garden"), await api.test.client("juliet", "chamber")];
		await enter(romeo, "balcony", "Romeo");
		await enter(juliet, "balcony", "Juliet");
		await say(romeo, "balcony", "But soft!");
		page = await browser.newPage();
		page.setDefaultTimeout(patience);
		page.on("pageerror", (error) => complaints.push(error.message));
		page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
	});

	afterAll(async () => {
		await page?.close();
		await Promise.all([romeo?.disconnect(), juliet?.disconnect()]);
	});

	const button = (name: string) => page.locator("body > main, aside").getByRole("button", { name, exact: true });
	/** Presses the button of the question that is open. */
	const confirm = (name: string) => page.locator("dialog").getByRole("button", { name, exact: true }).click();

	it("an administrator logs in", async () => {
		await page.goto(console_url);
		await page.getByLabel("Account").fill(admin);
		await page.getByLabel("Password").fill("not this one");
		await button("Log in").click();
		await page.getByText("the account or the password is wrong").waitFor();
		await page.getByLabel("Password").fill("password");
		await button("Log in").click();
		await page.getByRole("heading", { name: "Overview" }).waitFor();
		await page.getByText("Stanzas delivered").waitFor();
		// What Chromium says about the 401 is no mistake of the page
		expect(complaints.splice(0)).toEqual([expect.stringContaining("401")]);
		expect(await page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")).toEqual(["", 0, 0]);
	});

	it("sees who is online, and finds rooms", async () => {
		await page.getByRole("link", { name: "People" }).click();
		await page.getByText("romeo@localhost/garden").waitFor();
		await page.getByRole("navigation").getByRole("link", { name: "Rooms" }).click();
		await page.getByText("The Balcony").waitFor();
		await page.getByLabel("Find a room").fill("nothing-like-it");
		await page.getByText("No room has that in its address.").waitFor();
		await page.getByLabel("Find a room").fill("balc");
		await page.getByText("The Balcony").click();
		await page.getByText("juliet@localhost/chamber").waitFor();
	});

	it("changes a room's settings by its own form", async () => {
		await page.getByRole("tab", { name: "Settings" }).click();
		await page.getByLabel("Title").fill("The Orchard");
		await page.getByLabel("Moderated").check();
		await button("Save").click();
		await page.getByRole("heading", { name: "The Orchard" }).waitFor();
		await expect_stanza(romeo, (stanza) => stanza.attr["type"] === "groupchat" && codes(stanza).includes("104"));
		expect((await api.call("get_room_options", { room: "balcony", service })).value).toMatchObject({
			title: "The Orchard",
			moderated: "true",
			public: "true",
		});
		// What is wrong is said, and nothing is changed
		await page.getByLabel("Maximum number of history messages").fill("many");
		await button("Save").click();
		await page.getByRole("alert").waitFor();
		await button("Undo").click();
	});

	it("reads what was said, and says something", async () => {
		await page.getByRole("tab", { name: "History" }).click();
		await page.getByText("But soft!").waitFor();
		await button("Message").click();
		await page.getByLabel("Message").last().fill("The garden closes at six <b>");
		await confirm("Send");
		await expect_stanza(juliet, (stanza) => stanza.get_child_text("body") === "The garden closes at six <b>");
		await page.getByText("Sent", { exact: true }).waitFor();
	});

	it("kicks and bans", async () => {
		await page.getByRole("tab", { name: "Occupants" }).click();
		await page.getByRole("listitem").filter({ hasText: "Romeo" }).getByRole("button", { name: "Kick" }).click();
		await page.getByLabel("Reason").fill("it is late");
		await confirm("Kick");
		const kicked = await expect_stanza(romeo, (stanza) => stanza.attr["type"] === "unavailable");
		expect(codes(kicked)).toContain("307");
		await page.getByRole("listitem").filter({ hasText: "Juliet" }).getByRole("button", { name: "Ban" }).click();
		await confirm("Ban");
		const banned = await expect_stanza(
			juliet,
			(stanza) => stanza.attr["type"] === "unavailable" && codes(stanza).includes("301"),
		);
		expect(banned.attr["from"]).toBe(`balcony@${service}/Juliet`);
		await page.getByText("Nobody is in this room.").waitFor();
		await page.getByRole("tab", { name: "Affiliations" }).click();
		await page.getByLabel("Affiliation of juliet@localhost").waitFor();
		await button("Remove").click();
		await page.getByText("Nobody has an affiliation with this room.").waitFor();
		expect((await api.call("get_room_affiliations", { room: "balcony", service })).value).toEqual([]);
	});

	it("destroys a room", async () => {
		await button("Destroy").click();
		await confirm("Cancel");
		await page.locator("dialog").waitFor({ state: "detached" });
		await button("Destroy").click();
		await confirm("Destroy");
		await page.getByText(`balcony@${service} was destroyed`).waitFor();
		expect((await api.call("muc_online_rooms", { service })).value).toEqual([]);
	});

	it("makes a room with an odd name, and opens it by its address", async () => {
		await page.getByRole("navigation").getByRole("link", { name: "Rooms" }).click();
		await button("New room").click();
		await page.getByLabel("Name").fill("50%+q?x=#é");
		await confirm("Make it");
		await page.getByRole("heading", { name: "50%+q?x=#é" }).waitFor();
		await page.getByText("Nobody is in this room.").waitFor();
		await button("Destroy").click();
		await confirm("Destroy");
		await eventually(async () => expect((await api.call("muc_online_rooms", { service })).value).toEqual([]));
	});

	it("sees the log as it is written", async () => {
		await page.getByRole("link", { name: "Log" }).click();
		await page.getByText("live", { exact: true }).waitFor();
		api.beside.log("warn", "a nightingale, <i>not</i> a lark");
		await page.getByText("a nightingale, <i>not</i> a lark").waitFor();
		await page.getByLabel("Only lines with").fill("nightingale");
		expect(await page.locator(".log li").count()).toBe(1);
	});

	it("sees modules", async () => {
		await page.getByRole("link", { name: "Modules" }).click();
		await page.getByText("web_console").waitFor();
	});

	it("fits a narrow page", async () => {
		await page.setViewportSize({ width: 360, height: 700 });
		for (const name of ["Overview", "Rooms", "People", "Modules", "Log"]) {
			await page.getByRole("navigation").getByRole("link", { name }).click();
			await page.getByRole("heading", { level: 1 }).waitFor();
			expect([name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([name, 360]);
		}
	});

	it("logs out, and what is in the page is worth nothing any more", async () => {
		const sessions = (): number => api.exports.tokens.count_sessions();
		const before = sessions();
		await button("Log out").click();
		await page.getByLabel("Account").waitFor();
		expect(sessions()).toBe(before - 1);
	});

	it("comes in by the address that a newcomer gets, which keeps no token", async () => {
		const web_console = api.test.server.modulemanager.get_module("*", "web_console")?.exports;
		const { WebConsole } = await import("../../host/plugins/mod_web_console.ts");
		if (!(web_console instanceof WebConsole)) throw new Error("there is no console");
		const other = await browser.newPage();
		await other.goto(web_console.link(new URL(console_url).origin, admin));
		await other.getByRole("heading", { name: "Overview" }).waitFor({ timeout: patience });
		expect(other.url()).toBe(`${console_url}#/overview`);
		await other.close();
	});

	it("made no mistakes that the browser complains about", () => {
		// The settings that were wrong on purpose were answered with 400
		expect(complaints.filter((complaint) => !complaint.includes("400"))).toEqual([]);
	});
});

describe.skipIf(no_browser)("a page of another site", () => {
	let other: Server;
	let origin = "";

	beforeAll(async () => {
		other = createServer((_request, response) => {
			response.setHeader("Content-Type", "text/html");
			response.end(`<!DOCTYPE html><iframe src="${console_url}"></iframe>`);
		});
		await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
		origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
	});
	afterAll(() => void other?.close());

	it("can neither log in, nor call anything, nor show the console in a frame", async () => {
		const page = await browser.newPage();
		await page.goto(origin);
		const attempt = (url: string, headers: object, content: object): Promise<unknown> =>
			page.evaluate(
				`fetch(${JSON.stringify(url)}, { method: "POST", headers: ${JSON.stringify(headers)}, body: ${JSON.stringify(JSON.stringify(content))} }).then((answer) => answer.status, (error) => error.name)`,
			);
		const json = { "Content-Type": "application/json" };
		// The browser asks first, and gets no permission
		expect(await attempt(`${console_url}login`, json, { account: admin })).toBe("TypeError");
		expect(await attempt(`${api.url}/status`, { ...json, Authorization: `Bearer ${api.token(admin)}` }, {})).toBe("TypeError");
		// What it sends without asking is refused here
		expect(await attempt(`${console_url}login`, { "Content-Type": "text/plain" }, { account: admin })).toBe("TypeError");
		const frame = page.frames()[1];
		await eventually(async () => expect(await frame?.evaluate("document.querySelector('form') === null")).toBe(true));
		expect(await frame?.content()).not.toContain("Enjamb");
		await page.close();
	});
});
