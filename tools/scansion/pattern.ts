// No counterpart in Prosody: placeholders of its test player, https://matthewwild.co.uk/projects/scansion

import { failed, ok, type Result } from "../../host/util/error.ts";

/** What a text in a script accepts: itself, anything, or anything that is kept under a name. */
export type Pattern =
	| { readonly kind: "text"; readonly text: string }
	| { readonly kind: "any" }
	| { readonly kind: "capture"; readonly name: string };

/** Reads `{scansion:any}` and `{scansion:capture:name}`; the placeholder has to be the whole text. */
export function read_pattern(text: string): Result<Pattern, string> {
	const placeholder = /\{scansion:([^}]*)\}/.exec(text);
	if (placeholder === null) return ok({ kind: "text", text });
	const [whole, word = ""] = placeholder;
	const name = /^capture:(.+)$/.exec(word)?.[1];
	if (word !== "any" && name === undefined) return failed(`${whole}: expected {scansion:any} or {scansion:capture:name}`);
	if (whole !== text.trim()) return failed(`${text}: expected ${whole} to be the whole value`);
	return ok(name === undefined ? { kind: "any" } : { kind: "capture", name });
}
