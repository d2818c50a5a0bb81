// No counterpart: owners, admins, members of a room, and who is banned from it.

import { html, nothing } from "lit-html";
import type { AffiliationInfo } from "./answers.ts";
import type { App, Drawn, RoomPart } from "./app.ts";
import { parts } from "./format.ts";

const words: readonly (readonly [affiliation: string, word: string])[] = [
	["owner", "Owner"],
	["admin", "Admin"],
	["member", "Member"],
	["outcast", "Banned"],
];

function rank({ affiliation }: AffiliationInfo): number {
	return words.findIndex(([name]) => name === affiliation);
}

function jid_of({ username, domain }: AffiliationInfo): string {
	return username === "" ? domain : `${username}@${domain}`;
}

export class Affiliations implements RoomPart {
	readonly title = "Affiliations";
	private affiliations: AffiliationInfo[] | undefined;

	constructor(
		private readonly app: App,
		private readonly jid: string,
	) {}

	async load(): Promise<void> {
		const found = await this.app.api.call<AffiliationInfo[]>("get_room_affiliations", parts(this.jid));
		this.affiliations = found.sort((a, b) => rank(a) - rank(b) || (jid_of(a) < jid_of(b) ? -1 : 1));
	}

	private set(jid: string, affiliation: string): Promise<boolean> {
		return this.app.attempt(async () => {
			await this.app.api.call("set_room_affiliation", { ...parts(this.jid), jid, affiliation });
			await this.load();
		});
	}

	private async add(event: SubmitEvent): Promise<void> {
		event.preventDefault();
		if (!(event.target instanceof HTMLFormElement)) return;
		const form = new FormData(event.target);
		const [jid, affiliation] = [form.get("jid"), form.get("affiliation")];
		if (typeof jid !== "string" || typeof affiliation !== "string") return;
		if (await this.set(jid.trim(), affiliation)) event.target.reset();
	}

	draw(): Drawn {
		const { affiliations } = this;
		if (affiliations === undefined) return html`<p class="empty">Loading…</p>`;
		return html`<form class="bar" @submit=${(event: SubmitEvent) => this.add(event)}>
				<input class="grow" name="jid" placeholder="user@example.com" aria-label="Address" required />
				<select name="affiliation" aria-label="Affiliation">
					${words.map(([name, word]) => html`<option value=${name} ?selected=${name === "member"}>${word}</option>`)}
				</select>
				<button class="primary">Add</button>
			</form>
			${affiliations.length === 0 ? html`<p class="empty">Nobody has an affiliation with this room.</p>` : nothing}
			<ul class="list card" ?hidden=${affiliations.length === 0}>
				${affiliations.map((one) => {
					const jid = jid_of(one);
					return html`<li>
						<span class="grow"><strong>${jid}</strong>${one.reason === "" ? nothing : html`<span class="quiet">${one.reason}</span>`}</span>
						<select
							aria-label="Affiliation of ${jid}"
							.value=${one.affiliation}
							@change=${({ target }: Event) => {
								if (target instanceof HTMLSelectElement) void this.set(jid, target.value);
							}}
						>
							${words.map(([name, word]) => html`<option value=${name} ?selected=${name === one.affiliation}>${word}</option>`)}
						</select>
						<button @click=${() => this.set(jid, "none")}>Remove</button>
					</li>`;
				})}
			</ul>`;
	}
}
