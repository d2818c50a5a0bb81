// No counterpart: Prosody rejects with a table of util/error.lua.

import type { ErrorType } from "../util/error.ts";
import type { Stanza } from "../util/stanza.ts";

/** Why `module.send_iq` failed. */
export class IqError extends Error {
	constructor(
		readonly type: ErrorType,
		readonly condition: string,
		readonly text: string | undefined,
		readonly stanza: Stanza | undefined,
	) {
		super(text ?? condition);
		this.name = "IqError";
	}
}
