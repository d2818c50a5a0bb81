// Counterpart: util/error.lua

/** Error types of RFC 6120 §8.3.2: what the sender may do about it. */
export type ErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

const error_types: ReadonlySet<string> = new Set<ErrorType>(["auth", "cancel", "continue", "modify", "wait"]);

/** Whether a text, such as an attribute of a stanza, is an error type. */
export function is_error_type(text: string | undefined): text is ErrorType {
	return text !== undefined && error_types.has(text);
}

/** Stanza error conditions of RFC 6120 §8.3.3, and XEP-0045's use of policy-violation. */
const conditions = [
	"bad-request",
	"conflict",
	"feature-not-implemented",
	"forbidden",
	"gone",
	"internal-server-error",
	"item-not-found",
	"jid-malformed",
	"not-acceptable",
	"not-allowed",
	"not-authorized",
	"policy-violation",
	"recipient-unavailable",
	"redirect",
	"registration-required",
	"remote-server-not-found",
	"remote-server-timeout",
	"resource-constraint",
	"service-unavailable",
	"subscription-required",
	"undefined-condition",
	"unexpected-request",
] as const;
export type Condition = (typeof conditions)[number];

/** Whether a text is a condition of a stanza error. */
export function is_condition(text: string | undefined): text is Condition {
	return conditions.some((known) => known === text);
}

/** A stanza error as a value: what an operation returns when it refuses. */
export interface StanzaError {
	readonly type: ErrorType;
	readonly condition: Condition;
	/** For people; shown in `<text/>`. */
	readonly text?: string;
}

/** Makes a stanza error; `text` is left out when not given. */
export function stanza_error(type: ErrorType, condition: Condition, text?: string): StanzaError {
	return text === undefined ? { type, condition } : { type, condition, text };
}

/** Success with a value, or an error value; never an exception. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A successful result. */
export function ok<T>(value: T): { ok: true; value: T } {
	return { ok: true, value };
}

/** A failed result. */
export function failed<E>(error: E): { ok: false; error: E } {
	return { ok: false, error };
}
