// No counterpart: calls commands of the HTTP API.

/** An answer that is an error. */
export class Problem extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

/** Settings and other arguments. */
export type Arguments = Readonly<Record<string, unknown>>;

async function problem_of(answer: Response): Promise<Problem> {
	let message = `the server answered ${answer.status}`;
	try {
		const content: unknown = await answer.json();
		if (typeof content === "object" && content !== null && "message" in content) message = String(content.message);
	} catch {
		// A proxy may answer with something else
	}
	return new Problem(answer.status, message);
}

/** The API, with the token of whoever is logged in. It is nowhere but here, so that no other page has it. */
export class Api {
	token: string | undefined;

	/** @param base path of the API, such as `/api` */
	constructor(private readonly base: string) {}

	/** Calls a command; what it answers is as the description says. Throws a {@link Problem}. */
	async call<Answer>(name: string, args: Arguments = {}): Promise<Answer> {
		const answer = await fetch(`${this.base}/${name}`, {
			method: "POST",
			headers: { "Content-Type": "application/json", ...this.authorization() },
			body: JSON.stringify(args),
		});
		if (!answer.ok) throw await problem_of(answer);
		return answer.json();
	}

	/** What comes piece by piece, such as the log. Throws a {@link Problem}. */
	async stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
		const answer = await fetch(`${this.base}/${path}`, { headers: this.authorization(), signal });
		if (!answer.ok || answer.body === null) throw await problem_of(answer);
		return answer.body;
	}

	/** Sends something to the console itself. */
	async post<Answer>(path: string, content: Arguments): Promise<Answer> {
		const answer = await fetch(path, {
			method: "POST",
			headers: { "Content-Type": "application/json", ...this.authorization() },
			body: JSON.stringify(content),
		});
		if (!answer.ok) throw await problem_of(answer);
		return answer.status === 204 ? JSON.parse("null") : answer.json();
	}

	private authorization(): Record<string, string> {
		return this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` };
	}
}
