// No counterpart: the way in, with an account or a token.

import { html, nothing } from "lit-html";
import type { ServerInfo } from "./answers.ts";
import { type Api, Problem } from "./api.ts";
import type { App, Drawn } from "./app.ts";
import { Scram, to_base64 } from "./scram.ts";

interface Step {
	readonly mechanisms?: readonly string[];
	readonly exchange?: string;
	readonly message?: string;
	readonly token?: string;
}

/** Logs an account in; gives its token. */
async function log_in(api: Api, account: string, password: string): Promise<string> {
	const { mechanisms = [] } = await api.post<Step>("login", { account });
	const mechanism = ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"].find((name) => mechanisms.includes(name));
	if (mechanism === undefined) throw new Problem(400, "the server offers no way to log in that works in a browser: use a token");
	const username = account.slice(0, account.indexOf("@"));
	if (mechanism === "PLAIN") {
		const message = to_base64(new TextEncoder().encode(`\0${username}\0${password}`));
		const { token } = await api.post<Step>("login", { account, mechanism, message });
		return token ?? "";
	}
	const scram = new Scram(mechanism.replace("SCRAM-", ""), username, password);
	const challenge = await api.post<Step>("login", { account, mechanism, message: scram.first() });
	const message = await scram.answer(challenge.message ?? "");
	const done = await api.post<Step>("login", { exchange: challenge.exchange, message });
	if (!scram.verifies(done.message ?? "")) throw new Problem(401, "the server did not prove that it knows this account");
	return done.token ?? "";
}

function text_in(form: FormData, name: string): string {
	const value = form.get(name);
	return typeof value === "string" ? value.trim() : "";
}

/** The form to log in. */
export class Login {
	private is_busy = false;
	private by_token = false;
	private problem = "";

	/** @param entered called once somebody is in */
	constructor(
		private readonly app: App,
		private readonly entered: () => void,
	) {}

	/** Takes a token, where it is good. */
	async enter(token: string): Promise<void> {
		const { api } = this.app;
		api.token = token;
		try {
			this.app.info = await api.list<ServerInfo>("get_server_info");
			this.problem = "";
			this.entered();
		} catch (error) {
			api.token = undefined;
			throw error;
		}
	}

	/** Tries a token that came with the address. */
	async try_token(token: string): Promise<void> {
		try {
			await this.enter(token);
		} catch (error) {
			this.problem = error instanceof Error ? error.message : String(error);
		}
		this.app.redraw();
	}

	draw(): Drawn {
		return html`<main class="login">
			<form class="card" @submit=${(event: SubmitEvent) => this.submit(event)}>
				<h1><span class="mark" aria-hidden="true"></span>Enjamb</h1>
				<p class="quiet">${this.by_token ? "A token of “enjamb token create”" : "An administrator’s account"}</p>
				${
					this.by_token
						? html`<label>Token<input name="token" type="password" autocomplete="off" required autofocus /></label>`
						: html`<label>Account<input name="account" type="text" inputmode="email" autocomplete="username" placeholder="admin@example.com" pattern="[^@]+@[^@]+" required autofocus /></label>
							<label>Password<input name="password" type="password" autocomplete="current-password" required /></label>`
				}
				${this.problem === "" ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
				<button class="primary" ?disabled=${this.is_busy}>${this.is_busy ? "One moment…" : "Log in"}</button>
				<button type="button" class="link" @click=${() => this.switch()}>
					${this.by_token ? "Use an account instead" : "Use a token instead"}
				</button>
			</form>
		</main>`;
	}

	private switch(): void {
		this.by_token = !this.by_token;
		this.problem = "";
		this.app.redraw();
	}

	private async submit(event: SubmitEvent): Promise<void> {
		event.preventDefault();
		if (this.is_busy || !(event.target instanceof HTMLFormElement)) return;
		const form = new FormData(event.target);
		this.is_busy = true;
		this.app.redraw();
		try {
			const password = form.get("password");
			const token = this.by_token
				? text_in(form, "token")
				: await log_in(this.app.api, text_in(form, "account"), typeof password === "string" ? password : "");
			await this.enter(token);
		} catch (error) {
			this.problem = error instanceof Error ? error.message : String(error);
		}
		this.is_busy = false;
		this.app.redraw();
	}
}
