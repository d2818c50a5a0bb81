// No counterpart: who is in a room, with what can be done about it.

import { html } from "lit-html";
import type { OccupantInfo } from "./answers.ts";
import type { App, Drawn, RoomPart } from "./app.ts";
import { parts } from "./format.ts";

export class Occupants implements RoomPart {
	readonly title = "Occupants";
	private occupants: OccupantInfo[] | undefined;

	constructor(
		private readonly app: App,
		private readonly jid: string,
	) {}

	async load(): Promise<void> {
		this.occupants = await this.app.api.call<OccupantInfo[]>("get_room_occupants", parts(this.jid));
	}

	private kick({ nick }: OccupantInfo): void {
		this.app.ask({
			title: `Kick ${nick}?`,
			text: "They have to leave the room now, and may come again.",
			act: "Kick",
			is_dangerous: true,
			field: { label: "Reason, shown to everybody in the room" },
			run: async (reason) => {
				await this.app.api.call("kick_room_occupant", { ...parts(this.jid), nick, reason });
				this.app.say(`${nick} was kicked`);
				await this.load();
			},
		});
	}

	private ban({ nick, jid }: OccupantInfo): void {
		const account = jid.replace(/\/.*$/s, "");
		this.app.ask({
			title: `Ban ${nick}?`,
			text: `${account} has to leave the room now, and may not come again.`,
			act: "Ban",
			is_dangerous: true,
			field: { label: "Reason, shown to everybody in the room" },
			run: async (reason) => {
				const args = { jid: account, affiliation: "outcast", ...(reason === "" ? {} : { reason }) };
				await this.app.api.call("set_room_affiliation", { ...parts(this.jid), ...args });
				this.app.say(`${account} was banned`);
				await this.load();
			},
		});
	}

	draw(): Drawn {
		const { occupants } = this;
		if (occupants === undefined) return html`<p class="empty">Loading…</p>`;
		if (occupants.length === 0) return html`<p class="empty">Nobody is in this room.</p>`;
		return html`<ul class="list card">
			${occupants.map(
				(occupant) => html`<li>
					<span class="grow"><strong>${occupant.nick}</strong><span class="quiet">${occupant.jid}</span></span>
					<span class="chip">${occupant.role}</span>
					<span class="buttons">
						<button @click=${() => this.kick(occupant)}>Kick</button>
						<button @click=${() => this.ban(occupant)}>Ban</button>
					</span>
				</li>`,
			)}
		</ul>`;
	}
}
