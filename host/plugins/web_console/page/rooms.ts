// No counterpart: the rooms of all services.

import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { RoomInfo } from "./answers.ts";
import type { App, Drawn, View } from "./app.ts";
import { ago, count, name_of } from "./format.ts";

/** How many rooms of each service are shown before somebody wants more. */
const page_size = 50;

/** What a room is, in a few words. */
export function room_words(room: RoomInfo): string[] {
	return [
		room.public ? "public" : "hidden",
		...(room.persistent ? [] : ["temporary"]),
		...(room.members_only ? ["members only"] : []),
		...(room.moderated ? ["moderated"] : []),
		...(room.password_protected ? ["password"] : []),
	];
}

export class Rooms implements View {
	private rooms: RoomInfo[] = [];
	private search = "";
	private service = "global";
	private pages = 1;
	private has_more = false;
	private is_loaded = false;
	private stop: () => void = () => {};
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly app: App) {}

	open(): void {
		this.stop = this.app.repeat(5, () => this.load());
	}

	close(): void {
		this.stop();
		clearTimeout(this.timer);
	}

	private get services(): string[] {
		return (this.app.info?.hosts ?? []).filter(({ rooms }) => rooms).map(({ host }) => host);
	}

	private async load(): Promise<void> {
		const { search, service } = this;
		const services = service === "global" ? this.services : [service];
		const found: RoomInfo[] = [];
		let has_more = false;
		for (const one of services) {
			let after = "";
			for (let page = 0; page < this.pages; page++) {
				const args = { service: one, search, after, limit: page_size };
				const listed = await this.app.api.list<RoomInfo[]>("get_rooms_info", args);
				found.push(...listed);
				after = listed.at(-1)?.jid ?? "";
				const is_last = listed.length < page_size;
				if (is_last) break;
				has_more ||= page === this.pages - 1;
			}
		}
		// Somebody may have typed more meanwhile
		if (search !== this.search || service !== this.service) return;
		this.rooms = found.sort((a, b) => b.occupants - a.occupants || (a.jid < b.jid ? -1 : 1));
		this.has_more = has_more;
		this.is_loaded = true;
	}

	private look_again(wait = 0): void {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => void this.app.attempt(() => this.load()), wait);
	}

	private create(): void {
		const [first = ""] = this.services;
		const service = this.service === "global" ? first : this.service;
		this.app.ask({
			title: "New room",
			text: `A room of ${service}, with the settings that new rooms have. It stays when nobody is in it.`,
			act: "Make it",
			field: { label: "Name, as before the @ of its address", is_needed: true },
			run: async (room) => {
				await this.app.api.call("create_room", { room, service });
				location.hash = `#/rooms/${encodeURIComponent(`${room.toLowerCase()}@${service}`)}`;
			},
		});
	}

	private tell_all(): void {
		const where = this.service === "global" ? "all rooms" : `all rooms of ${this.service}`;
		this.app.ask({
			title: "Message to all rooms",
			text: `Everybody who is in a room sees it, in the name of the room. It goes to ${where} where somebody is.`,
			act: "Send",
			field: { label: "Message", is_long: true, is_needed: true },
			run: async (body) => {
				const reached = await this.app.api.call<string[]>("send_message_to_rooms", { service: this.service, body });
				this.app.say(`Sent to ${count(reached.length, "room")}`);
			},
		});
	}

	draw(): Drawn {
		const { services } = this;
		return html`<header class="page-head">
				<h1>Rooms</h1>
				<div class="buttons">
					<button @click=${() => this.tell_all()}>Message to all</button>
					<button class="primary" ?disabled=${services.length === 0} @click=${() => this.create()}>New room</button>
				</div>
			</header>
			<div class="bar">
				<input
					class="grow"
					type="search"
					placeholder="Find a room by its address"
					aria-label="Find a room"
					.value=${this.search}
					@input=${({ target }: Event) => {
						if (target instanceof HTMLInputElement) this.search = target.value.trim();
						this.pages = 1;
						this.look_again(200);
					}}
				/>
				${
					services.length < 2
						? nothing
						: html`<select
							aria-label="Service"
							@change=${({ target }: Event) => {
								if (target instanceof HTMLSelectElement) this.service = target.value;
								this.look_again();
							}}
						>
							<option value="global">All services</option>
							${services.map((service) => html`<option>${service}</option>`)}
						</select>`
				}
			</div>
			${this.draw_list()}
			${
				this.has_more
					? html`<p class="more"><button @click=${() => {
							this.pages++;
							this.look_again();
						}}>Show more</button></p>`
					: nothing
			}`;
	}

	private draw_list(): Drawn {
		if (!this.is_loaded) return html`<p class="empty">Loading…</p>`;
		if (this.rooms.length === 0)
			return html`<p class="empty">${this.search === "" ? "There are no rooms yet." : "No room has that in its address."}</p>`;
		return html`<ul class="list card rooms">
			${repeat(
				this.rooms,
				({ jid }) => jid,
				(room) => html`<li>
					<a class="grow" href="#/rooms/${encodeURIComponent(room.jid)}">
						<strong>${room.name || name_of(room.jid)}</strong><span class="quiet">${room.jid}</span>
					</a>
					<span class="words">${room_words(room).map((word) => html`<span class="chip">${word}</span>`)}</span>
					<span class="figure ${room.occupants === 0 ? "quiet" : ""}">${room.occupants === 0 ? "empty" : count(room.occupants, "occupant")}</span>
					<span class="figure quiet" title="Last message">${ago(room.last_message)}</span>
				</li>`,
			)}
		</ul>`;
	}
}
