// No counterpart: who is connected.

import { html } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { SessionInfo } from "./answers.ts";
import type { App, Drawn, View } from "./app.ts";
import { count, parts, span } from "./format.ts";

/** How many are shown at once. */
const most_shown = 200;

export class Sessions implements View {
	private sessions: SessionInfo[] | undefined;
	private search = "";
	private stop: () => void = () => {};

	constructor(private readonly app: App) {}

	open(): void {
		this.stop = this.app.repeat(5, () => this.load());
	}

	close(): void {
		this.stop();
	}

	private async load(): Promise<void> {
		this.sessions = await this.app.api.list<SessionInfo[]>("connected_users_info");
	}

	private disconnect({ jid, resource }: SessionInfo): void {
		const { room: user, service: host } = parts(jid.replace(/\/.*$/s, ""));
		this.app.ask({
			title: "Disconnect?",
			text: `${jid} is disconnected, and may connect again.`,
			act: "Disconnect",
			is_dangerous: true,
			field: { label: "Reason, shown to whoever is disconnected" },
			run: async (reason) => {
				await this.app.api.call("kick_session", { user, host, resource, reason });
				this.app.say(`${jid} was disconnected`);
				await this.load();
			},
		});
	}

	draw(): Drawn {
		const { sessions } = this;
		const found = (sessions ?? []).filter(({ jid, ip }) => `${jid} ${ip}`.toLowerCase().includes(this.search.toLowerCase()));
		return html`<header class="page-head"><h1>People online</h1><p class="quiet">${sessions === undefined ? "" : count(sessions.length, "session")}</p></header>
			<div class="bar">
				<input
					class="grow"
					type="search"
					placeholder="Find somebody by address or IP"
					aria-label="Find somebody"
					.value=${this.search}
					@input=${({ target }: Event) => {
						if (target instanceof HTMLInputElement) this.search = target.value.trim();
						this.app.redraw();
					}}
				/>
			</div>
			${
				found.length === 0
					? html`<p class="empty">${sessions === undefined ? "Loading…" : "Nobody is there."}</p>`
					: html`<ul class="list card">
						${repeat(
							found.slice(0, most_shown),
							({ jid }) => jid,
							(session) => html`<li>
								<span class="grow"><strong>${session.jid}</strong><span class="quiet">${session.ip} · ${session.connection.replace("_", ", ")} · ${span(session.uptime)}</span></span>
								<span class="words">${session.node === "" ? "" : html`<span class="chip">node ${session.node}</span>`}<span class="chip">${session.status}</span><span class="chip">${session.role.replace("prosody:", "")}</span></span>
								<button @click=${() => this.disconnect(session)}>Disconnect</button>
							</li>`,
						)}
					</ul>`
			}
			${found.length > most_shown ? html`<p class="quiet">${count(found.length - most_shown, "more session")}: search for them.</p>` : ""}`;
	}
}
