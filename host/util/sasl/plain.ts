// Counterpart: util/sasl/plain.lua

import { nodeprep, saslprep } from "../encodings.ts";
import { equals } from "../hashes.ts";
import { type Eventual, go_on } from "../waiting.ts";
import { refuse, refuse_account, type SaslExchange, type SaslMechanism, type SaslStep } from "./mechanism.ts";

const invalid_text = "Invalid username or password.";
const refused_text = "Unable to authorize you with the authentication credentials you've sent.";

/** The username in the form by which accounts are looked up; undefined for an impossible one. */
function prepare_username(exchange: SaslExchange, given: string): string | undefined {
	const prepared = saslprep(given);
	if (prepared === undefined || prepared === "") return undefined;
	const { nodeprep: own_prep = nodeprep } = exchange.profile;
	const username = own_prep === false ? prepared : own_prep(prepared);
	return username === "" ? undefined : username;
}

function process(exchange: SaslExchange, message: Buffer): Eventual<SaslStep> {
	// PARITY: what follows a zero byte after the password is ignored, and the authorization identity is left to the backend.
	const [authzid, given_username, given_password] = message.toString().split("\0");
	if (authzid === undefined || !given_username || !given_password) return refuse("malformed-request");

	const password = saslprep(given_password);
	const username = prepare_username(exchange, given_username);
	if (password === undefined || password === "" || username === undefined) return refuse("malformed-request", invalid_text);
	exchange.username = username;

	const { profile, realm } = exchange;
	const answer = (correct: boolean): SaslStep =>
		correct ? { status: "success", username: exchange.username ?? username } : refuse("not-authorized", refused_text);
	if (profile.plain) {
		const account = profile.plain(exchange, username, realm, authzid);
		if (account.state !== "enabled") return refuse_account(account.state, refused_text);
		const expected = saslprep(account.password);
		return answer(expected !== undefined && equals(expected, password));
	}
	const tested = profile.plain_test?.(exchange, username, password, realm, authzid) ?? { state: "enabled", correct: false };
	return go_on(tested, (account) =>
		account.state === "enabled" ? answer(account.correct) : refuse_account(account.state, refused_text),
	);
}

/** Name and password in one message (RFC 4616). */
export const plain: SaslMechanism = {
	name: "PLAIN",
	backends: ["plain", "plain_test"],
	begin: (exchange) => (message) => process(exchange, message),
};
