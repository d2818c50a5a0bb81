// No counterpart: one room.

import { html, nothing } from "lit-html";
import { Affiliations } from "./affiliations.ts";
import type { RoomInfo } from "./answers.ts";
import { Problem } from "./api.ts";
import type { App, Drawn, RoomPart, View } from "./app.ts";
import { ago, count, name_of, parts } from "./format.ts";
import { History } from "./history.ts";
import { Occupants } from "./occupants.ts";
import { room_words } from "./rooms.ts";
import { Settings } from "./settings.ts";

export class Room implements View {
	private jid = "";
	private info: RoomInfo | undefined;
	private is_gone = false;
	private room_parts: readonly RoomPart[] = [];
	private shown = 0;
	private stop: () => void = () => {};

	constructor(private readonly app: App) {}

	open(rest: string): void {
		this.jid = decodeURIComponent(rest);
		this.info = undefined;
		this.is_gone = false;
		const { app, jid } = this;
		this.room_parts = [
			new Occupants(app, jid),
			new Affiliations(app, jid),
			new Settings(app, jid, () => this.load()),
			new History(app, jid),
		];
		this.shown = 0;
		this.stop = app.repeat(5, () => this.load());
		this.load_part();
	}

	close(): void {
		this.stop();
	}

	private async load(): Promise<void> {
		try {
			this.info = await this.app.api.call<RoomInfo>("get_room_info", parts(this.jid));
			this.is_gone = false;
		} catch (error) {
			if (!(error instanceof Problem) || error.status !== 404) throw error;
			this.info = undefined;
			this.is_gone = true;
		}
		// Who is there changes by itself; what somebody is writing here does not
		if (this.shown === 0 && !this.is_gone) await this.room_parts[0]?.load();
	}

	private load_part(): void {
		const part = this.room_parts[this.shown];
		if (part !== undefined) void this.app.attempt(() => part.load());
	}

	private destroy(): void {
		this.app.ask({
			title: "Destroy this room?",
			text: `${this.jid} is closed for everybody, and what is kept of it is deleted. This cannot be undone.`,
			act: "Destroy",
			is_dangerous: true,
			field: { label: "Reason, shown to those who are in it" },
			run: async (reason) => {
				await this.app.api.call("destroy_room", { ...parts(this.jid), ...(reason === "" ? {} : { reason }) });
				this.app.say(`${this.jid} was destroyed`);
				location.hash = "#/rooms";
			},
		});
	}

	private tell(): void {
		this.app.ask({
			title: "Message to this room",
			text: "Everybody who is in the room sees it, in the name of the room.",
			act: "Send",
			field: { label: "Message", is_long: true, is_needed: true },
			run: async (body) => {
				await this.app.api.call("send_room_message", { ...parts(this.jid), body });
				this.app.say("Sent");
			},
		});
	}

	draw(): Drawn {
		const { info } = this;
		const part = this.room_parts[this.shown];
		const name = info?.name || name_of(this.jid);
		return html`<header class="page-head">
				<div>
					<p class="crumbs"><a href="#/rooms">Rooms</a></p>
					<h1>${name}</h1>
					<p class="quiet">${this.jid}</p>
				</div>
				<div class="buttons">
					<button ?disabled=${this.is_gone} @click=${() => this.tell()}>Message</button>
					<button class="danger" ?disabled=${this.is_gone} @click=${() => this.destroy()}>Destroy</button>
				</div>
			</header>
			${this.is_gone ? html`<p class="empty">There is no such room.</p>` : nothing}
			${
				info === undefined
					? nothing
					: html`<p class="words">
						<span class="chip strong">${count(info.occupants, "occupant")}</span>
						${room_words(info).map((word) => html`<span class="chip">${word}</span>`)}
						<span class="quiet">Last message: ${ago(info.last_message)}</span>
					</p>
					${info.subject === "" ? nothing : html`<p class="subject">${info.subject}</p>`}
					<div class="tabs" role="tablist">
						${this.room_parts.map(
							({ title }, index) => html`<button
								role="tab"
								aria-selected=${index === this.shown}
								@click=${() => {
									this.shown = index;
									this.load_part();
									this.app.redraw();
								}}
							>
								${title}
							</button>`,
						)}
					</div>
					<section role="tabpanel">${part?.draw() ?? nothing}</section>`
			}`;
	}
}
