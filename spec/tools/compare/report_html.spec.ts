import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as join_path } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html_report } from "../../../tools/compare/report_html.ts";
import type { CompareResult } from "../../../tools/compare/types.ts";
import { not_installed } from "../../needs.ts";
import { type Browser, dump_dom, find_chromium, type Page, start_browser } from "./browser.ts";
import {
	comparison,
	comparisons,
	join,
	joined,
	large_comparison,
	other_codes,
	result_of,
	result_of_three,
	said,
	sends,
	small_comparison,
	third_name,
	three_comparisons,
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
			if (stanza) stanza.attr["evil"] = injections[index];
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
const no_chromium = not_installed(chromium, "chromium", "the page is not looked at in a browser");

describe.skipIf(no_chromium)("the page in a browser", () => {
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

	describe("on three servers", () => {
		const texts = (selector: string): string =>
			`[...document.querySelectorAll("${selector}")].map((element) => element.textContent)`;
		/** The lines of a step's stanzas, by column: what stands there, after `-` for a gap and `!` for a mark. */
		const lines = (step: string): string =>
			`["left", "right", "third"].map((column) => [...document.querySelectorAll("#${step} .stanza ." + column)].map((line) =>
				(line.classList.contains("gap") ? "-" : "") + (/line-[dk]/.test(line.className) ? "!" : "") + line.textContent))`;
		const three = (): CompareResult => result_of_three([three_comparisons([other_codes])], [other_codes]);

		it("has a column for each, with its own marks", async () => {
			await look(three(), "three", async (page, url) => {
				await page.open(`${url}#play-1-step-2`);
				expect(await page.evaluate(texts(".columns span"))).toEqual(["Prosody 0.12.3", "Enjamb 0.1.0", third_name]);
				const around = [
					`<presence from='room@conference.localhost/Romeo' to="\${Romeo's full JID}" id='made-up-110'>`,
					"<x xmlns='http://jabber.org/protocol/muc#user'>",
					"<item affiliation='owner' role='moderator'/>",
				];
				expect(await page.evaluate(lines("play-1-step-2"))).toEqual([
					[...around, "!<status code='110'/>", "-!", "-!", "-!", "</x>", "</presence>"],
					[
						...around.map((line) => line.replace("made-up-110", "made-up-100")),
						"!<status code='100'/>",
						"-",
						"-",
						"-",
						"</x>",
						"</presence>",
					],
					[...around, "<status code='110'/>", "!<hat>", "!<name>a</name>", "!</hat>", "</x>", "</presence>"],
				]);
				expect(await page.evaluate(texts("#play-1-step-2 .mark-k.value"))).toEqual(["110", "100"]);
				const tops = await page.evaluate(
					"[...document.querySelectorAll('#play-1-step-2 .rows .line')].map((line) => Math.round(line.getBoundingClientRect().top))",
				);
				if (!Array.isArray(tops)) throw new Error("expected a list");
				for (let row = 0; row < tops.length; row += 3) expect([tops[row + 1], tops[row + 2]]).toEqual([tops[row], tops[row]]);
			});
		});

		it("lists the differences of both, and reasons once", async () => {
			const known = [{ ...other_codes, matches: () => true }];
			await look(result_of_three([three_comparisons(known)], known), "three-notes", async (page, url) => {
				await page.open(`${url}#play-1-step-3`);
				const notes = await page.evaluate(texts("#play-1-step-3 .notes li"));
				expect(notes).toEqual([
					"text of message/body: Prosody sends “soft”, Enjamb “what light”known: other-status-codes This server counts in another way, and clients do not mind.",
					"text of message/body: Prosody sends “soft”, Enjamb with Prosody's rooms in Lua “what window”known: other-status-codes",
					"Enjamb with Prosody's rooms in Lua sends this message, Prosody does not" + "known: other-status-codes",
				]);
			});
		});

		it("says at the top how it went on each, and what concerns whom", async () => {
			await look(three(), "three-top", async (page, url) => {
				await page.open(url);
				expect(await page.evaluate("document.querySelector('h1').textContent")).toBe(
					`Prosody 0.12.3, Enjamb 0.1.0 and ${third_name}, given the same stanzas`,
				);
				expect(await page.evaluate(texts(".outcome h2, .outcome .verdict"))).toEqual([
					"Enjamb",
					"1 of 4 steps differs.",
					"Enjamb with Prosody's rooms in Lua",
					"3 of 4 steps differ.",
				]);
				expect(await page.evaluate(texts(".panel:first-child .whose"))).toEqual([
					"1× Enjamb1× Enjamb with Prosody's rooms in Lua",
					"Enjamb with Prosody's rooms in Lua",
					"Enjamb with Prosody's rooms in Lua",
					"Enjamb with Prosody's rooms in Lua",
				]);
			});
		});

		it("takes the worst of both, unless one is chosen", async () => {
			await look(three(), "three-filters", async (page, url) => {
				const pressed = texts(".statuses button");
				await page.open(url);
				expect(await step_ids(page)).toEqual(["play-1-step-2", "play-1-step-3", "play-1-step-4"]);
				expect(await page.evaluate(pressed)).toEqual(["all 4", "different 3", "known 0", "equal 1"]);
				await page.open(`${url}#server=subject&status=known`);
				expect(await step_ids(page)).toEqual(["play-1-step-2"]);
				expect(await page.evaluate(pressed)).toEqual(["all 4", "different 1", "known 1", "equal 2"]);
				expect(await page.evaluate(texts(".columns span"))).toEqual(["Prosody 0.12.3", "Enjamb 0.1.0"]);
				expect(await page.evaluate(lines("play-1-step-2"))).toMatchObject([{ length: 6 }, { length: 6 }, []]);
				expect(await page.evaluate(texts("#play-1-step-2 .pill"))).toEqual(["known difference"]);
				expect(await page.evaluate("document.querySelector('.play').className")).toBe("play different open");
				await page.open(`${url}#play-1-step-3&server=also`);
				expect(await page.evaluate(texts(".columns span"))).toEqual(["Prosody 0.12.3", third_name]);
				expect(await page.evaluate(texts("#play-1-step-3 .notes li"))).toHaveLength(2);
				expect(await page.evaluate(texts("#play-1-step-3 .value.core, #play-1-step-3 .text.mark-d"))).toEqual([
					"soft",
					"what window",
				]);
				await page.open(`${url}#play-1-step-4&server=subject&status=all`);
				expect(await page.evaluate(texts("#play-1-step-4 .pill"))).toEqual(["equal"]);
				await page.evaluate(
					"(() => { const choice = document.querySelector('select'); choice.value = ''; choice.dispatchEvent(new Event('change')); })()",
				);
				expect(await page.evaluate("location.hash")).toBe("#play-1-step-4&status=all");
				expect(await page.evaluate(texts("#play-1-step-4 .pill"))).toEqual(["different"]);
			});
		});

		it("shows the server's own stanzas only where it alone is looked at", async () => {
			const { own, third } = comparisons({ title: "Extra", source: "extra.scs" }, [
				{ step: join, reference: { Romeo: [said] }, also: { Romeo: [said, joined("110")] } },
			]);
			await look(result_of_three([{ own, third }]), "three-extra", async (page, url) => {
				await page.open(`${url}#play-1-step-1&server=subject&status=all`);
				expect(await page.evaluate(texts("#play-1-step-1 h4 .quiet"))).toEqual(["1 stanza, equal"]);
				await page.open(`${url}#play-1-step-1`);
				expect(await page.evaluate(texts("#play-1-step-1 h4 .quiet"))).toEqual(["2 stanzas"]);
			});
		});

		it("shows how connections end, and finds what only the third sends", async () => {
			const { own, third } = comparisons({ title: "Ends", source: "ends.scs" }, [
				{ step: join, reference: {}, subject_ended: { Romeo: "stream error reset" } },
				{ step: join, reference: {}, also: { Juliet: [said] } },
			]);
			await look(result_of_three([{ own, third }]), "three-ends", async (page, url) => {
				await page.open(`${url}#play-1-step-1`);
				expect(await page.evaluate(lines("play-1-step-1"))).toEqual([
					["!The connection stays."],
					["!The connection ends: stream error reset"],
					["The connection stays."],
				]);
				await page.open(`${url}#text=but%20soft`);
				expect(await step_ids(page)).toEqual(["play-1-step-2"]);
				await page.open(`${url}#client=Juliet`);
				expect(await step_ids(page)).toEqual(["play-1-step-2"]);
			});
		});

		it("remarks on another order by column", async () => {
			const [a, b] = [joined("110"), said];
			const { own, third } = comparisons({ title: "Order", source: "order.scs" }, [
				{ step: join, reference: { Romeo: [a, b] }, also: { Romeo: [b, a] } },
			]);
			await look(result_of_three([{ own, third }]), "three-order", async (page, url) => {
				await page.open(`${url}#play-1-step-1`);
				expect(await page.evaluate(texts(".remark"))).toEqual([
					"number 2 on the left, number 2 in the middle, number 1 on the right",
				]);
				await page.open(`${url}#play-1-step-1&server=also`);
				expect(await page.evaluate(texts(".remark"))).toEqual(["number 2 on the left, number 1 on the right"]);
			});
		});

		it("fits into a narrow window, and stops below the bar there", async () => {
			await look(three(), "three-narrow", async (page, url) => {
				await page.resize(900, 700);
				await page.open(`${url}#play-1-step-3`);
				expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(900);
				await page.evaluate("new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); })");
				const below = await page.evaluate(
					"document.querySelector('.current h3').getBoundingClientRect().top - document.querySelector('.open .columns').getBoundingClientRect().bottom",
				);
				expect(below).toBeGreaterThan(0);
			});
		});

		it("runs nothing that stands in what the third sends", async () => {
			const { comparisons: all, known } = hostile_result();
			const also = { name: `T ${injections.join(" ")}`, known, comparisons: all };
			await look({ ...hostile_result(), also }, "three-hostile", async (page, url) => {
				await page.open(`${url}#play-1-step-1&status=all`);
				expect(await page.evaluate("window.ran === undefined")).toBe(true);
				expect(await page.evaluate("document.querySelectorAll('img, svg, iframe').length")).toBe(0);
			});
		});
	});
});
