// No counterpart: what was said in a room, out of its archive.

import { html, nothing } from "lit-html";
import type { ArchivePage } from "./answers.ts";
import { Problem } from "./api.ts";
import type { App, Drawn, RoomPart } from "./app.ts";
import { count, parts } from "./format.ts";

const page_size = 50;

function day_of(timestamp: string): string {
	return new Date(timestamp).toLocaleDateString([], { dateStyle: "medium" });
}

export class History implements RoomPart {
	readonly title = "History";
	private messages: ArchivePage["messages"] | undefined;
	private is_complete = true;
	private is_kept = true;

	constructor(
		private readonly app: App,
		private readonly jid: string,
	) {}

	async load(): Promise<void> {
		try {
			const page = await this.app.api.call<ArchivePage>("get_room_archive", { ...parts(this.jid), limit: page_size });
			this.messages = page.messages;
			this.is_complete = page.complete;
		} catch (error) {
			// A service without muc_mam has no such command
			if (!(error instanceof Problem) || error.status !== 404) throw error;
			this.is_kept = false;
		}
	}

	private load_older(): void {
		void this.app.attempt(async () => {
			const before = this.messages?.[0]?.id;
			const page = await this.app.api.call<ArchivePage>("get_room_archive", { ...parts(this.jid), before, limit: page_size });
			this.messages = [...page.messages, ...(this.messages ?? [])];
			this.is_complete = page.complete;
		});
	}

	private purge(): void {
		this.app.ask({
			title: "Delete the archive?",
			text: "All that was said in this room until now is deleted. This cannot be undone.",
			act: "Delete",
			is_dangerous: true,
			run: async () => {
				const { messages } = await this.app.api.call<{ messages: number }>("purge_room_archive", parts(this.jid));
				this.app.say(`${count(messages, "message")} deleted`);
				await this.load();
			},
		});
	}

	draw(): Drawn {
		const { messages } = this;
		if (!this.is_kept) return html`<p class="empty">This service keeps no archives.</p>`;
		if (messages === undefined) return html`<p class="empty">Loading…</p>`;
		if (messages.length === 0) return html`<p class="empty">Nothing was said here that is kept.</p>`;
		let day = "";
		return html`<div class="bar end">
				${this.is_complete ? nothing : html`<button @click=${() => this.load_older()}>Show older</button>`}
				<button class="danger" @click=${() => this.purge()}>Delete all</button>
			</div>
			<ol class="messages card">
				${messages
					.filter(({ body }) => body !== "")
					.map(({ timestamp, nick, body }) => {
						const is_new_day = day_of(timestamp) !== day;
						day = day_of(timestamp);
						return html`${is_new_day ? html`<li class="day">${day}</li>` : nothing}
							<li>
								<time datetime=${timestamp}>${new Date(timestamp).toLocaleTimeString([], { timeStyle: "short" })}</time>
								<span class=${nick === "" ? "quiet" : "nick"}>${nick || "the room"}</span>
								<span class="body">${body}</span>
							</li>`;
					})}
			</ol>`;
	}
}
