// No counterpart: asks before something is done.

import { html, nothing } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { App, Drawn, Question } from "./app.ts";

/** Opens the dialog, once it is in the page. */
function show(element: Element | undefined): void {
	queueMicrotask(() => {
		if (element instanceof HTMLDialogElement && element.isConnected && !element.open) element.showModal();
	});
}

/** Draws the question that is open, if one is. */
export function draw_question(app: App): Drawn | typeof nothing {
	const { question } = app;
	if (question === undefined) return nothing;
	const close = (): void => {
		app.question = undefined;
		app.redraw();
	};
	const submit = async (event: SubmitEvent): Promise<void> => {
		event.preventDefault();
		if (!(event.target instanceof HTMLFormElement)) return;
		const text = new FormData(event.target).get("text");
		close();
		await app.attempt(() => question.run(typeof text === "string" ? text.trim() : ""));
	};
	return html`<dialog ${ref(show)} @close=${close} aria-labelledby="question">
		<form @submit=${submit}>
			<h2 id="question">${question.title}</h2>
			<p>${question.text}</p>
			${draw_field(question)}
			<div class="buttons">
				<button type="button" @click=${close}>Cancel</button>
				<button class=${question.is_dangerous ? "danger" : "primary"}>${question.act}</button>
			</div>
		</form>
	</dialog>`;
}

function draw_field({ field }: Question): Drawn | typeof nothing {
	if (field === undefined) return nothing;
	const { label, is_long = false, is_needed = false } = field;
	return html`<label>${label}
		${
			is_long
				? html`<textarea name="text" rows="4" maxlength="10000" ?required=${is_needed}></textarea>`
				: html`<input name="text" maxlength="1000" ?required=${is_needed} />`
		}
	</label>`;
}
