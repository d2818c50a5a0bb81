// Counterpart: plugins/mod_admin_shell.lua (watch:log), for programs: lines of the log as they are written

import type { HttpEvent, HttpResponse, LogLevel, ModuleApi, Timer } from "../../core/types.ts";

/** How often lines go out, in seconds; how many may wait until then, and how long a text may be, in characters. */
const interval = 0.25;
const most_lines = 500;
const longest_text = 4000;
/** How many may watch at once. */
const most_watchers = 10;
/** After how many intervals something goes out in any case, and after how many somebody who does not read is let go. */
const quiet = 60;
const patience = 120;

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Whether a word is a level. */
export function is_level(word: string | undefined): word is LogLevel {
	return levels.some((level) => level === word);
}

/** One line, as JSON on a line of its own. */
function write_line(source: string, level: LogLevel, text: string): string {
	return JSON.stringify({ time: Date.now() / 1000, source, level, text: text.slice(0, longest_text) });
}

/** Somebody who watches. */
class Watcher {
	private lines: string[] = [];
	private dropped = 0;
	private silent = 0;
	/** For how many intervals nothing was read at the other end. */
	private stuck = 0;

	constructor(private readonly response: HttpResponse) {}

	take(line: string): void {
		if (this.lines.length < most_lines) this.lines.push(line);
		else this.dropped++;
	}

	/** Sends what there is; false where the other end does not read. */
	flush(): boolean {
		if (this.stuck > 0) {
			// A byte tells whether there is space again
			this.stuck = this.response.write("\n") ? 0 : this.stuck + 1;
			return this.stuck < patience;
		}
		if (this.dropped > 0)
			this.lines.push(write_line("api", "warn", `${this.dropped} lines were left out, since they came too fast`));
		this.silent = this.lines.length === 0 ? this.silent + 1 : 0;
		if (this.lines.length === 0 && this.silent % quiet !== 0) return true;
		const text = `${this.lines.join("\n")}\n`;
		this.lines = [];
		this.dropped = 0;
		if (!this.response.write(text)) this.stuck = 1;
		return true;
	}
}

/** Sends the log to whoever watches it. */
export class LogStreams {
	/** How each one is let go. */
	private readonly watchers = new Set<() => void>();

	constructor(private readonly module: ModuleApi) {}

	/**
	 * Sends lines from a level on until the client is gone.
	 * @param may_go_on asked now and then
	 * @returns whether there was a place for another one
	 */
	open({ response }: HttpEvent, level: LogLevel, may_go_on: () => boolean): boolean {
		if (this.watchers.size >= most_watchers) return false;
		const watcher = new Watcher(response);
		const least = levels.indexOf(level);
		response.headers["content_type"] = "application/x-ndjson";
		response.headers["cache_control"] = "no-store";
		response.headers["x_content_type_options"] = "nosniff";
		// A proxy in between would otherwise wait for more
		response.headers["x_accel_buffering"] = "no";
		const stop_watching = this.module.server.watch_log((source, its_level, text) => {
			if (levels.indexOf(its_level) >= least) watcher.take(write_line(source, its_level, text));
		});
		let timer: Timer | undefined;
		const end = (): void => {
			stop_watching();
			timer?.stop();
			this.watchers.delete(end);
			response.done();
		};
		this.watchers.add(end);
		response.on_destroy = end;
		response.write("\n");
		let ticks = 0;
		timer = this.module.add_timer(interval, () => {
			ticks++;
			if (watcher.flush() && (ticks % quiet !== 0 || may_go_on())) return interval;
			end();
			return undefined;
		});
		return true;
	}

	close(): void {
		for (const end of [...this.watchers]) end();
	}
}
