// Counterpart: util/sasl.lua

import { anonymous } from "./sasl/anonymous.ts";
import {
	type ChannelBindingData,
	refuse,
	type SaslExchange,
	type SaslMechanism,
	type SaslProfile,
	type SaslStep,
} from "./sasl/mechanism.ts";
import { plain } from "./sasl/plain.ts";
import { create_scram, create_scram_plus } from "./sasl/scram.ts";
import { type Eventual, go_on, Waiting } from "./waiting.ts";

export type {
	Account,
	AccountState,
	ChannelBindingData,
	SaslExchange,
	SaslMechanism,
	SaslProfile,
	SaslStep,
	ScramBackend,
	ScramCredentials,
} from "./sasl/mechanism.ts";

/** A client program, as it describes itself to people. */
export interface UserAgent {
	readonly software: string | undefined;
	readonly device: string | undefined;
}

/** One SASL exchange of one stream. */
export interface SaslHandler {
	/** The mechanism that was selected. */
	readonly selected: string | undefined;
	/** The name that the client claims; it is only proven once the exchange has succeeded. */
	readonly username: string | undefined;
	/** Names of the mechanisms on offer, the strongest first. */
	mechanisms(): string[];
	/** Starts a mechanism; false where it is not offered or another was selected before. */
	select(mechanism: string): boolean;
	/** Takes a message of the client (decoded; empty where there was none) and answers it. */
	process(message: Buffer): SaslStep;
	/** Adds a kind of channel binding, before mechanisms are offered. Missing where the handler has none. */
	add_cb_handler?(name: string, data: ChannelBindingData): void;
	/** The same where the answer may come later: checking an account takes time. Missing where it never does. */
	process_waiting?(message: Buffer): Eventual<SaslStep>;
	/** What SCRAM is about to tell the client, for those who add to it. Missing where the handler shows none. */
	server_first_message?: string | undefined;
	/** What the exchange can be bound to its channel by. */
	readonly channel_bindings?: ReadonlyMap<string, ChannelBindingData>;
	/** What the client says of the program that it is (XEP-0388). */
	user_agent?: UserAgent | undefined;
	/** The resource that the client is to get, where checking it told. */
	readonly resource?: string | undefined;
	/** Whether a token is shown in place of a password (XEP-0484). */
	readonly fast_auth?: boolean;
	/** A handler for another try. */
	clean_clone(): SaslHandler;
}

/** All mechanisms there are, the strongest first. */
export const default_mechanisms: readonly SaslMechanism[] = [
	create_scram_plus("SHA-512"),
	create_scram_plus("SHA-256"),
	create_scram_plus("SHA-1"),
	create_scram("SHA-512"),
	create_scram("SHA-256"),
	create_scram("SHA-1"),
	plain,
	anonymous,
];

class Sasl implements SaslHandler, SaslExchange {
	selected: string | undefined;
	username: string | undefined;
	server_first_message: string | undefined;
	user_agent: UserAgent | undefined;
	may_wait = false;
	readonly fast_auth: boolean;
	readonly channel_bindings = new Map<string, ChannelBindingData>();
	private step: ((message: Buffer) => Eventual<SaslStep>) | undefined;

	constructor(
		readonly realm: string | undefined,
		readonly profile: SaslProfile,
		private readonly known: readonly SaslMechanism[],
	) {
		this.fast_auth = profile.ht_sha_256 !== undefined;
	}

	private possible(): SaslMechanism[] {
		const { mechanisms } = this.profile;
		return this.known.filter(
			({ name, backends, channel_bindings }) =>
				(mechanisms ? mechanisms.includes(name) : backends.some((backend) => backend in this.profile)) &&
				(channel_bindings === undefined || channel_bindings.some((binding) => this.channel_bindings.has(binding))),
		);
	}

	mechanisms(): string[] {
		return this.possible().map(({ name }) => name);
	}

	select(name: string): boolean {
		if (this.selected !== undefined) return false;
		const mechanism = this.possible().find((possible) => possible.name === name);
		if (!mechanism) return false;
		this.selected = name;
		this.step = mechanism.begin(this);
		return true;
	}

	process(message: Buffer): SaslStep {
		this.may_wait = false;
		const answer = this.run(message);
		if (answer instanceof Waiting) throw new Error(`${this.selected} answers later although it was not allowed to`);
		return answer;
	}

	process_waiting(message: Buffer): Eventual<SaslStep> {
		this.may_wait = true;
		return this.run(message);
	}

	private run(message: Buffer): Eventual<SaslStep> {
		const { step } = this;
		if (!step) return refuse("not-authorized");
		// Nothing more is taken before it has answered, and an exchange that has ended cannot be continued.
		this.step = undefined;
		return go_on(step(message), (answer) => {
			if (answer.status === "challenge") this.step = step;
			return answer;
		});
	}

	add_cb_handler(name: string, data: ChannelBindingData): void {
		this.channel_bindings.set(name, data);
	}

	clean_clone(): SaslHandler {
		const clone = new Sasl(this.realm, this.profile, this.known);
		for (const [name, data] of this.channel_bindings) clone.add_cb_handler(name, data);
		return clone;
	}
}

/**
 * A SASL exchange that may go on with any mechanism that the profile makes possible.
 * @param realm the host; the profile gets it
 * @param known all mechanisms; where a name comes twice, the first counts
 */
export function new_sasl(
	realm: string | undefined,
	profile: SaslProfile,
	known: readonly SaslMechanism[] = default_mechanisms,
): SaslHandler {
	return new Sasl(realm, profile, known);
}
