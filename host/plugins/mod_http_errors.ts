// Counterpart: plugins/mod_http_errors.lua

import type { ConfigValue } from "../core/config/config.ts";
import type { HttpErrorEvent, HttpMessageEvent, ModuleDefinition } from "../core/types.ts";
import { code_text } from "../util/http_codes.ts";
import { xml_escape } from "../util/stanza.ts";

/** Texts for some errors, by status, or `/` for a root that nobody serves. One of several texts is chosen by chance. */
const default_messages: ReadonlyMap<string, readonly string[]> = new Map([
	["400", ["This request makes no sense here."]],
	["403", ["You may not see this."]],
	["404", ["There is nothing at this address."]],
	["500", ["Something went wrong here, not at your end. The server's log says more."]],
	[
		"/",
		[
			"This is a chat server. Connect to it with an XMPP client.",
			"People talk here, by XMPP.",
			"Rooms are open. Bring an XMPP client.",
		],
	],
]);

/** Numbers and texts of `http_errors_messages`: lists of texts, in the first of which `%` stands for one of the others. */
function read_messages(option: ConfigValue | undefined): Map<string, readonly string[]> {
	const messages = new Map<string, readonly string[]>();
	if (typeof option !== "object") return messages;
	const entries = option instanceof Map ? [...option] : Array.isArray(option) ? [] : Object.entries(option);
	for (const [key, value] of entries) {
		const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === "string");
		if (texts.length > 0) messages.set(String(key), texts);
	}
	return messages;
}

function any_of(texts: readonly string[]): string {
	return texts[Math.floor(Math.random() * texts.length)] ?? "";
}

/** Puts one of the further texts wherever the first one has a `%`. */
function fill([first = "", ...others]: readonly string[]): string {
	return first.replaceAll("%", () => any_of(others));
}

/** A page with a heading and a message; everything but the icon is text, not HTML. */
function render({ title, message, warning, extra, icon_raw }: HttpMessageEvent): string {
	const heading = `${icon_raw === undefined ? "" : `${icon_raw} `}${xml_escape(title)}`;
	return [
		"<!DOCTYPE html>",
		'<html lang="en">',
		"<head>",
		'<meta charset="utf-8">',
		'<meta name="viewport" content="width=device-width">',
		`<title>${xml_escape(title)}</title>`,
		"<style>",
		":root { color-scheme: light dark; font-family: system-ui, sans-serif; }",
		"body { max-width: 40em; margin: 12vh auto; padding: 0 1em; text-align: center; }",
		".warning { border: 1px solid; padding: 0.5em; }",
		".extra { font-family: monospace; white-space: pre-wrap; }",
		"</style>",
		"</head>",
		"<body>",
		`<h1>${heading}</h1>`,
		`<p>${xml_escape(message)}</p>`,
		...(warning === undefined ? [] : [`<p class="warning">${xml_escape(warning)}</p>`]),
		...(extra === undefined ? [] : [`<p class="extra">${xml_escape(extra)}</p>`]),
		"</body>",
		"</html>",
		"",
	].join("\n");
}

/** Makes the pages for HTTP errors, and other pages that are to look the same (event `http-message`). */
export const definition: ModuleDefinition = {
	name: "http_errors",
	global: true,
	load(module) {
		const { events } = module.server.http_server;
		const show_private = module.get_option_boolean("http_errors_detailed", false);
		const always_serve = module.get_option_boolean("http_errors_always_show", true);
		const default_message = [module.get_option_string("http_errors_default_message", "That is all there is to say.")];
		const messages = new Map([...default_messages, ...read_messages(module.get_option("http_errors_messages"))]);

		function page(event: HttpErrorEvent): string | undefined {
			const { code, response } = event;
			if (response !== undefined) response.headers["content_type"] = "text/html; charset=utf-8";
			const texts = messages.get(String(code));
			if (texts === undefined && !always_serve) return undefined;
			const extra = (show_private ? event.private_message : undefined) ?? event.message ?? event.error?.text;
			const message = fill(texts ?? default_message);
			return render({ title: code_text(code), message, ...(extra === undefined ? {} : { extra }) });
		}

		module.hook_object_event(events, "http-error", page);
		// A root that nobody serves is not shown as an error: somebody checks whether the server runs.
		module.hook_object_event(
			events,
			"http-error",
			({ request, response }) => {
				if (request?.path !== "/" || response?.status_code !== 404) return undefined;
				response.status_code = 200;
				response.headers["content_type"] = "text/html; charset=utf-8";
				return render({ title: "Enjamb is running", message: any_of(messages.get("/") ?? []) });
			},
			1,
		);
		module.hook(
			"http-message",
			(event) => {
				if (event.response !== undefined) event.response.headers["content_type"] = "text/html; charset=utf-8";
				return render(event);
			},
			-1,
		);
	},
};
