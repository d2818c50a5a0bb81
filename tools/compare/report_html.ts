// No counterpart: `enjamb compare --html`.

import { createHash } from "node:crypto";
import { xml_escape } from "../../host/util/stanza.ts";
import { page_index } from "./page/index.ts";
import { page_plays } from "./page/plays.ts";
import { page_script } from "./page/script.ts";
import { page_style } from "./page/style.ts";
import type { CompareResult } from "./types.ts";
import { visible } from "./words.ts";

/** JSON that may stand in a script element: nothing in it can end the element or begin a comment. */
function embedded_json(id: string, data: unknown): string {
	const text = JSON.stringify(data, (_, value: unknown) => (typeof value === "string" ? visible(value) : value));
	return `<script type="application/json" id="${id}">${text.replaceAll("<", "\\u003c")}</script>`;
}

function hash_of(text: string): string {
	return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/**
 * The whole run as one HTML page that loads nothing; its own policy allows no scripts and styles but its own. Stanzas are in it as
 * JSON and get shown as text. Steps are numbered from 1 in its anchors, such as `#play-3-step-12`; filters can be in the fragment,
 * too: `#status=different&client=Romeo&kind=join&text=status`. `?theme=dark` and `?theme=light` overrule what the system prefers. A
 * third server gets a column of its own; `#server=subject` and `#server=also` show one beside the reference.
 */
export function html_report(result: CompareResult, about: { readonly date: string; readonly command: string }): string {
	const policy = `default-src 'none'; style-src ${hash_of(page_style)}; script-src ${hash_of(page_script)}; base-uri 'none'; form-action 'none'`;
	const also = result.also ? ` and ${result.also.name}` : "";
	const title = xml_escape(visible(`${result.reference} and ${result.subject}${also} compared`));
	const play_data = page_plays(result);
	const plays = result.comparisons.map((_, number) => embedded_json(`data-${number + 1}`, play_data(number)));
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${page_style}</style>
</head>
<body>
<noscript>${title}. This page shows its contents with a script of its own, which is switched off in this browser.</noscript>
${embedded_json("index", page_index(result, about))}
${plays.join("\n")}
<script>${page_script}</script>
</body>
</html>
`;
}
