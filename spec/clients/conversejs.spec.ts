import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { first_conversation } from "../../host/cli/newcomer.ts";
import { find_converse } from "../../host/plugins/conversejs/find.ts";
import { free_port } from "../../tools/reference.ts";
import { eventually, patience, start_test_server, type TestServer } from "../helper.ts";
import { RawHttp, request } from "../host/raw_http.ts";
import { not_installed } from "../needs.ts";

const chromium_path = "/usr/bin/chromium";
const found = existsSync(chromium_path) && find_converse() !== undefined;
const no_browser = not_installed(found, "Chromium or the package converse.js", "nobody opens the web page");

let folder: string;
let server: TestServer;
let browser: Browser;
/** What went wrong in the tabs, by name. */
const complaints: string[] = [];
let at = "";
let port = 0;

/** Starts the server, at the port and on the data that there were before. */
async function start(): Promise<void> {
	server = await start_test_server({
		data_path: folder,
		config: {
			"*": {
				storage: "internal",
				http_ports: [port],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				http_default_host: "localhost",
				modules_enabled: ["disco", "roster", "saslauth", "ping", "websocket", "bosh"],
			},
			localhost: { modules_enabled: ["conversejs"], http_paths: { conversejs: "/" }, conversejs_options: first_conversation },
			"conference.localhost": { modules_enabled: ["muc_mam", "muc_moderation"] },
		},
	});
}

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-converse-"));
	port = await free_port();
	at = `http://127.0.0.1:${port}/`;
	await start();
	if (!no_browser) browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });
});

afterAll(async () => {
	await browser?.close();
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
});

/** A tab in which somebody has logged in and is in the room. */
async function enter(name: string): Promise<Page> {
	const page = await browser.newPage();
	page.setDefaultTimeout(patience);
	page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
	await page.goto(at);
	await page.fill("input[name=jid]", `${name}@localhost`);
	await page.fill("input[name=password]", "any");
	await page.click("input[type=submit], button[type=submit]");
	await page.waitForSelector("textarea.chat-textarea");
	return page;
}

/** A command of the room's menu. */
async function choose(page: Page, command: string): Promise<void> {
	await page.click("converse-muc-heading .dropdown-toggle");
	await page.click(`converse-muc-heading .${command}`);
}

/** Names of those whom a tab shows in the room. */
function occupants(page: Page): Promise<string[]> {
	return page.locator("converse-muc-occupants .occupant-nick").allInnerTexts();
}

async function say(page: Page, text: string): Promise<void> {
	await page.fill("textarea.chat-textarea", text);
	await page.press("textarea.chat-textarea", "Enter");
}

describe("the web page", () => {
	it("names what may run in it, and where else clients connect", async () => {
		const ask = async (target: string) => {
			const http = await RawHttp.connect(port);
			const answer = await http.ask(request("GET", target));
			http.destroy();
			return answer;
		};
		const page = await ask("/");
		expect(page?.headers.get("content-security-policy")).toContain("default-src 'self'; script-src 'self'");
		expect((await ask("/init.js"))?.body).toContain('"default_domain":"localhost","muc_domain":"conference.localhost"');
		// Where web connections are (XEP-0156)
		const json = await ask("/.well-known/host-meta.json");
		expect(json?.headers.get("access-control-allow-origin")).toBe("*");
		expect(JSON.parse(json?.body ?? "")).toEqual({
			links: [
				{ rel: "urn:xmpp:alt-connections:xbosh", href: `http://localhost:${port}/http-bind` },
				{ rel: "urn:xmpp:alt-connections:websocket", href: `ws://localhost:${port}/xmpp-websocket` },
			],
		});
		const xml = await ask("/.well-known/host-meta");
		expect(xml?.headers.get("content-type")).toBe("application/xrd+xml");
		expect(xml?.body).toContain(`<Link rel='urn:xmpp:alt-connections:websocket' href='ws://localhost:${port}/xmpp-websocket'/>`);
	});

	describe.skipIf(no_browser)("holds a conversation between two tabs", () => {
		let romeo: Page;
		let juliet: Page;

		it("that talk", async () => {
			romeo = await enter("romeo");
			juliet = await enter("juliet");
			await say(romeo, "But soft!");
			await juliet.getByText("But soft!").waitFor();
			await say(juliet, "Ay me!");
			await romeo.getByText("Ay me!").waitFor();
			const screenshot = process.env["ENJAMB_SCREENSHOT"];
			if (screenshot !== undefined) await romeo.screenshot({ path: screenshot });
		});

		it("the owner configures the room, gives it a picture and a subject", async () => {
			await choose(romeo, "configure-chatroom-button");
			await romeo.fill("input[name='muc#roomconfig_roomname']", "Capulet's orchard");
			await romeo.check("input[name='muc#roomconfig_persistentroom']");
			await romeo.setInputFiles("input[name=avatar_image]", join(import.meta.dirname, "conversejs.png"));
			await romeo.locator("form:has(input[name='muc#roomconfig_roomname']) [type=submit]").click();
			await juliet.getByRole("heading").getByText("Capulet's orchard").waitFor();
			await juliet.locator("converse-muc-heading converse-avatar image").waitFor();
			await say(romeo, "/topic What light?");
			await juliet.getByText("What light?").first().waitFor();
		});

		it("a moderator takes a message back", async () => {
			await say(juliet, "A word too much");
			const message = romeo.locator("converse-chat-message", { hasText: "A word too much" });
			await message.hover();
			await message.locator(".dropdown-toggle").click();
			await message.locator(".chat-msg__action-retract").click();
			await romeo.getByPlaceholder("Optional reason").fill("Not here");
			await romeo.getByText("Confirm").click();
			for (const page of [romeo, juliet]) {
				await page.getByText("romeo has removed a message").waitFor();
				expect(await page.getByText("A word too much").count()).toBe(0);
			}
		});

		it("somebody is kicked, comes back, and finds what was said in the archive", async () => {
			await say(romeo, "/kick juliet Too early");
			await juliet.getByText("You have been kicked from this groupchat").waitFor();
			await juliet.getByText("Too early").waitFor();
			await juliet.close();
			// A tab that knows nothing yet
			juliet = await enter("juliet");
			await juliet.getByText("Ay me!").waitFor();
			await juliet.getByText("romeo has removed a message").waitFor();
			expect(await juliet.getByText("A word too much").count()).toBe(0);
		});

		it("both are there again after the server was restarted", async () => {
			await server.stop();
			await start();
			await eventually(async () => expect((await occupants(romeo)).sort()).toEqual(["juliet", "romeo"]));
			await say(romeo, "Still here");
			await juliet.getByText("Still here").waitFor();
			await say(juliet, "So am I");
			await romeo.getByText("So am I").waitFor();
		});

		it("and somebody is banned", async () => {
			await say(romeo, "/ban juliet For good");
			await juliet.getByText("You have been banned from this groupchat").waitFor();
			await eventually(async () => expect(await occupants(romeo)).toEqual(["romeo"]));
		});

		it("without mistakes in the page", () => expect(complaints).toEqual([]));
	});
});
