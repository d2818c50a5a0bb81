// No counterpart: LuaDBI leaves it to the database's own library.

import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { ServerAddress } from "./messages.ts";
import { message_of, SqlProblem } from "./problems.ts";

/**
 * How to speak to a server: in plain text; encrypted where it can, whatever its certificate; or encrypted, with a certificate that one of these
 * has signed (PEM), for the name by which it is known.
 */
export type Encryption = "plain" | "where it can" | { readonly ca: string };

function is_on_this_machine(host: string): boolean {
	return host.startsWith("/") || host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * How to speak to the server of an address.
 * @param host where it is found
 * @returns rejects where the file with certificates cannot be read
 */
export async function encryption_of({ ca }: ServerAddress, host: string): Promise<Encryption> {
	if (ca === undefined) return is_on_this_machine(host) ? "plain" : "where it can";
	try {
		return { ca: await readFile(ca, "utf8") };
	} catch (error) {
		throw new SqlProblem("lost", `the certificates cannot be read: ${message_of(error)}`);
	}
}
