// Counterpart: core/stanza_router.lua (handle_unhandled_stanza)

import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type { Waiting } from "../util/waiting.ts";
import type { Log, Session } from "./types.ts";

const stanza_names = new Set(["message", "presence", "iq"]);

/** Whether a stanza must not be answered with an error: errors, and results of IQs (RFC 6120 §8.3.1). */
export function is_answer(stanza: Stanza): boolean {
	return stanza.attr["type"] === "error" || (stanza.name === "iq" && stanza.attr["type"] === "result");
}

/** What senders are told about stanzas that nobody could handle. */
export interface StanzaAnswers {
	/** Nobody has handled it. */
	unhandled(origin: Session, stanza: Stanza): void;
	/** There is a mistake in this program or in a module. The sender is told, and everything else goes on. */
	mistake(origin: Session, stanza: Stanza, error: unknown): void;
	/** A handler waits for something. What its sender sends next waits too; nobody else does. */
	wait(origin: Session, stanza: Stanza, waiting: Waiting<unknown>): void;
}

/** @param wants_debug whether each stanza is to be logged */
export function create_answers(log: Log, wants_debug: () => boolean): StanzaAnswers {
	const answers: StanzaAnswers = {
		unhandled(origin, stanza) {
			const { name } = stanza;
			if (stanza.attr["xmlns"] === undefined && stanza_names.has(name)) {
				if (is_answer(stanza)) {
					if (wants_debug()) log("debug", "Discarding %s from %s: %s", name, origin.type, stanza.top_tag());
					return;
				}
				origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
				return;
			}
			log("warn", "Unhandled %s stream element: %s", origin.type, stanza.top_tag());
			if ("close" in origin) origin.close({ condition: "unsupported-stanza-type" });
		},
		mistake(origin, stanza, error) {
			log("error", "Error while handling %s: %s", stanza.top_tag(), error instanceof Error ? error.stack : error);
			if (stanza_names.has(stanza.name) && !is_answer(stanza)) {
				origin.send(st.error_reply(stanza, "cancel", "internal-server-error"));
			}
		},
		wait(origin, stanza, waiting) {
			const release = "hold" in origin ? origin.hold?.("handler") : undefined;
			waiting.ended((outcome) => {
				if (!outcome.ok) answers.mistake(origin, stanza, outcome.error);
				release?.();
			});
		},
	};
	return answers;
}
