// Counterpart: the community's mod_invites_register_web.lua

import type { HttpEvent, ModuleDefinition, Password, ValidInvite } from "../core/types.ts";
import { nodeprep } from "../util/encodings.ts";
import { html_escape } from "../util/html.ts";
import { formdecode, urlencode } from "../util/http.ts";
import { short as new_id } from "../util/id.ts";
import { render } from "../util/interpolation.ts";
import { go_on, promised } from "../util/waiting.ts";
import { app_values, read_apps, type SiteApp, safe_link } from "./invites/apps.ts";
import { type FormField, html_form, html_message, html_page, secure_page } from "./invites/pages.ts";
import { read_password_policy } from "./invites/password_policy.ts";
import type { UserRegistering } from "./mod_register_ibr.ts";

/** What was sent, by field. */
function read_form(text: string | undefined): ReadonlyMap<string, string> {
	const decoded = text === undefined ? "" : formdecode(text);
	return typeof decoded === "string" ? new Map() : decoded.values;
}

function allow_reset({ additional_data }: ValidInvite): string | undefined {
	const reset = additional_data?.["allow_reset"];
	return typeof reset === "string" ? reset : undefined;
}

/** A form in browsers by which people who were invited make their account. Options: site_name, webchat_url, password_policy. */
export const definition: ModuleDefinition = {
	name: "invites_register_web",
	load(module) {
		const { usermanager } = module.server;
		const site_name = module.get_option_string("site_name", module.host);
		const apps = read_apps(module);
		const policy = read_password_policy(module);
		module.depends("http");
		const invites = module.depends("invites");
		const page = module.depends("invites_page");

		function webchat_url(): string | undefined {
			const given = module.get_option_string("webchat_url");
			if (given !== undefined) return given;
			return module.server.hosts.get(module.host)?.modules.has("conversejs")
				? module.http_url("conversejs", "/conversejs")
				: undefined;
		}

		/** The page of invitations says what is wrong with one. */
		function to_invite_page(token: string): { status_code: number; headers: { location: string } } {
			return { status_code: 303, headers: { location: `${page.url()}?${urlencode(token)}` } };
		}

		function form_page({ response }: HttpEvent, invite: ValidInvite, app: SiteApp | undefined, message?: string): string {
			secure_page(response);
			if (message !== undefined) response.status_code = 422;
			const reset = allow_reset(invite);
			const username: FormField = {
				name: "user",
				label: "Username",
				hint: `Your address will be the username, and @${module.host} behind it.`,
				attributes: `autocomplete="username" autofocus maxlength="100" value="${html_escape(invite.type === "register" ? (invite.username ?? "") : "")}"`,
			};
			const password: FormField = {
				name: "password",
				label: "Password",
				hint: `At least ${policy.length} characters, and used nowhere else.`,
				attributes: `type="password" autocomplete="new-password" minlength="${policy.length}"`,
			};
			const hidden = { token: invite.token, app_id: app?.id, user: reset };
			const title = reset === undefined ? `Register on ${site_name}` : `A new password for ${reset}@${module.host}`;
			const open_app = app?.supports_preauth_uri
				? `<p><a class="button" href="${safe_link(invite.uri)}">Open ${html_escape(app.name)} instead</a></p>`
				: "";
			const fields = reset === undefined ? [username, password] : [password];
			return html_page(title, `${html_message(message)}${open_app}${html_form(fields, hidden, "Submit")}`);
		}

		function error_page({ response }: HttpEvent, message: string): string {
			secure_page(response);
			response.status_code = 403;
			return html_page(`Register on ${site_name}`, html_message(message));
		}

		function success_page(event: HttpEvent, username: string, app: SiteApp | undefined): unknown {
			if (app?.login_link_format !== undefined) {
				const values = { site_name, username, domain: module.host, app: app_values(app) };
				return { status_code: 303, headers: { location: render(app.login_link_format, values, urlencode) } };
			}
			secure_page(event.response);
			const chat = webchat_url();
			const link = chat === undefined ? "" : `<p><a class="button" href="${safe_link(chat)}">Chat in the browser</a></p>`;
			const get =
				app === undefined ? "" : `<p><a class="button" href="${safe_link(app.link)}">Get ${html_escape(app.name)}</a></p>`;
			return html_page(
				`Welcome to ${site_name}`,
				`<p>Log in with this address, and the password that you chose:</p>
				<dl><dt>Address</dt><dd>${html_escape(`${username}@${module.host}`)}</dd></dl>${get}${link}`,
			);
		}

		/** Makes the account, or sets the password; answers with why not. */
		function make_account(user: UserRegistering, invite: ValidInvite, password: Password): string | undefined {
			const { username, ip } = user;
			const is_reset = user.allow_reset === username && usermanager.user_exists(username, module.host);
			const made = is_reset
				? usermanager.set_password(username, module.host, password)
				: usermanager.create_user_with_role(username, module.host, password, user.role);
			if (!made.ok) {
				const id = new_id();
				module.log("warn", "Registration failed (%s): %s", id, made.error);
				return `An unknown error has occurred (${id})`;
			}
			if (is_reset) module.fire_event("user-password-reset", user);
			else {
				const source = `mod_${module.name}`;
				module.fire_event("user-registered", { username, host: module.host, source, ip, validated_invite: invite });
			}
			return undefined;
		}

		function register(event: HttpEvent, invite: ValidInvite, form: ReadonlyMap<string, string>): unknown {
			const app = apps.get(form.get("app_id") ?? "");
			const given = form.get("user") ?? "";
			const password = form.get("password") ?? "";
			if (given === "" || password === "") return form_page(event, invite, app, "Please fill in all fields.");
			const username = nodeprep(given, true);
			if (username === undefined || username === "") {
				return form_page(event, invite, app, "This username contains invalid characters.");
			}
			if (usermanager.user_exists(username, module.host) && allow_reset(invite) !== username) {
				return form_page(event, invite, app, "This username is already in use.");
			}
			const problem = policy.problem(password, username);
			if (problem !== undefined) return form_page(event, invite, app, problem);
			const user: UserRegistering = {
				username,
				password,
				host: module.host,
				additional: {},
				ip: event.request.ip,
				session: undefined,
				role: module.get_option_string("register_ibr_default_role", "prosody:registered"),
				allowed: true,
				validated_invite: invite,
			};
			const answer = go_on(module.fire_waiting("user-registering", user), () => {
				if (!user.allowed) return error_page(event, user.error?.text ?? user.reason ?? "Registration is not allowed.");
				return go_on(usermanager.hash_password(username, module.host, password, event.request.ip), (hashed) => {
					const refused = hashed.ok ? make_account(user, invite, hashed.value) : hashed.error;
					return refused === undefined ? success_page(event, username, app) : error_page(event, refused);
				});
			});
			return promised(answer);
		}

		module.provides("http", {
			default_path: "/register",
			cors: { enabled: false },
			route: {
				GET: (event) => {
					const query = read_form(event.request.url.query);
					const token = query.get("t") ?? "";
					const invite = invites.get(token);
					return invite.ok ? form_page(event, invite.value, apps.get(query.get("c") ?? "")) : to_invite_page(token);
				},
				POST: (event) => {
					const form = read_form(event.request.body === false ? undefined : event.request.body.toString("utf8"));
					const token = form.get("token") ?? "";
					const invite = invites.get(token);
					return invite.ok ? register(event, invite.value, form) : to_invite_page(token);
				},
			},
		});
	},
};
