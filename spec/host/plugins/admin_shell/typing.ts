// What is typed into the console of a server, ours or a real Prosody, and what comes of it.

import { join } from "node:path";
import { AdminClient, type LineResult } from "../../../../host/core/admin_client.ts";
import { eventually } from "../../../helper.ts";

/** What a line came to: what was printed meanwhile, and the last line. */
export interface Typed extends LineResult {
	readonly lines: readonly string[];
}

/** Somebody at a console. */
export class Typist {
	private lines: string[] = [];

	private constructor(
		private client: AdminClient | undefined,
		private readonly width: number,
	) {}

	/** Connects to the server that keeps its data in a folder. */
	static async connect(data_folder: string, answers: { password?: string } = {}, width = 132): Promise<Typist> {
		const path = join(data_folder, "prosody.sock");
		const typist = new Typist(undefined, width);
		typist.client = await eventually(async () => {
			const connected = await AdminClient.connect(path, {
				output: (text) => void typist.lines.push(...text.split("\n")),
				ask: (type) => Promise.resolve(type === "password" ? answers.password : undefined),
			});
			if (!connected.ok) throw new Error(connected.error);
			return connected.value;
		});
		return typist;
	}

	/** What was printed since the last line was typed. */
	get printed(): readonly string[] {
		return this.lines;
	}

	/** Types a line, as at the console, or with `false` as on a command line. */
	async type(line: string, is_interactive = true): Promise<Typed> {
		this.lines = [];
		const result = await this.client?.run(line, this.width, is_interactive);
		if (result === undefined) throw new Error(`the server went away while it ran ${line}`);
		return { ...result, lines: this.lines };
	}

	/** Types a line whose answer does not come. */
	begin(line: string): void {
		this.lines = [];
		void this.client?.run(line, this.width, true);
	}

	get ended(): Promise<void> {
		return this.client?.ended ?? Promise.resolve();
	}

	close(): void {
		this.client?.close();
	}
}

/** The words of a command line, as `prosodyctl shell` sends them. */
export function words(...list: readonly string[]): string {
	return `{${list.map((word) => JSON.stringify(word)).join(", ")}}`;
}
