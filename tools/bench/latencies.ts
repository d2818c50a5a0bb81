// No counterpart: percentiles of the times that deliveries took.

/** A sample of times. */
export class Latencies {
	private readonly times: number[] = [];

	/** @param milliseconds how long something took */
	add(milliseconds: number): void {
		this.times.push(milliseconds);
	}

	/** Forgets everything. */
	clear(): void {
		this.times.length = 0;
	}

	/** The median, the 99th percentile and the maximum, in milliseconds; NaN for an empty sample. */
	summary(): { p50_ms: number; p99_ms: number; max_ms: number } {
		const sorted = Float64Array.from(this.times).sort();
		const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
		return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
	}
}

/** The median of some numbers; NaN for none. */
export function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
	return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
