// Counterpart: util/sasl.lua (its shapes, which the original describes in comments)

import type { Eventual, Waiting } from "../waiting.ts";

/** The state of an account: `unavailable` where it could not be looked up. In Prosody: `true`, `false` and `nil`. */
export type AccountState = "enabled" | "disabled" | "unknown" | "unavailable";

/** What is needed to check an account that may log in, or the state because of which it may not. */
export type Account<Credentials> =
	| ({ readonly state: "enabled" } & Credentials)
	| { readonly state: Exclude<AccountState, "enabled"> };

/** What a server stores instead of a password (RFC 5802 §3); the keys are as long as the hash. */
export interface ScramCredentials {
	readonly stored_key: Buffer;
	readonly server_key: Buffer;
	/** Text stands for its UTF-8. */
	readonly salt: Buffer | string;
	readonly iteration_count: number;
}

/**
 * How accounts are checked: each entry enables the mechanisms that have its name among their `backends`.
 * The first argument is the running exchange, whose `username` a callback may change. A callback may answer later where the
 * exchange `may_wait`.
 */
export interface SaslProfile {
	/** For accounts whose password is stored in plain text. */
	plain?(sasl: SaslExchange, username: string, realm: string | undefined, authzid: string): Account<{ password: string }>;
	/** For accounts whose provider checks passwords itself. */
	plain_test?(
		sasl: SaslExchange,
		username: string,
		password: string,
		realm: string | undefined,
		authzid: string,
	): Eventual<Account<{ correct: boolean }>>;
	scram_sha_1?: ScramBackend;
	scram_sha_256?: ScramBackend;
	scram_sha_512?: ScramBackend;
	/** For tokens in place of passwords. */
	ht_sha_256?(sasl: SaslExchange, proof: TokenProof): TokenAnswer;
	/** Whether a guest may have this random name; if not, another one is tried. */
	anonymous?(sasl: SaslExchange, username: string, realm: string | undefined, message: Buffer): boolean;
	/** Prepares usernames in place of nodeprep; `false` leaves them as saslprep made them. */
	readonly nodeprep?: false | ((username: string) => string | undefined);
	/**
	 * Has a hash computed in a thread, when its turn comes; undefined where too many wait already. Without it, hashes are computed at
	 * once.
	 * @param instead the answer where the client goes away before its turn comes
	 */
	in_pool?<Answer>(work: () => Waiting<Answer>, instead: Answer): Waiting<Answer> | undefined;
	/** Offers these mechanisms instead of all that are possible. */
	readonly mechanisms?: readonly string[];
	/**
	 * What SCRAM shows for an account that does not exist, so that nobody learns that before giving a password; it must be the same
	 * for a name each time. Without it, an unknown account is refused at once, as in Prosody.
	 */
	decoy?(username: string): Pick<ScramCredentials, "salt" | "iteration_count">;
}

/** Finds the keys of an account. */
export type ScramBackend = (
	sasl: SaslExchange,
	username: string,
	realm: string | undefined,
	authzid: string,
) => Eventual<Account<ScramCredentials>>;

/** What a client shows instead of a password (draft-schmaus-kitten-sasl-ht). */
export interface TokenProof {
	/** The mechanism, which a token is made for. */
	readonly mechanism: string;
	readonly username: string;
	/** The HMAC of the token over the initiator's text and the channel binding. */
	readonly hash: Buffer;
	/** Empty where the mechanism has none. */
	readonly binding: Buffer;
}

/** The server's own proof, or the condition of the failure. */
export type TokenAnswer = { readonly ok: true; readonly proof: Buffer } | { readonly ok: false; readonly condition: string };

/** What a mechanism can use of its exchange. */
export interface SaslExchange {
	readonly realm: string | undefined;
	readonly profile: SaslProfile;
	/** The name that the client claims; it is only proven once the exchange has succeeded. */
	username: string | undefined;
	/** Whether whoever runs the exchange can wait for answers. */
	readonly may_wait: boolean;
	/** What others may still change before the client gets it: SCRAM's server-first-message. Prosody: `state`. */
	server_first_message: string | undefined;
	/** Channel bindings by their type. */
	readonly channel_bindings: ReadonlyMap<string, ChannelBindingData>;
}

/** Gives the value that only both ends of a channel know; undefined where it is not available. */
export type ChannelBindingData = () => Buffer | undefined;

/** The result of a step; `condition` is one of RFC 6120 §6.5, `text` is for people. */
export type SaslStep =
	| { readonly status: "challenge"; readonly data: Buffer }
	| { readonly status: "success"; readonly username: string; readonly data?: Buffer }
	| { readonly status: "failure"; readonly condition: string; readonly text?: string };

/** A mechanism as a value. */
export interface SaslMechanism {
	/** Its registered name, as `SCRAM-SHA-1`. */
	readonly name: string;
	/** Entries of a profile, any one of which it can work with. */
	readonly backends: readonly string[];
	/** Only offered where the channel has one of these bindings. */
	readonly channel_bindings?: readonly string[];
	/** Begins an exchange; the returned function takes the client's messages one by one, until a step is not a challenge. */
	begin(exchange: SaslExchange): (message: Buffer) => Eventual<SaslStep>;
}

/** Ends an exchange with a failure. */
export function refuse(condition: string, text?: string): SaslStep {
	return text === undefined ? { status: "failure", condition } : { status: "failure", condition, text };
}

/** Ends an exchange for what an account is; `text` is only for the one that does not exist. */
export function refuse_account(state: Exclude<AccountState, "enabled">, text?: string): SaslStep {
	if (state === "disabled") return refuse("account-disabled");
	return state === "unavailable" ? refuse("temporary-auth-failure") : refuse("not-authorized", text);
}
