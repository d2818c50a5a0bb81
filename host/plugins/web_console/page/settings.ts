// No counterpart: a room's settings, by its own form.

import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { FormField } from "./answers.ts";
import type { App, Drawn, RoomPart } from "./app.ts";
import { parts } from "./format.ts";

type Value = FormField["value"];

function is_same(a: Value | undefined, b: Value): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

export class Settings implements RoomPart {
	readonly title = "Settings";
	private fields: FormField[] | undefined;
	/** What was changed here and not saved yet. */
	private readonly changed = new Map<string, Value>();

	/** @param saved called after a change */
	constructor(
		private readonly app: App,
		private readonly jid: string,
		private readonly saved: () => Promise<void>,
	) {}

	async load(): Promise<void> {
		this.fields = await this.app.api.call<FormField[]>("get_room_form", parts(this.jid));
	}

	private take(field: FormField, value: Value): void {
		if (is_same(value, field.value)) this.changed.delete(field.name);
		else this.changed.set(field.name, value);
		this.app.redraw();
	}

	private save(event: SubmitEvent): void {
		event.preventDefault();
		void this.app.attempt(async () => {
			await this.app.api.call("change_room_options", { ...parts(this.jid), options: Object.fromEntries(this.changed) });
			this.changed.clear();
			this.app.say("Saved");
			await this.load();
			await this.saved();
		});
	}

	draw(): Drawn {
		const { fields } = this;
		if (fields === undefined) return html`<p class="empty">Loading…</p>`;
		return html`<form class="settings card" @submit=${(event: SubmitEvent) => this.save(event)}>
			${fields.map((field) => (field.type === "fixed" ? html`<h3>${field.label}</h3>` : this.draw_field(field)))}
			<div class="buttons sticky">
				<button
					type="button"
					?disabled=${this.changed.size === 0}
					@click=${() => {
						this.changed.clear();
						this.app.redraw();
					}}
				>
					Undo
				</button>
				<button class="primary" ?disabled=${this.changed.size === 0}>Save</button>
			</div>
		</form>`;
	}

	private draw_field(field: FormField): Drawn {
		const value = this.changed.get(field.name) ?? field.value;
		const hint = field.desc === "" ? nothing : html`<span class="quiet">${field.desc}</span>`;
		const is_changed = this.changed.has(field.name) ? "changed" : "";
		if (field.type === "boolean") {
			return html`<label class="switch ${is_changed}">
				<input
					type="checkbox"
					name=${field.name}
					.checked=${live(value === true)}
					@change=${({ target }: Event) => target instanceof HTMLInputElement && this.take(field, target.checked)}
				/>
				<span>${field.label}${hint}</span>
			</label>`;
		}
		if (field.type === "list-multi") return this.draw_choices(field, Array.isArray(value) ? value : [], is_changed);
		const text = Array.isArray(value) ? value.join("\n") : String(value);
		return html`<label class=${is_changed}><span>${field.label}${hint}</span>${this.draw_input(field, text)}</label>`;
	}

	private draw_choices(field: FormField, chosen: readonly string[], is_changed: string): Drawn {
		const toggle = (value: string, is_on: boolean): void =>
			this.take(
				field,
				field.options.map((option) => option.value).filter((one) => (one === value ? is_on : chosen.includes(one))),
			);
		return html`<fieldset class=${is_changed}>
			<legend>${field.label}</legend>
			${field.options.map(
				({ value, label }) => html`<label class="switch">
					<input
						type="checkbox"
						.checked=${live(chosen.includes(value))}
						@change=${({ target }: Event) => target instanceof HTMLInputElement && toggle(value, target.checked)}
					/><span>${label}</span>
				</label>`,
			)}
		</fieldset>`;
	}

	private draw_input(field: FormField, text: string): Drawn {
		const take = ({ target }: Event): void => {
			const is_input =
				target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
			if (!is_input) return;
			const lines = field.type === "jid-multi" ? target.value.split(/\s+/).filter((line) => line !== "") : undefined;
			this.take(field, lines ?? target.value);
		};
		if (field.type === "list-single") {
			return html`<select name=${field.name} @change=${take}>
				${field.options.map(({ value, label }) => html`<option value=${value} .selected=${live(value === text)}>${label}</option>`)}
			</select>`;
		}
		if (field.type === "text-multi" || field.type === "jid-multi") {
			return html`<textarea name=${field.name} rows="4" .value=${live(text)} @input=${take}></textarea>`;
		}
		return html`<input name=${field.name} autocomplete="off" .value=${live(text)} @input=${take} />`;
	}
}
