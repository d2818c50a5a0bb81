// No counterpart: what `enjamb check` finds, as prosodyctl's check prints it.

import type { SourceLocation } from "../../core/configmanager.ts";

/**
 * `error`: the server does not start, or a host or component of it does not run. `warning`: it runs, and something will be missing or
 * different. `info`: good to know.
 */
export type Severity = "error" | "warning" | "info";

/** What a finding is about. */
export type Area = "syntax" | "option" | "behaviour" | "module" | "certificate" | "port" | "storage";

/** What the same file means for each server, where they differ. */
export interface Readings {
	readonly prosody_0_12: string;
	readonly prosody_13: string;
	readonly enjamb: string;
}

/** One thing that an administrator should know. */
export interface Finding extends Partial<SourceLocation> {
	readonly severity: Severity;
	readonly area: Area;
	readonly message: string;
	/** What there should be instead, or what to do. */
	readonly expected?: string;
	/** The section; absent for the whole server. */
	readonly host?: string;
	readonly option?: string;
	readonly readings?: Readings;
}

/** How many findings there are of each severity. */
export interface Summary {
	readonly errors: number;
	readonly warnings: number;
	readonly infos: number;
}

/** Counts findings. */
export function summarize(findings: readonly Finding[]): Summary {
	const count = (wanted: Severity): number => findings.filter(({ severity }) => severity === wanted).length;
	return { errors: count("error"), warnings: count("warning"), infos: count("info") };
}

/**
 * The exit status: 0 without errors, even if there are warnings, and 1 with errors. (2 is for a configuration that cannot be read
 * at all.)
 */
export function exit_status(findings: readonly Finding[]): 0 | 1 | 2 {
	if (findings.some(({ severity, area }) => severity === "error" && area === "syntax")) return 2;
	return findings.some(({ severity }) => severity === "error") ? 1 : 0;
}

function place({ file, line }: Finding, config_path: string): string {
	return `${file ?? config_path}${line === undefined ? "" : `:${line}`}`;
}

function plural(count: number, word: string): string {
	return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Findings as lines in the form of compilers and editors: FILE:LINE: SEVERITY: MESSAGE. */
export function findings_as_text(findings: readonly Finding[], config_path: string): string {
	const lines: string[] = [];
	for (const finding of findings) {
		const { severity, area, message, expected, readings } = finding;
		lines.push(`${place(finding, config_path)}: ${severity}: ${area}: ${message}`);
		if (readings !== undefined) {
			lines.push(`    0.12: ${readings.prosody_0_12} | 13: ${readings.prosody_13} | Enjamb: ${readings.enjamb}`);
		}
		if (expected !== undefined) lines.push(`    ${expected}`);
	}
	const { errors, warnings, infos } = summarize(findings);
	const counts = [plural(errors, "error"), plural(warnings, "warning"), plural(infos, "remark")].join(", ");
	return `${lines.map((line) => `${line}\n`).join("")}${config_path}: ${counts}\n`;
}
