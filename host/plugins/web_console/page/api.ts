// No counterpart: calls commands of the HTTP API.

/** An answer that is an error. */
export class Problem extends Error {
	constructor(
		readonly status: number,
		message: string,
		/** What is known all the same, as JSON; undefined where nothing is. */
		readonly partial?: string,
	) {
		super(message);
	}
}

/** Settings and other arguments. */
export type Arguments = Readonly<Record<string, unknown>>;

async function problem_of(answer: Response): Promise<Problem> {
	let message = `the server answered ${answer.status}`;
	let partial: string | undefined;
	try {
		const content: unknown = await answer.json();
		if (typeof content === "object" && content !== null && "message" in content) message = String(content.message);
		if (typeof content === "object" && content !== null && "partial" in content) partial = JSON.stringify(content.partial);
	} catch {
		// A proxy may answer with something else
	}
	return new Problem(answer.status, message, partial);
}

/** The API, with the token of whoever is logged in. It is nowhere but here, so that no other page has it. */
export class Api {
	token: string | undefined;
	/** Told why something is missing of what {@link list} gives, such as a node of a cluster that does not answer. */
	on_missing: (why: string) => void = () => {};

	/** @param base path of the API, such as `/api` */
	constructor(private readonly base: string) {}

	/** Calls a command; what it answers is as the description says. Throws a {@link Problem}. */
	async call<Answer>(name: string, args: Arguments = {}): Promise<Answer> {
		const answer = await this.send(name, args);
		if (!answer.ok) throw await problem_of(answer);
		return answer.json();
	}

	private send(name: string, args: Arguments): Promise<Response> {
		return fetch(`${this.base}/${name}`, {
			method: "POST",
			headers: { "Content-Type": "application/json", ...this.authorization() },
			body: JSON.stringify(args),
		});
	}

	/** The same for what lists or counts: where some nodes of a cluster do not answer, it is what the others have. */
	async list<Answer>(name: string, args: Arguments = {}): Promise<Answer> {
		const answer = await this.send(name, args);
		if (answer.ok) return answer.json();
		const problem = await problem_of(answer);
		if (problem.partial === undefined) throw problem;
		this.on_missing(problem.message);
		return JSON.parse(problem.partial);
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
