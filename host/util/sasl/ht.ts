// Counterpart: prosody-modules mod_sasl2_fast (HT-* mechanisms); draft-schmaus-kitten-sasl-ht

import { nodeprep } from "../encodings.ts";
import { refuse, type SaslExchange, type SaslMechanism, type SaslStep } from "./mechanism.ts";

/** Bytes of a SHA-256. */
const hash_length = 32;

function process(exchange: SaslExchange, mechanism: string, binding_name: string | undefined, message: Buffer): SaslStep {
	const end_of_name = message.indexOf(0);
	if (end_of_name < 1 || message.length === end_of_name + 1) return refuse("malformed-request");
	const username = nodeprep(message.subarray(0, end_of_name).toString());
	const hash = message.subarray(end_of_name + 1);
	if (username === undefined || username === "" || hash.length !== hash_length) return refuse("not-authorized");
	const binding = binding_name === undefined ? Buffer.alloc(0) : exchange.channel_bindings.get(binding_name)?.();
	if (binding === undefined) return refuse("not-authorized");
	exchange.username = username;
	const answer = exchange.profile.ht_sha_256?.(exchange, { mechanism, username, hash, binding });
	if (answer === undefined) return refuse("not-authorized");
	return answer.ok ? { status: "success", username: exchange.username, data: answer.proof } : refuse(answer.condition);
}

/** A token that is proved in one message, and by the server in its answer. */
function create_ht(suffix: string, binding?: string): SaslMechanism {
	const name = `HT-SHA-256-${suffix}`;
	return {
		name,
		backends: ["ht_sha_256"],
		...(binding === undefined ? {} : { channel_bindings: [binding] }),
		begin: (exchange) => (message) => process(exchange, name, binding, message),
	};
}

/** All of them, the strongest first. */
export const token_mechanisms: readonly SaslMechanism[] = [
	create_ht("EXPR", "tls-exporter"),
	create_ht("UNIQ", "tls-unique"),
	create_ht("ENDP", "tls-server-end-point"),
	create_ht("NONE"),
];
