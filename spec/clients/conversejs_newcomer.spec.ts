import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { find_converse } from "../../host/plugins/conversejs/find.ts";
import { free_port } from "../../tools/reference.ts";
import { eventually, patience } from "../helper.ts";
import { not_installed } from "../needs.ts";
import { type Newcomer, start_newcomer } from "./newcomer.ts";

const chromium_path = "/usr/bin/chromium";
const found = existsSync(chromium_path) && find_converse() !== undefined;
const no_browser = not_installed(
	found,
	"Chromium or the package converse.js",
	"nobody chats in a browser on a newcomer's server",
);

/** A picture of one point. */
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg==";

// In turn by TLS, where the browser is told to accept the certificate, and without
describe.skipIf(no_browser).each([true, false])("Converse.js on a newcomer's server, TLS: %s", (tls_only) => {
	const service = tls_only ? "https" : "http";
	let folder: string;
	let newcomer: Newcomer;
	let browser: Browser;
	let ports: Record<string, number>;
	/** What the consoles of the tabs have warned of, by name. */
	const complaints: string[] = [];
	const tabs = new Map<string, Page>();

	/** Both, once they are there. */
	function people(): [romeo: Page, juliet: Page] {
		const [romeo, juliet] = [tabs.get("romeo"), tabs.get("juliet")];
		if (romeo === undefined || juliet === undefined) throw new Error("nobody has logged in");
		return [romeo, juliet];
	}

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-converse-"));
		writeFileSync(join(folder, "picture.png"), Buffer.from(picture, "base64"));
		ports = { [service]: await free_port() };
		newcomer = await start();
		browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });
	});

	const start = (): Promise<Newcomer> => start_newcomer({ tls_only, data: join(folder, "data"), ports });

	afterAll(async () => {
		await browser?.close();
		await newcomer?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	/** A browser of its own in which somebody logs in, and is in the first room. */
	async function log_in(name: string, tab = name): Promise<Page> {
		const context = await browser.newContext({ ignoreHTTPSErrors: true });
		const page = await context.newPage();
		page.setDefaultTimeout(patience);
		page.on("console", (line) => {
			if (line.type() === "error" || line.type() === "warning") complaints.push(`${tab}: ${line.text()}`);
		});
		page.on("pageerror", (error) => complaints.push(`${tab}: ${error.message}`));
		page.on("requestfailed", (request) => complaints.push(`${tab}: ${request.url()}: ${request.failure()?.errorText}`));
		await page.goto(`${service}://localhost:${ports[service]}/`);
		await page.fill("input[name=jid]", `${name}@localhost`);
		await page.fill("input[name=password]", "any");
		await page.click("input[type=submit], button[type=submit]");
		await page.waitForSelector("converse-muc textarea.chat-textarea");
		tabs.set(tab, page);
		return page;
	}

	async function say(page: Page, text: string): Promise<void> {
		const box = page.locator("textarea.chat-textarea:visible");
		await box.fill(text);
		await box.press("Enter");
	}

	/** Waits until somebody sees these words in the conversation that is open. */
	const hears = (page: Page, text: string) =>
		page.locator("converse-chat-message-body:visible", { hasText: text }).first().waitFor();

	it("shares a file in a room", async () => {
		const [romeo, juliet] = [await log_in("romeo"), await log_in("juliet")];
		await romeo.locator("input[type=file]").first().setInputFiles(join(folder, "picture.png"));
		const seen = juliet.locator(`converse-chat-message img[src*="/file_share/"]:visible`);
		await seen.waitFor();
		const width = () => seen.evaluate((image) => "naturalWidth" in image && image.naturalWidth);
		await eventually(async () => expect(await width()).toBe(1));
	});

	it("adds a contact, and talks; a second browser sees both sides, then and before", async () => {
		const [romeo, juliet] = people();
		await romeo.click("#converse-roster converse-dropdown .dropdown-toggle");
		await romeo.click(".dropdown-item.add-contact");
		await romeo.fill("converse-add-contact-modal input[name=jid]", "juliet@localhost");
		await romeo.click("converse-add-contact-modal button[type=submit]");
		await juliet.click(".requesting-xmpp-contact .dropdown-toggle");
		await juliet.click(".accept-xmpp-request");
		await juliet.click("converse-accept-contact-request-modal button[type=submit]");
		await romeo.waitForSelector('.current-xmpp-contact[data-status="online"] [data-jid="juliet@localhost"]');
		await romeo.click('#converse-roster [data-jid="juliet@localhost"]');
		await say(romeo, "But soft!");
		await juliet.click('#converse-roster [data-jid="romeo@localhost"]');
		await hears(juliet, "But soft!");

		const second = await log_in("romeo", "romeo, second");
		await second.click('#converse-roster [data-jid="juliet@localhost"]');
		await hears(second, "But soft!");
		await say(juliet, "Ay me!");
		await Promise.all([hears(romeo, "Ay me!"), hears(second, "Ay me!")]);
		await say(romeo, "O, speak again");
		await hears(second, "O, speak again");
	});

	it("counts what somebody has not read", async () => {
		const [romeo, juliet] = people();
		await romeo.click(".open-room");
		await say(juliet, "Are you there?");
		const count = romeo.locator('#converse-roster [data-jid="juliet@localhost"] .msgs-indicator').first();
		await eventually(async () => expect(await count.innerText()).toBe("1"));
	});

	it("comes back when the server does, and finds the room and the conversation again", async () => {
		const [romeo, juliet] = people();
		await say(romeo, "Before");
		await juliet.click(".open-room");
		await hears(juliet, "Before");
		// Tabs say so when their connection is lost
		expect(complaints.splice(0)).toEqual([]);
		await newcomer.stop();
		newcomer = await start();
		await Promise.all([romeo, juliet].map((page) => page.waitForSelector("converse-muc textarea.chat-textarea:visible")));
		await say(romeo, "After");
		await hears(juliet, "After");
	});
});
