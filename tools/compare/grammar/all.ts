// No counterpart: part of `enjamb compare`.

import type { Action } from "./action.ts";
import { affiliation_actions } from "./affiliations.ts";
import { archive } from "./archive.ts";
import { calm } from "./calm.ts";
import { configuration, destruction } from "./configuration.ts";
import { errors, malformed } from "./faults.ts";
import { invitations } from "./invitations.ts";
import { joining } from "./joins.ts";
import { messages, private_messages, subjects } from "./messages.ts";
import { presences } from "./presences.ts";
import { queries } from "./queries.ts";
import { registration } from "./registration.ts";
import { sessions } from "./sessions.ts";

/** All that a random play is made of. */
export const actions: readonly Action[] = [
	...sessions,
	...joining,
	...presences,
	...messages,
	...subjects,
	...private_messages,
	...configuration,
	...destruction,
	...affiliation_actions,
	...registration,
	...invitations,
	...calm,
	...queries,
	...archive,
	...errors,
	...malformed,
];
