// Counterpart: prosody-modules mod_sasl_ssdp (XEP-0474)

import type { C2sSession, ModuleDefinition } from "../core/types.ts";
import { base64_encode } from "../util/encodings.ts";
import { type ScramHashName, scram_functions } from "../util/sasl/scram.ts";
import type {} from "./mod_sasl2.ts";
import type {} from "./mod_saslauth.ts";
import { load_sasl_offer } from "./saslauth_offer.lib.ts";

const hash_names: readonly ScramHashName[] = ["SHA-1", "SHA-256", "SHA-512"];

/** The lists in the order of their bytes, as both ends hash them. */
function joined(names: readonly string[]): string {
	return names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))).join("\u001e");
}

/** Tells clients under their password's protection what they were offered, so that nobody in between can take the best away. */
export const definition: ModuleDefinition = {
	name: "sasl_ssdp",
	load(module) {
		const offer = load_sasl_offer(module);

		function add_offer(event: { session: C2sSession; message: Buffer | string | undefined }): void {
			const { session, message } = event;
			const handler = session.sasl_handler;
			const hash_name = hash_names.find((name) => handler?.selected?.replace(/-PLUS$/, "") === `SCRAM-${name}`);
			if (handler?.server_first_message === undefined || hash_name === undefined || message === undefined) return;
			const mechanisms = joined(offer.usable(session, handler));
			const bindings = offer.bindings.names(session);
			const text = bindings.length === 0 ? mechanisms : `${mechanisms}\u001f${joined(bindings)}`;
			const told = `${message},h=${base64_encode(scram_functions[hash_name].hash(text))}`;
			handler.server_first_message = told;
			event.message = Buffer.from(told);
		}
		module.hook("sasl/c2s/challenge", add_offer, 1);
		module.hook("sasl2/c2s/challenge", add_offer, 1);
	},
};
