// Counterpart: util/caps.lua

import { createHash } from "node:crypto";
import { ns } from "./ns.ts";
import type { Stanza } from "./stanza.ts";

function by_bytes(a: string, b: string): number {
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function escape_lt(text: string): string {
	return text.replaceAll("<", "&lt;");
}

/** The verification string's hash of a disco#info query element, base64 of SHA-1. Source: XEP-0115 §5.1. */
export function calculate_hash(query: Stanza): string {
	const identities: string[] = [];
	const features: string[] = [];
	const forms: string[] = [];
	for (const tag of query.tags) {
		if (tag.name === "identity") {
			const { category = "", type = "", name = "" } = tag.attr;
			identities.push(`${escape_lt(category)}/${escape_lt(type)}/${escape_lt(tag.attr["xml:lang"] ?? "")}/${escape_lt(name)}`);
		} else if (tag.name === "feature") {
			features.push(escape_lt(tag.attr["var"] ?? ""));
		} else if (tag.name === "x" && tag.attr["xmlns"] === ns.data) {
			forms.push(form_string(tag));
		}
	}
	const parts = [...identities.sort(by_bytes), ...features.sort(by_bytes), ...forms.sort(by_bytes)];
	return createHash("sha1")
		.update(parts.map((part) => `${part}<`).join(""))
		.digest("base64");
}

function form_string(form: Stanza): string {
	let form_type = "";
	const fields: string[] = [];
	for (const field of form.tags) {
		const name = field.attr["var"];
		if (field.name !== "field" || name === undefined) continue;
		const values = field.tags.filter((tag) => tag.name === "value").map((tag) => escape_lt(tag.get_text() ?? ""));
		if (name === "FORM_TYPE") form_type = values[0] ?? "";
		else fields.push([escape_lt(name), ...values.sort(by_bytes)].join("<"));
	}
	return [form_type, ...fields.sort(by_bytes)].join("<");
}
