// No counterpart: what writes to the log.

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Logs a message; `%s`, `%d` and `%q` in it stand for the arguments, which are only formatted when the level is wanted. */
export type Log = (level: LogLevel, message: string, ...args: unknown[]) => void;
