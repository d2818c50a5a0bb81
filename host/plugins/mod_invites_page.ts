// Counterpart: the community's mod_invites_page.lua

import type { HttpEvent, Invite, ModuleDefinition, ValidInvite } from "../core/types.ts";
import { html_escape } from "../util/html.ts";
import { urlencode } from "../util/http.ts";
import { render, type TemplateValues } from "../util/interpolation.ts";
import { app_values, read_apps, type SiteApp, safe_link } from "./invites/apps.ts";
import { html_page, secure_page } from "./invites/pages.ts";

declare module "../core/types.ts" {
	interface ModuleExports {
		invites_page: {
			/** The page of invitations, without a token. */
			url(): string;
		};
	}
}

const filters = { urlescape: urlencode, noscheme: (url: string): string => url.replace(/^[^:]+:/, "") };

function invite_values({ token, uri, type, inviter }: ValidInvite): TemplateValues {
	return { token, uri, type, inviter };
}

/** Pages for people in browsers who were invited. Options: invites_page, invites_page_external, invites_registration_page, site_name. */
export const definition: ModuleDefinition = {
	name: "invites_page",
	load(module) {
		const site_name = module.get_option_string("site_name", module.host);
		const is_elsewhere = module.get_option_boolean("invites_page_external", false);
		const invites = module.depends("invites");
		if (!is_elsewhere) module.depends("http");
		const base_url = (): string => module.http_url().replace(/\/$/, "");
		const page_template = module.get_option_string("invites_page");
		const register_template = module.get_option_string("invites_registration_page", "register?t={invite.token}&c={app.id}");
		module.hook("invite-created", add_landing_url);

		/** Those that only make contacts have no page: clients have one of their own (XEP-0401). */
		function add_landing_url(invite: Invite): void {
			if (!invite.allow_registration || (is_elsewhere && page_template === undefined)) return;
			const { token, uri, jid, type } = invite;
			const template = page_template ?? `${base_url()}?{invite.token}`;
			invite.landing_page = render(template, { host: module.host, invite: { token, uri, jid, type } }, urlencode, filters);
		}

		if (is_elsewhere) return { url: () => page_template ?? "" };
		const apps = read_apps(module);

		/** Where an app's button leads to. */
		function proceed_url(app: SiteApp, invite: ValidInvite): string {
			const values = { app: app_values(app), invite: invite_values(invite), base_url: base_url() };
			if (app.magic_link_format !== undefined) return render(app.magic_link_format, values, urlencode, filters);
			if (app.supports_preauth_uri) return `${base_url()}/setup/${urlencode(app.id)}?${urlencode(invite.token)}`;
			return render(register_template, values, urlencode, filters);
		}

		function card(app: SiteApp, invite: ValidInvite): string {
			const platforms = app.platforms.length > 0 ? ` <small>${html_escape(app.platforms.join(", "))}</small>` : "";
			return (
				`<article><h2>${html_escape(app.name)}${platforms}</h2><p>${html_escape(app.text)}</p>` +
				`<a class="button" href="${safe_link(proceed_url(app, invite))}">Use ${html_escape(app.name)}</a></article>`
			);
		}

		function invalid_page({ response }: HttpEvent): string {
			secure_page(response);
			response.status_code = 404;
			return html_page("This invitation is not valid", "<p>It was used already, or its time is over. Ask for another one.</p>");
		}

		function invited_by({ inviter }: ValidInvite): string {
			return inviter === undefined ? "" : ` by <b>${html_escape(inviter)}</b>`;
		}

		function serve_invite({ request, response }: HttpEvent): string {
			const invite = invites.get(request.url.query);
			if (!invite.ok) return invalid_page({ request, response });
			secure_page(response);
			const { uri, additional_data } = invite.value;
			response.headers["link"] = `<${uri}>; rel="alternate"`;
			if (typeof additional_data?.["allow_reset"] === "string") return reset_page(invite.value);
			const register = render(register_template, { invite: invite_values(invite.value) }, urlencode, filters);
			return html_page(
				`Invitation to ${site_name}`,
				`<p>You were invited${invited_by(invite.value)} to chat on ${html_escape(site_name)}, which is part of XMPP, a network of many
				servers.</p><p>If you have a client, <a class="button" href="${safe_link(uri)}">open the invitation</a> in it. Otherwise
				choose one:</p>${[...apps.values()].map((app) => card(app, invite.value)).join("")}
				<p>Or <a href="${safe_link(register)}">register an account here</a>, and use any client.</p>`,
			);
		}

		function reset_page(invite: ValidInvite): string {
			const register = render(register_template, { invite: invite_values(invite) }, urlencode, filters);
			return html_page(
				`A new password on ${site_name}`,
				`<p><a class="button" href="${safe_link(register)}">Choose a new password</a></p>`,
			);
		}

		function serve_setup({ request, response }: HttpEvent, id: string | undefined): string {
			const invite = invites.get(request.url.query);
			const app = apps.get(id ?? "");
			if (!invite.ok || app === undefined) return invalid_page({ request, response });
			secure_page(response);
			return html_page(
				`Join ${site_name} with ${app.name}`,
				`<article><h2>1. Install ${html_escape(app.name)}</h2><p>${html_escape(app.text)}</p>
				<p><a class="button" href="${safe_link(app.link)}" target="_blank" rel="noopener">Get ${html_escape(app.name)}</a></p></article>
				<article><h2>2. Make your account</h2><p>Then come back to this page, and open the invitation with it.</p>
				<p><a class="button" href="${safe_link(invite.value.uri)}">Open the invitation</a></p></article>`,
			);
		}

		module.provides("http", {
			cors: { enabled: false },
			route: { GET: serve_invite, "GET /setup/*": serve_setup },
		});
		return { url: base_url };
	},
};
