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
import type { Waiting } from "./waiting.ts";

export type {
	Account,
	AccountState,
	ChannelBindingData,
	SaslExchange,
	SaslMechanism,
	SaslProfile,
	SaslStep,
	ScramCredentials,
} from "./sasl/mechanism.ts";

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
	/** The same where checking an account may take time (Lua); missing where it never does. */
	process_waiting?(message: Buffer): SaslStep | Waiting<SaslStep>;
	/** A handler for another try. */
	clean_clone(): SaslHandler;
}

/** All mechanisms there are, the strongest first. */
export const default_mechanisms: readonly SaslMechanism[] = [
	create_scram_plus("SHA-256"),
	create_scram_plus("SHA-1"),
	create_scram("SHA-256"),
	create_scram("SHA-1"),
	plain,
	anonymous,
];

class Sasl implements SaslHandler, SaslExchange {
	selected: string | undefined;
	username: string | undefined;
	readonly channel_bindings = new Map<string, ChannelBindingData>();
	private step: ((message: Buffer) => SaslStep) | undefined;

	constructor(
		readonly realm: string | undefined,
		readonly profile: SaslProfile,
		private readonly known: readonly SaslMechanism[],
	) {}

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
		if (!this.step) return refuse("not-authorized");
		const answer = this.step(message);
		// An exchange that has ended cannot be continued.
		if (answer.status !== "challenge") this.step = undefined;
		return answer;
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
