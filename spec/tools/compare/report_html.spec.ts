import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as join_path } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html_report } from "../../../tools/compare/report_html.ts";
import type { CompareResult } from "../../../tools/compare/types.ts";
import { type Browser, dump_dom, find_chromium, type Page, start_browser } from "./browser.ts";
import {
	comparison,
	join,
	joined,
	large_comparison,
	other_codes,
	result_of,
	said,
	sends,
	small_comparison,
} from "./report_fixture.ts";

const about = { date: "2026-11-01", command: "enjamb compare scripts --html page.html" };

/** Ways out of text into markup; each would set `ran` if it got out. */
const injections = [
	"</script><script>window.ran = 1</script>",
	"<img src=x onerror='window.ran = 1'>",
	"<!--<script>window.ran = 1</script>",
	"]]><svg onload=window.ran=1>",
	"\"'><iframe src='javascript:parent.ran=1'></iframe>",
	"javascript:window.ran=1",
];

/** A result in which all that comes from elsewhere tries to get out. */
function hostile_result(): CompareResult {
	const evil = injections.join(" ");
	const known = { ...other_codes, id: `known ${evil}`, reason: evil };
	const body = `<message from='r/a' subject='&lt;/script>&lt;img src=x onerror=window.ran=1>'><body>evil</body></message>`;
	const played = comparison(
		{ title: `title ${evil}`, source: `source ${evil}`, players: [`Romeo ${evil}`] },
		injections.flatMap((injection) => [
			{
				step: sends(`Romeo ${evil}`, `label ${evil}`, `${injection} <not-closed>`),
				reference: { [`Romeo ${evil}`]: [body, joined("110")] },
				subject: { [`Romeo ${evil}`]: [body, joined("100")] },
				subject_ended: { [`Romeo ${evil}`]: evil },
			},
		]),
		[known],
	);
	for (const [index, received] of played.subject.steps.entries()) {
		const [message] = received[0]?.stanzas ?? [];
		for (const stanza of [message, message?.first_tag]) {
			if (stanza) stanza.attrs["evil"] = injections[index];
		}
		message?.first_tag?.append_parsed(injections[index] ?? "");
	}
	return result_of([played], { reference: `R ${evil}`, subject: `S ${evil}`, known: [known], outdated: [known], shrunk: [evil] });
}

describe("the page", () => {
	it("loads nothing, and allows no script but its own", () => {
		const page = html_report(result_of([small_comparison()]), about);
		expect(page).toMatch(
			/Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/,
		);
		expect(page.match(/<(link|img|iframe|object|embed)\b|\ssrc=|\shref="http/g)).toBeNull();
	});

	it("has one block of data a play, that nothing in it can end", () => {
		const page = html_report(hostile_result(), { date: injections.join(), command: injections.join() });
		const blocks = [...page.matchAll(/<script type="application\/json" id="([^"]+)">(.*?)<\/script>/gs)];
		expect(blocks.map(([, id]) => id)).toEqual(["index", "data-1"]);
		for (const [, , text] of blocks) {
			expect(text).not.toContain("<");
			expect(() => JSON.parse(text ?? "")).not.toThrow();
		}
		expect(page.match(/<\/script/g)).toHaveLength(3);
		expect(page.match(/<script/g)).toHaveLength(3);
	});

	it("is made of a run without plays, too", () => {
		expect(html_report(result_of([]), about)).toContain('"plays":[]');
	});
});

const chromium = find_chromium();
if (chromium === undefined)
	console.warn("skipped: the page in a browser, since there is no chromium on the PATH (apt-get install chromium)");

describe.skipIf(chromium === undefined)("the page in a browser", () => {
	let folder = "";
	let browser: Browser | undefined;
	beforeAll(async () => {
		folder = await mkdtemp(join_path(tmpdir(), "enjamb-page-"));
		browser = await start_browser(chromium ?? "");
	});
	afterAll(async () => {
		await browser?.stop();
		await rm(folder, { recursive: true, force: true });
	});

	async function url_of(result: CompareResult, name: string): Promise<string> {
		const file = join_path(folder, `${name}.html`);
		await writeFile(file, html_report(result, about));
		return pathToFileURL(file).href;
	}

	/** Opens a page and looks at it; fails where the page complains of anything. */
	async function look(result: CompareResult, name: string, use: (page: Page, url: string) => Promise<void>): Promise<void> {
		if (!browser) throw new Error("there is no browser");
		const { page } = browser;
		await page.resize(1400, 1000);
		await use(page, await url_of(result, name));
		expect(page.complaints()).toEqual([]);
	}

	const step_ids = (page: Page): Promise<unknown> =>
		page.evaluate("[...document.querySelectorAll('.step')].map((step) => step.id)");

	it("shows the differences at first, and what a filter in the address asks for", async () => {
		const url = await url_of(result_of([small_comparison([other_codes])], { known: [other_codes] }), "dump");
		const first = await dump_dom(chromium ?? "", url);
		expect(first).toContain('id="play-1-step-3"');
		expect(first).not.toContain('id="play-1-step-1"');
		expect(first).toContain("Prosody sends this message, Enjamb does not");
		const known = await dump_dom(chromium ?? "", `${url}#status=known`);
		expect(known).toContain('id="play-1-step-2"');
		expect(known).not.toContain('id="play-1-step-3"');
		expect(known).toMatch(/<span class="value mark-k">1[01]0<\/span>/);
		expect(known).toContain("This server counts in another way, and clients do not mind.");
		const different = await dump_dom(chromium ?? "", `${url}#status=different`);
		expect(different).toContain('id="play-1-step-3"');
		expect(different).not.toContain('id="play-1-step-2"');
	});

	it("runs nothing that stands in stanzas, names or reasons", async () => {
		const dom = await dump_dom(chromium ?? "", await url_of(hostile_result(), "hostile-dump"));
		expect(dom).toContain("&lt;img src=x onerror=");
		expect(dom.match(/<(img|svg|iframe)\b/g)).toBeNull();
		await look(hostile_result(), "hostile", async (page, url) => {
			await page.open(`${url}#play-1-step-1&status=all`);
			await page.until("document.querySelectorAll('.step[data-filled]').length > 4");
			await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
			expect(await page.evaluate("window.ran === undefined")).toBe(true);
			expect(await page.evaluate("document.querySelectorAll('img, svg, iframe').length")).toBe(0);
			expect(await page.evaluate("document.querySelectorAll('script').length")).toBe(3);
			const links = await page.evaluate(
				"[...document.querySelectorAll('a')].filter((link) => !link.getAttribute('href').startsWith('#')).length",
			);
			expect(links).toBe(0);
			const text = String(await page.evaluate("document.body.innerText"));
			expect(text).toContain("<img src=x onerror='window.ran = 1'>");
		});
	});

	it("marks the attribute that differs, on both sides", async () => {
		await look(result_of([small_comparison()]), "marks", async (page, url) => {
			await page.open(`${url}#play-1-step-2`);
			const marked = await page.evaluate(
				"[...document.querySelectorAll('#play-1-step-2 .value.mark-d')].map((piece) => piece.textContent)",
			);
			expect(marked).toEqual(["110", "100"]);
			expect(await page.evaluate("document.querySelector('#play-1-step-2').classList.contains('current')")).toBe(true);
			const lines = "[...document.querySelectorAll('#play-1-step-2 .line-d')].map((line) => line.textContent)";
			expect(await page.evaluate(lines)).toEqual(["<status code='110'/>", "<status code='100'/>"]);
		});
	});

	it("leaves a gap opposite of what only one server sends", async () => {
		const extra = comparison({ title: "Extra", source: "extra.scs" }, [
			{ step: join, reference: { Romeo: [joined("110")] }, subject: { Romeo: [joined("110", "<hat><name>a</name></hat>")] } },
		]);
		await look(result_of([extra]), "gap", async (page, url) => {
			await page.open(url);
			const lines = "[...document.querySelectorAll('.line-d')].map((line) => [line.className.includes('gap'), line.textContent])";
			expect(await page.evaluate(lines)).toEqual([
				[true, ""],
				[false, "<hat>"],
				[true, ""],
				[false, "<name>a</name>"],
				[true, ""],
				[false, "</hat>"],
			]);
		});
	});

	it("filters by client, kind, text and reason, and keeps filters in the address", async () => {
		const other = comparison({ title: "Other", source: "other.scs", players: ["Nurse"] }, [
			{ step: sends("Nurse", "call", "<message id='call'><body>Madam!</body></message>"), reference: { Nurse: [said] } },
		]);
		await look(result_of([small_comparison([other_codes]), other], { known: [other_codes] }), "filters", async (page, url) => {
			const shown = async (hash: string): Promise<unknown> => {
				await page.open(`${url}#${hash}`);
				return step_ids(page);
			};
			expect(await shown("status=all&client=Nurse")).toEqual(["play-2-step-1"]);
			expect(await shown("status=all&kind=join")).toEqual(["play-1-step-2"]);
			expect(await shown("status=all&text=madam!")).toEqual(["play-2-step-1"]);
			expect(await page.evaluate("document.querySelector('mark').textContent")).toBe("Madam!");
			expect(await shown("status=all&text=code%3D'100'")).toEqual(["play-1-step-2"]);
			expect(await shown("status=all&only=known%3Aother-status-codes")).toEqual(["play-1-step-2"]);
			expect(await shown("only=1")).toEqual(["play-1-step-3"]);
			expect(await shown("status=equal&client=Romeo&kind=join")).toEqual([]);
			expect(await page.evaluate("document.querySelector('.empty').hidden")).toBe(false);
			await page.evaluate("document.querySelector('.statuses .known').click()");
			expect(await page.evaluate("location.hash")).toBe("#status=known&client=Romeo&kind=join");
			expect(await step_ids(page)).toEqual(["play-1-step-2"]);
		});
	});

	it("finds what is typed", async () => {
		await look(result_of([small_comparison()]), "search", async (page, url) => {
			await page.open(`${url}#status=all`);
			await page.press("/");
			for (const key of "soft") await page.press(key);
			await page.until("location.hash.includes('text=soft')");
			expect(await step_ids(page)).toEqual(["play-1-step-1", "play-1-step-2", "play-1-step-3"]);
			expect(await page.evaluate("document.querySelectorAll('mark').length > 0")).toBe(true);
		});
	});

	it("goes from difference to difference with j and k", async () => {
		const plays = [
			small_comparison(),
			comparison({ title: "Equal", source: "e.scs" }, [{ step: join, reference: {} }]),
			small_comparison(),
		];
		await look(result_of(plays), "keys", async (page, url) => {
			await page.open(`${url}#status=all`);
			const visited: unknown[] = [];
			for (const key of "jjjjjkkk") {
				await page.press(key);
				visited.push(await page.evaluate("document.querySelector('.current').id"));
			}
			const [a, b, c, d] = ["play-1-step-2", "play-1-step-3", "play-3-step-2", "play-3-step-3"];
			expect(visited).toEqual([a, b, c, d, d, c, b, a]);
			expect(await page.evaluate("location.hash")).toBe(`#${a}&status=all`);
			expect(await page.evaluate("document.querySelector('.position').textContent")).toBe("1 of 4");
		});
	});

	it("shows the step of a link even if it is equal", async () => {
		await look(result_of([small_comparison()]), "link", async (page, url) => {
			await page.open(`${url}#play-1-step-1`);
			expect(await page.evaluate("document.querySelector('.current').id")).toBe("play-1-step-1");
			await page.open(`${url}#play-9-step-1`);
			expect(await step_ids(page)).toEqual(["play-1-step-2", "play-1-step-3"]);
		});
	});

	it("shows all when nothing differs, and an empty run", async () => {
		const equal = comparison({ title: "Equal", source: "e.scs" }, [{ step: join, reference: { Romeo: [joined("110")] } }]);
		await look(result_of([equal]), "equal", async (page, url) => {
			await page.open(url);
			expect(await page.evaluate("document.querySelector('.verdict').textContent")).toBe("The one step is equal.");
			expect(await page.evaluate("document.querySelector('.play').hidden")).toBe(false);
		});
		await look(result_of([]), "empty", async (page, url) => {
			await page.open(url);
			expect(await page.evaluate("document.querySelector('.verdict').textContent")).toBe("Nothing was compared.");
		});
	});

	it("makes stanzas only of the steps that are looked at", async () => {
		await look(result_of([large_comparison(3000)]), "large", async (page, url) => {
			await page.open(url);
			expect(await page.evaluate("document.querySelectorAll('.step').length")).toBe(3000);
			const filled = "document.querySelectorAll('.step[data-filled]').length";
			expect(await page.evaluate(`${filled} < 100`)).toBe(true);
			await page.open(`${url}#play-1-step-2500`);
			expect(await page.evaluate("document.querySelector('.current .text.mark-d').textContent")).toBe("2499");
			expect(await page.evaluate(`${filled} < 100`)).toBe(true);
		});
	});

	it("stands still at the step of a link while others around it are made", async () => {
		const long = comparison(
			{ title: "Long", source: "long.scs" },
			Array.from({ length: 300 }, (_, number) => ({
				step: join,
				reference: { Romeo: number % 7 === 0 ? [joined("110"), said, said] : [] },
			})),
		);
		await look(result_of([long]), "still", async (page, url) => {
			await page.open(`${url}#play-1-step-200`);
			await page.evaluate("new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); })");
			const top = Number(await page.evaluate("document.querySelector('.current').getBoundingClientRect().top"));
			expect(top).toBeGreaterThan(50);
			expect(top).toBeLessThan(200);
		});
	});

	it("is as wide as a narrow window allows, light or dark", async () => {
		await look(result_of([small_comparison()]), "themes", async (page, url) => {
			const background = "getComputedStyle(document.body).backgroundColor";
			await page.open(`${url}?theme=dark`);
			const dark = await page.evaluate(background);
			await page.open(`${url}?theme=light`);
			expect(await page.evaluate(background)).not.toBe(dark);
			await page.resize(900, 700);
			expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(900);
		});
	});
});
