// No counterpart: the community's modules have templates with Bootstrap, jQuery and pictures of others.

import type { HttpResponse } from "../../core/types.ts";
import { html_escape } from "../../util/html.ts";

const style = `:root { color-scheme: light dark; --accent: #0b6bcb; --line: color-mix(in srgb, CanvasText 20%, Canvas);
	font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 0; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
a.button, button { display: inline-block; background: var(--accent); color: #fff; border: 0; border-radius: .4rem; padding: .5rem 1rem;
	font: inherit; text-decoration: none; cursor: pointer; }
a.button:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
label { display: block; margin: 1rem 0 .2rem; } input { font: inherit; padding: .4rem; width: 100%; box-sizing: border-box; }
.message { border-left: .3rem solid #c62828; padding: .5rem 1rem; } small { opacity: .7; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }`;

/** A whole page; `body` is HTML. */
export function html_page(title: string, body: string): string {
	return [
		"<!DOCTYPE html>",
		'<html lang="en"><head><meta charset="utf-8">',
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		`<meta name="robots" content="noindex"><title>${html_escape(title)}</title>`,
		`<style>${style}</style></head>`,
		`<body><main><h1>${html_escape(title)}</h1>${body}</main></body></html>`,
		"",
	].join("\n");
}

/** What goes with such a page: it has no scripts, loads nothing, is kept nowhere, and tells nobody its address, which is a secret. */
export function secure_page({ headers }: HttpResponse): void {
	headers["content_type"] = "text/html; charset=utf-8";
	headers["content_security_policy"] =
		"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
	headers["x_content_type_options"] = "nosniff";
	headers["referrer_policy"] = "no-referrer";
	headers["cache_control"] = "no-store";
}

/** A field to fill in. */
export interface FormField {
	readonly name: string;
	readonly label: string;
	readonly hint: string;
	readonly attributes: string;
}

/** A form with its fields and what is sent along. */
export function html_form(
	fields: readonly FormField[],
	hidden: { readonly [name: string]: string | undefined },
	button: string,
): string {
	const shown = fields.map(
		({ name, label, hint, attributes }) =>
			`<label for="${name}">${html_escape(label)}</label><input id="${name}" name="${name}" required ${attributes}>` +
			`<small>${html_escape(hint)}</small>`,
	);
	const kept = Object.entries(hidden).map(([name, value]) =>
		value === undefined ? "" : `<input type="hidden" name="${name}" value="${html_escape(value)}">`,
	);
	return `<form method="post">${shown.join("")}${kept.join("")}<p><button>${html_escape(button)}</button></p></form>`;
}

export function html_message(text: string | undefined): string {
	return text === undefined ? "" : `<p class="message" role="alert">${html_escape(text)}</p>`;
}
