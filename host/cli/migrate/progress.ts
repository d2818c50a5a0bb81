// No counterpart: says how a long work goes on, to people and to logs.

/** Where progress is shown. */
export interface ProgressOutput {
	/** Whether somebody watches, so that a line can be drawn over and over. */
	readonly is_terminal: boolean;
	/** Columns of the terminal. */
	readonly columns: number;
	write(text: string): void;
	/** Milliseconds, by a clock that only goes forward. */
	now(): number;
}

/** Columns of the bar: where there are fewer, there is none. */
const widest_bar = 20;
const narrowest_bar = 5;

const redraw_every = 100;
const line_every = 10_000;

/** Seconds as people say them: 7s, 3m05s, 2h04m. */
export function duration_text(seconds: number): string {
	const whole = Math.round(seconds);
	const two = (value: number): string => String(value).padStart(2, "0");
	if (whole < 60) return `${whole}s`;
	if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
	return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** A number with a comma at each thousand. */
export function grouped(value: number): string {
	return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A text from a file for a terminal: what would steer that is shown as question marks. */
export function printable(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "?");
}

/** One piece of work whose size is known beforehand: a bar on a terminal, a line now and then elsewhere. */
export class Progress {
	private done = 0;
	private records = 0;
	/** Of {@link done}, what did not take this run's time. */
	private done_before = 0;
	private readonly started: number;
	private last_shown: number;
	private drawn = false;

	/**
	 * @param title what is being done, as "Moving"
	 * @param total of the sizes that {@link advance} will be told
	 */
	constructor(
		private readonly output: ProgressOutput,
		private readonly title: string,
		private readonly total: number,
	) {
		this.started = output.now();
		this.last_shown = output.is_terminal ? Number.NEGATIVE_INFINITY : this.started;
	}

	/** Takes note of work, and shows it if it is time to. `what` is what is being worked on. */
	advance(size: number, records: number, what: () => string): void {
		this.done += size;
		this.records += records;
		const now = this.output.now();
		if (now - this.last_shown < (this.output.is_terminal ? redraw_every : line_every)) return;
		this.last_shown = now;
		this.show(now, what());
	}

	/** Takes note of work that was done before this began. */
	skip(size: number): void {
		this.done += size;
		this.done_before += size;
	}

	private show(now: number, what: string): void {
		const seconds = Math.max((now - this.started) / 1000, 0.001);
		const share = this.total === 0 ? 1 : Math.min(this.done / this.total, 1);
		const pace = (this.done - this.done_before) / seconds;
		const left = pace === 0 ? "" : `, ${duration_text(Math.max(this.total - this.done, 0) / pace)} left`;
		const rate = `${grouped(this.records / seconds)} records/s`;
		const percent = `${Math.floor(share * 100)}%`.padStart(4);
		if (!this.output.is_terminal) {
			this.output.write(`${this.title}${percent} ${grouped(this.records)} records, ${rate}${left}, ${printable(what)}\n`);
			return;
		}
		const told = `${percent} ${rate}${left}`;
		const room = Math.max(this.output.columns - 1, 1);
		const width = Math.min(widest_bar, room - this.title.length - told.length - " []".length);
		const filled = Math.round(share * width);
		const bar = width < narrowest_bar ? "" : ` [${"#".repeat(filled)}${"-".repeat(width - filled)}]`;
		this.output.write(`\r\x1b[K${[...`${this.title}${bar}${told}  ${printable(what)}`].slice(0, room).join("")}`);
		this.drawn = true;
	}

	/** Ends the work: the bar goes, and one line says what it came to. */
	finish(): void {
		const seconds = Math.max((this.output.now() - this.started) / 1000, 0.001);
		if (this.drawn) this.output.write("\r\x1b[K");
		this.output.write(
			`${this.title}: ${grouped(this.records)} records in ${duration_text(seconds)}, ${grouped(this.records / seconds)} records/s\n`,
		);
	}
}
