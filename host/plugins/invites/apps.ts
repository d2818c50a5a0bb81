// Counterpart: the community's mod_register_apps.lua

import type { ModuleApi } from "../../core/types.ts";
import { html_escape } from "../../util/html.ts";
import type { TemplateValues } from "../../util/interpolation.ts";

/** A client that whoever is invited may use. */
export interface SiteApp {
	readonly id: string;
	readonly name: string;
	readonly text: string;
	readonly link: string;
	readonly platforms: readonly string[];
	/** It takes an invitation's URI, and makes the account itself. */
	readonly supports_preauth_uri: boolean;
	/** Where to send browsers instead, as a template: `{app.link!}`, `{invite.uri}`. */
	readonly magic_link_format: string | undefined;
	/** The same after the registration. */
	readonly login_link_format: string | undefined;
}

type Known = Pick<SiteApp, "name" | "text" | "link" | "platforms"> & Partial<SiteApp>;

/** What is offered where the configuration has no `site_apps`. */
const known_apps: readonly Known[] = [
	{
		name: "Conversations",
		text: "Chat with people and groups, encrypted, with calls and pictures.",
		link: "https://play.google.com/store/apps/details?id=eu.siacs.conversations",
		platforms: ["Android"],
		supports_preauth_uri: true,
		magic_link_format: "{app.link!}&referrer={invite.uri}",
	},
	{
		name: "Monal",
		text: "Chat from an iPhone, an iPad or a Mac, encrypted, with calls.",
		link: "https://apps.apple.com/app/id317711500",
		platforms: ["iOS", "macOS"],
		supports_preauth_uri: true,
	},
	{
		name: "Siskin IM",
		text: "A light client for iPhone and iPad.",
		link: "https://apps.apple.com/app/id1153516838",
		platforms: ["iOS"],
		supports_preauth_uri: true,
	},
	{
		name: "Dino",
		text: "A tidy client for the desktop.",
		link: "https://dino.im/",
		platforms: ["Linux"],
	},
	{
		name: "Gajim",
		text: "A client for the desktop that can do nearly everything.",
		link: "https://gajim.org/download/",
		platforms: ["Windows", "Linux", "macOS"],
		supports_preauth_uri: true,
	},
];

function text_of(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

function read_app(module: ModuleApi, given: unknown): SiteApp | undefined {
	if (typeof given !== "object" || given === null) {
		module.log("error", "Config option 'site_apps' holds %s: expected a table with name, text and link", given);
		return undefined;
	}
	const table: { readonly [key: string]: unknown } = { ...given };
	const name = text_of(table["name"]);
	if (name === undefined) {
		module.log("error", "Config option 'site_apps' holds an app without a name");
		return undefined;
	}
	const platforms = table["platforms"];
	return {
		id: text_of(table["id"]) ?? name.replaceAll(/[^A-Za-z0-9]+/g, "-").toLowerCase(),
		name,
		text: text_of(table["text"]) ?? "",
		link: text_of(table["link"]) ?? "",
		platforms: Array.isArray(platforms) ? platforms.filter((one): one is string => typeof one === "string") : [],
		supports_preauth_uri: table["supports_preauth_uri"] === true,
		magic_link_format: text_of(table["magic_link_format"]),
		login_link_format: text_of(table["login_link_format"]),
	};
}

/** The clients to offer, by id. Options: site_apps, site_apps_show, site_apps_hide. */
export function read_apps(module: ModuleApi): ReadonlyMap<string, SiteApp> {
	const shown = module.get_option_set("site_apps_show", []);
	const hidden = module.get_option_set("site_apps_hide", []);
	const apps = new Map<string, SiteApp>();
	for (const given of module.get_option_array("site_apps", [...known_apps])) {
		const app = read_app(module, given);
		if (app === undefined || apps.has(app.id) || hidden.has(app.id)) continue;
		if (shown.size === 0 || shown.has(app.id)) apps.set(app.id, app);
	}
	return apps;
}

/** An app as templates of links name it. */
export function app_values({ id, name, link }: SiteApp): TemplateValues {
	return { id, name, link };
}

/** A link that is no script; a page has `#` instead of one that is. */
export function safe_link(url: string): string {
	return /^(?:https?:|xmpp:|market:|intent:|[/?#]|[^:]*$)/i.test(url) ? html_escape(url) : "#";
}
