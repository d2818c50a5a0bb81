// Counterpart: util/sasl.lua (its shapes, which the original describes in comments)

/** What an account is: `unavailable` where it could not be looked up. Prosody's `true`, `false` and `nil`. */
export type AccountState = "enabled" | "disabled" | "unknown" | "unavailable";

/** An account that may log in with what is needed to check it, or the state that speaks against it. */
export type Account<Credentials> =
	| ({ readonly state: "enabled" } & Credentials)
	| { readonly state: Exclude<AccountState, "enabled"> };

/** What a server keeps instead of a password (RFC 5802 §3); the keys are as long as the hash. */
export interface ScramCredentials {
	readonly stored_key: Buffer;
	readonly server_key: Buffer;
	/** Text stands for its UTF-8. */
	readonly salt: Buffer | string;
	readonly iteration_count: number;
}

/**
 * How accounts are checked: each entry makes the mechanisms possible that name it among their `backends`.
 * The first argument is the running exchange, whose `username` a callback may change.
 */
export interface SaslProfile {
	/** For accounts whose password is known as it is. */
	plain?(sasl: SaslExchange, username: string, realm: string | undefined, authzid: string): Account<{ password: string }>;
	/** For accounts that can tell whether a password is theirs. */
	plain_test?(
		sasl: SaslExchange,
		username: string,
		password: string,
		realm: string | undefined,
		authzid: string,
	): Account<{ correct: boolean }>;
	scram_sha_1?(sasl: SaslExchange, username: string, realm: string | undefined, authzid: string): Account<ScramCredentials>;
	scram_sha_256?(sasl: SaslExchange, username: string, realm: string | undefined, authzid: string): Account<ScramCredentials>;
	/** Whether a guest may have this random name; when not, another is tried. */
	anonymous?(sasl: SaslExchange, username: string, realm: string | undefined, message: Buffer): boolean;
	/** Prepares usernames in place of nodeprep; `false` leaves them as saslprep made them. */
	readonly nodeprep?: false | ((username: string) => string | undefined);
	/** Offers these mechanisms instead of all that are possible. */
	readonly mechanisms?: readonly string[];
	/**
	 * What SCRAM shows of an account that does not exist, so that nobody learns of that before giving a password; it must be the same
	 * for a name each time. Without it an unknown account is refused at once, as Prosody does.
	 */
	decoy?(username: string): Pick<ScramCredentials, "salt" | "iteration_count">;
}

/** What a mechanism sees of the exchange that it runs in. */
export interface SaslExchange {
	readonly realm: string | undefined;
	readonly profile: SaslProfile;
	/** Who the client says it is; proven only once the exchange succeeded. */
	username: string | undefined;
	/** What the channel can be bound by, by its type. */
	readonly channel_bindings: ReadonlyMap<string, ChannelBindingData>;
}

/** Gives what both ends of a channel know and nobody else; undefined where that is lost. */
export type ChannelBindingData = () => Buffer | undefined;

/** How an exchange goes on; `condition` is one of RFC 6120 §6.5, `text` is for people. */
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
	/** Offered only where the channel can be bound by one of these. */
	readonly channel_bindings?: readonly string[];
	/** Begins an exchange; what it answers takes the client's messages one by one, until a step is no challenge. */
	begin(exchange: SaslExchange): (message: Buffer) => SaslStep;
}

/** Ends an exchange without success. */
export function refuse(condition: string, text?: string): SaslStep {
	return text === undefined ? { status: "failure", condition } : { status: "failure", condition, text };
}

/** Ends an exchange for what an account is; `text` is only for the one that does not exist. */
export function refuse_account(state: Exclude<AccountState, "enabled">, text?: string): SaslStep {
	if (state === "disabled") return refuse("account-disabled");
	return state === "unavailable" ? refuse("temporary-auth-failure") : refuse("not-authorized", text);
}
