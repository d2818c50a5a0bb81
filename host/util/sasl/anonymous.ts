// Counterpart: util/sasl/anonymous.lua

import { medium as generate_random_id } from "../id.ts";
import { refuse, type SaslMechanism } from "./mechanism.ts";

/** How many random names are tried where the profile refuses them; Prosody tries for ever. */
const max_tries = 100;

/** A guest under a random name (RFC 4505); the profile gets the trace information that the client may send. */
export const anonymous: SaslMechanism = {
	name: "ANONYMOUS",
	backends: ["anonymous"],
	begin: (exchange) => (message) => {
		for (let tries = 0; tries < max_tries; tries++) {
			const username = generate_random_id().toLowerCase();
			exchange.username = username;
			if (exchange.profile.anonymous?.(exchange, username, exchange.realm, message)) {
				return { status: "success", username: exchange.username };
			}
		}
		return refuse("temporary-auth-failure");
	},
};
