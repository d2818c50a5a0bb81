// No counterpart: what all parts of the console's page share.

import type { TemplateResult } from "lit-html";
import type { ServerInfo } from "./answers.ts";
import { type Api, Problem } from "./api.ts";

/** What is drawn. */
export type Drawn = TemplateResult;

/** A part of the page that is there by itself. */
export interface View {
	/** Comes to be seen; `rest` is what stands behind its name in the address. */
	open(rest: string): void;
	/** Is seen no more. */
	close(): void;
	draw(): Drawn;
}

/** A part of a room's page. */
export interface RoomPart {
	/** What stands on its tab. */
	readonly title: string;
	load(): Promise<void>;
	draw(): Drawn;
}

/** What is asked before something is done. */
export interface Question {
	readonly title: string;
	readonly text: string;
	/** What the button says that does it. */
	readonly act: string;
	/** A text that goes with it, such as a reason. */
	readonly field?: { readonly label: string; readonly is_long?: boolean; readonly is_needed?: boolean };
	readonly is_dangerous?: boolean;
	run(text: string): Promise<void>;
}

/** Something that was said at the edge of the page. */
export interface Notice {
	readonly text: string;
	readonly is_error: boolean;
}

/** The page as its parts see it. */
export class App {
	notice: Notice | undefined;
	question: Question | undefined;
	/** Who is logged in; undefined for nobody. */
	info: ServerInfo | undefined;
	private notice_timer: ReturnType<typeof setTimeout> | undefined;
	private is_waiting = false;

	constructor(
		readonly api: Api,
		private readonly draw: () => void,
	) {
		api.on_missing = (why) => this.say(`Not everything is shown: ${why}`, true);
	}

	/** Has the page drawn anew, once however much has changed. */
	redraw(): void {
		if (this.is_waiting) return;
		this.is_waiting = true;
		requestAnimationFrame(() => {
			this.is_waiting = false;
			this.draw();
		});
	}

	/** Says something for a while. */
	say(text: string, is_error = false): void {
		clearTimeout(this.notice_timer);
		this.notice = { text, is_error };
		this.notice_timer = setTimeout(
			() => {
				this.notice = undefined;
				this.redraw();
			},
			is_error ? 10_000 : 4000,
		);
		this.redraw();
	}

	/** Does something that may fail, and draws what came of it. */
	async attempt(work: () => Promise<void>): Promise<boolean> {
		try {
			await work();
			return true;
		} catch (error) {
			if (error instanceof Problem && error.status === 401) this.info = undefined;
			this.say(error instanceof Error ? error.message : String(error), true);
			return false;
		} finally {
			this.redraw();
		}
	}

	/** Does it again and again while a view is seen. Gives what ends that. */
	repeat(seconds: number, work: () => Promise<void>): () => void {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let is_over = false;
		const step = async (): Promise<void> => {
			// Nobody looks at a hidden tab
			if (!document.hidden) await this.attempt(work);
			if (!is_over && this.info !== undefined) timer = setTimeout(() => void step(), seconds * 1000);
		};
		void step();
		return () => {
			is_over = true;
			clearTimeout(timer);
		};
	}

	ask(question: Question): void {
		this.question = question;
		this.redraw();
	}
}
