// No counterpart: what is done otherwise on purpose while clients log in, beside Prosody and the community's modules for SASL2.

/**
 * A difference that no play of `enjamb compare` can meet, since its clients are logged in by then. Each is shown by raw streams to
 * both servers in spec/host/plugins/mod_sasl2.differences.spec.ts, which does not compile where it leaves one out.
 */
interface LoginDifference {
	/** Short and stable. */
	readonly id: string;
	/** Why it is so, and why it stays so. */
	readonly reason: string;
	/** The version of Prosody that can show it, as a prefix; absent is all. */
	readonly reference?: string;
}

export const login_differences = [
	{
		id: "sasl2-login-tried-again",
		reason:
			"After a login that failed, a client may try another one on the same stream, since nothing of the stream has changed (XEP-0388, Completing Authentication); the community's module refuses every mechanism then.",
	},
	{
		id: "sasl2-abort-answered",
		reason:
			"A client that gives its login up hears that it was aborted, and may begin anew (XEP-0388, Aborting); the community's module does not know the element.",
	},
	{
		id: "sasl2-tokens-encrypted",
		reason:
			"Tokens are given and taken on encrypted streams alone, or where allow_unencrypted_plain_auth is on: whoever reads along could use them. The community's module offers them on any stream.",
		reference: "13",
	},
	{
		id: "sasl2-inline-as-loaded",
		reason:
			"Copies of messages and the state of a client can be asked for in the course of a login where carbons and csi are loaded; the community's module offers them always, and confirms copies that nobody will send.",
	},
	{
		id: "ssdp-of-today",
		reason:
			"What a client was offered is hashed as today's XEP-0474 says, in the attribute `h`; the community's module has an earlier form of it, in `d`.",
	},
	{
		id: "13-oauthbearer",
		reason:
			"Where hashes of passwords are stored (internal_hashed), Prosody 13 offers OAUTHBEARER, for tokens that further modules give out; here nobody can get one.",
		reference: "13",
	},
	{
		id: "scram-sha-512",
		reason:
			"Where passwords are stored as they are (internal_plain), SCRAM-SHA-512 is offered, too, which Prosody does not have.",
	},
	{
		id: "tokens-of-a-hundred-clients",
		reason:
			"A hundred clients of an account can have tokens, then those go that were given out first: otherwise one account could fill the storage. The community's module keeps all.",
		reference: "13",
	},
	{
		id: "tokens-go-with-the-password",
		reason:
			"When the password changes, the tokens are removed at once, and are like any wrong one. The community's module keeps them and refuses those that are older than the change, which it knows to the second.",
		reference: "13",
	},
] as const satisfies readonly LoginDifference[];

export type LoginDifferenceId = (typeof login_differences)[number]["id"];
