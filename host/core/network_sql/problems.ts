// No counterpart: Prosody logs what the database says.

/**
 * What kind of trouble a database is in. `lost`: the connection is gone. `slow`: it gave no answer in time, and was cut. `again`: the
 * transaction was in another one's way, and may be tried again. `locked`: another one was in its way, and may be for long. `refused`: it does not take the values. `failed`: anything else.
 */
export type ProblemKind = "lost" | "slow" | "again" | "locked" | "refused" | "failed";

/** An error of the database or of the connection to it. */
export class SqlProblem extends Error {
	constructor(
		readonly kind: ProblemKind,
		message: string,
	) {
		super(message);
	}
}

export function message_of(error: unknown): string {
	if (error instanceof AggregateError && error.errors.length > 0) return message_of(error.errors[0]);
	return error instanceof Error ? error.message || error.name : String(error);
}

/** The code of an error of Node or of a database, as text. */
export function code_of(error: unknown): string {
	return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Any error as a problem; what is not known says that the connection is gone. */
export function as_problem(error: unknown): SqlProblem {
	return error instanceof SqlProblem ? error : new SqlProblem("lost", message_of(error));
}
