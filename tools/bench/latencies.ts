// No counterpart: percentiles of the times that deliveries took.

/** A sample of times. */
export class Latencies {
	private readonly times: number[] = [];

	/** @param milliseconds how long something took */
	add(milliseconds: number): void {
		this.times.push(milliseconds);
	}

	/** Forgets all. */
	clear(): void {
		this.times.length = 0;
	}

	/** The middle, the worst but one in a hundred, and the worst, in milliseconds; NaN of an empty sample. */
	summary(): { p50Ms: number; p99Ms: number; maxMs: number } {
		const sorted = Float64Array.from(this.times).sort();
		const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
		return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
	}
}

/** The middle one of some numbers; NaN of none. */
export function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
	return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
