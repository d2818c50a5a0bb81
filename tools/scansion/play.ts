// Counterpart: Prosody's test player, https://matthewwild.co.uk/projects/scansion

import type { Stanza } from "../../host/util/stanza.ts";
import { Client, type ClientOptions } from "./client.ts";
import { build, type Template, texts_of, variables_in } from "./markup.ts";
import { type Captures, type Difference, match } from "./match.ts";
import type { ExchangeStep, Script, Step } from "./parse.ts";

/** The server to play on, and how long to wait. */
export interface PlayOptions {
	readonly host: string;
	readonly port: number;
	/** How long a stanza may take to come, in milliseconds. */
	readonly timeout: number;
}

/** A stanza that a client sent or got while a script was played. */
export interface Exchange {
	readonly who: string;
	readonly direction: "sent" | "received";
	/** Line of the script: that of the *sends*, or of the *receives* that took it. */
	readonly line: number;
	readonly stanza: Stanza;
}

/** Why a script failed. */
export interface Failure {
	readonly line: number;
	/** The step in the script's words, such as `Romeo receives`. */
	readonly step: string;
	readonly message: string;
	/** What the script has there, with variables filled in. */
	readonly wanted: Stanza | undefined;
	/** Stanzas that the client had got and the script had not asked for, oldest first. */
	readonly came: readonly Stanza[];
	/** Where the stanza that is most alike departs from the script, and its index in `came`. */
	readonly difference: (Difference & { readonly index: number }) | undefined;
}

/** The result of playing a script. */
export interface Outcome {
	readonly script: Script;
	readonly failure: Failure | undefined;
	readonly milliseconds: number;
	/** Steps that were played to their end. */
	readonly steps: number;
	/** Everything the script sent and asked for, in order. */
	readonly exchanges: readonly Exchange[];
}

/** After the last ping's answer, how long *receives nothing* still listens, in milliseconds: for what a server does on a timer. */
const quiet_time = 100;

type Halt = Omit<Failure, "line" | "step">;

function halt(message: string, details: Partial<Halt> = {}): Halt {
	return { message, wanted: undefined, came: [], difference: undefined, ...details };
}

/** One performance of a script. */
class Playing {
	readonly exchanges: Exchange[] = [];
	private readonly clients = new Map<string, Client>();
	private readonly variables = new Map<string, string>();
	private readonly gone = new Set<string>();

	constructor(
		private readonly script: Script,
		private readonly options: PlayOptions,
	) {
		for (const { name, jid, resource } of script.characters.values()) {
			this.variables.set(`${name}'s JID`, jid);
			if (resource !== undefined) this.variables.set(`${name}'s full JID`, `${jid}/${resource}`);
		}
	}

	/** Plays a step; returns why it failed. */
	async step(step: Step): Promise<Halt | undefined> {
		if (step.action === "connects") return this.connect(step.who);
		if (step.action === "registers") return this.register(step.who);
		const client = this.clients.get(step.who);
		if (client === undefined) {
			// Some scripts send after disconnecting, or disconnect twice; that does no harm.
			const harmless = this.gone.has(step.who) && (step.action === "sends" || step.action === "disconnects");
			return harmless ? undefined : halt(`${step.who} is not connected`);
		}
		if ("stanzas" in step) {
			for (const template of step.stanzas) {
				const problem = this.missing_variable(template) ?? (await this.exchange(step, client, template));
				if (problem) return problem;
			}
			return undefined;
		}
		return step.action === "receives nothing" ? this.receive_nothing(step.who, client) : this.end(step, client);
	}

	async close(): Promise<void> {
		await Promise.all(Array.from(this.clients.values(), (client) => client.disconnect()));
	}

	/** Waits until the server has handled what the others sent, so that it handles stanzas in the order of the script. */
	private async settle_others(who: string): Promise<void> {
		const others = Array.from(this.clients).filter(([name]) => name !== who);
		await Promise.all(others.map(([, client]) => client.settle()));
	}

	/** How somebody connects who does not act yet; undefined for others. */
	private options_of(who: string): ClientOptions | undefined {
		const character = this.script.characters.get(who);
		if (character === undefined || this.clients.has(who)) return undefined;
		return {
			host: character.connect_host ?? this.options.host,
			port: character.connect_port ?? this.options.port,
			jid: character.jid,
			password: character.password,
			resource: character.resource,
			timeout: this.options.timeout,
		};
	}

	private async register(who: string): Promise<Halt | undefined> {
		const options = this.options_of(who);
		if (options === undefined) return halt(`${who} is already connected`);
		const answer = await Client.register(options);
		if (!answer.ok) return halt(answer.error);
		return answer.value.attr["type"] === "result" ? undefined : halt("the account was refused", { came: [answer.value] });
	}

	private async connect(who: string): Promise<Halt | undefined> {
		const options = this.options_of(who);
		if (options === undefined) return halt(`${who} is already connected`);
		await this.settle_others(who);
		const connected = await Client.connect(options);
		if (!connected.ok) return halt(connected.error);
		this.clients.set(who, connected.value);
		this.variables.set(`${who}'s full JID`, connected.value.full_jid);
		return undefined;
	}

	private async end({ who, action }: Step, client: Client): Promise<undefined> {
		await this.settle_others(who);
		this.clients.delete(who);
		this.gone.add(who);
		if (action === "vanishes") {
			// What it sent last has come before it is gone
			await client.settle();
			await client.vanish();
		} else await client.disconnect();
	}

	private exchange(step: ExchangeStep, client: Client, template: Template): Promise<Halt | undefined> {
		return step.action === "sends" ? this.send(step, client, template) : this.receive(step, client, template);
	}

	private missing_variable(template: Template): Halt | undefined {
		for (const { text } of texts_of(template)) {
			const missing = variables_in(text).find((name) => !this.variables.has(name));
			if (missing !== undefined) return halt(`${missing} has no value yet`);
		}
		return undefined;
	}

	private async send({ who, line }: ExchangeStep, client: Client, template: Template): Promise<Halt | undefined> {
		await this.settle_others(who);
		if (client.ended !== undefined) return halt(`${who} is no longer connected: ${client.ended}`);
		const stanza = build(template, this.variables);
		client.send(stanza);
		this.exchanges.push({ who, direction: "sent", line, stanza });
		return undefined;
	}

	private async receive({ who, line }: ExchangeStep, client: Client, template: Template): Promise<Halt | undefined> {
		let captures: Captures = new Map();
		const accepts = (stanza: Stanza) => {
			const compared = match(template, stanza, this.variables);
			if (compared.ok) captures = compared.value;
			return compared.ok;
		};
		const stanza = await client.take(accepts, this.options.timeout);
		if (stanza === undefined) return this.unmet(client, template);
		for (const [name, value] of captures) this.variables.set(name, value);
		this.exchanges.push({ who, direction: "received", line, stanza });
		return undefined;
	}

	private unmet(client: Client, template: Template): Halt {
		const came = [...client.queue];
		let difference: Failure["difference"];
		for (const [index, stanza] of came.entries()) {
			const compared = match(template, stanza, this.variables);
			if (!compared.ok && compared.error.agreed > (difference?.agreed ?? 0)) difference = { ...compared.error, index };
		}
		const why = client.ended === undefined ? `nothing like it came within ${this.options.timeout / 1000} s` : client.ended;
		return halt(why, { wanted: build(template, this.variables), came, difference });
	}

	private async receive_nothing(who: string, client: Client): Promise<Halt | undefined> {
		await this.settle_others(who);
		await client.settle(true);
		const stanza = await client.take(() => true, quiet_time);
		if (stanza === undefined) return undefined;
		return halt("something came that the script did not ask for", { came: [stanza, ...client.queue] });
	}
}

/** Plays a script; clients are disconnected at its end, also when it fails. */
export async function play(script: Script, options: PlayOptions): Promise<Outcome> {
	const start = performance.now();
	const performed = new Playing(script, options);
	let failure: Failure | undefined;
	let steps = 0;
	for (const step of script.steps) {
		const problem = await performed.step(step);
		if (problem) {
			failure = { line: step.line, step: `${step.who} ${step.action}`, ...problem };
			break;
		}
		steps++;
	}
	await performed.close();
	return { script, failure, milliseconds: performance.now() - start, steps, exchanges: performed.exchanges };
}
