import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { first_conversation } from "../../host/cli/web_page.ts";
import { find_converse } from "../../host/plugins/conversejs/find.ts";
import { patience, start_test_server, type TestServer } from "../helper.ts";
import { RawHttp, request } from "../host/raw_http.ts";

const chromium_path = "/usr/bin/chromium";
const can_run = existsSync(chromium_path) && find_converse() !== undefined;
if (!can_run) console.warn("Chromium (/usr/bin/chromium) or the package converse.js is missing: nobody opens the web page");

let server: TestServer;
let browser: Browser;
let at = "";
let port = 0;

beforeAll(async () => {
	server = await start_test_server({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				http_default_host: "localhost",
				modules_enabled: ["disco", "roster", "saslauth", "ping", "websocket", "bosh"],
			},
			localhost: { modules_enabled: ["conversejs"], http_paths: { conversejs: "/" }, conversejs_options: first_conversation },
		},
	});
	port = server.server.addresses().find(({ service }) => service === "http")?.port ?? 0;
	at = `http://127.0.0.1:${port}/`;
	if (can_run) browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });
});

afterAll(async () => {
	await browser?.close();
	await server?.stop();
});

/** A tab in which somebody has logged in and is in the room. */
async function enter(name: string): Promise<Page> {
	const page = await browser.newPage();
	page.setDefaultTimeout(patience);
	const complaints: string[] = [];
	page.on("pageerror", (error) => complaints.push(error.message));
	await page.goto(at);
	await page.fill("input[name=jid]", `${name}@localhost`);
	await page.fill("input[name=password]", "any");
	await page.click("input[type=submit], button[type=submit]");
	await page.waitForSelector("textarea.chat-textarea");
	expect(complaints).toEqual([]);
	return page;
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

	it.skipIf(!can_run)("holds a conversation between two tabs", async () => {
		const romeo = await enter("romeo");
		const juliet = await enter("juliet");
		await say(romeo, "But soft!");
		await juliet.getByText("But soft!").waitFor();
		await say(juliet, "Ay me!");
		await romeo.getByText("Ay me!").waitFor();
		const screenshot = process.env["ENJAMB_SCREENSHOT"];
		if (screenshot !== undefined) await romeo.screenshot({ path: screenshot });
	});
});
