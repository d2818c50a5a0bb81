// No counterpart: part of `enjamb compare`.

import { build } from "../scansion/markup.ts";
import type { Script } from "../scansion/parse.ts";
import type { Play, PlayStep } from "./types.ts";

const nothing: ReadonlyMap<string, string> = new Map();

/** A short name for a stanza: what it is and what it carries. */
function label(stanza: ReturnType<typeof build>): string {
	const type = stanza.attr["type"];
	const payload = stanza.first_tag;
	return [stanza.name, type, payload?.name].filter((part) => part !== undefined).join(" ");
}

/**
 * Makes a play of a scansion script: its actions, and its expectations only as far as they capture values, since what the servers
 * send is compared with each other and not with the script.
 */
export function play_from_script(script: Script): Play {
	const steps: PlayStep[] = [];
	for (const step of script.steps) {
		const { who: player, line } = step;
		if (step.action === "connects") steps.push({ kind: "connect", player, line });
		else if (step.action === "disconnects") steps.push({ kind: "disconnect", player, line });
		else if (step.action === "registers") {
			steps.push({ kind: "register", player, password: script.characters.get(player)?.password ?? "", line });
		} else if (step.action === "vanishes") steps.push({ kind: "vanish", player, line });
		else if (step.action === "sends") {
			for (const template of step.stanzas) {
				const stanza = build(template, nothing);
				steps.push({ kind: "send", player, xml: String(stanza), label: label(stanza), line: template.line });
			}
		} else if (step.action === "receives") {
			for (const template of step.stanzas) {
				const xml = String(build(template, nothing));
				if (xml.includes("{scansion:capture:")) steps.push({ kind: "capture", player, xml, line: template.line });
			}
		}
	}
	const players = [...script.characters.values()].map(({ name, jid, password, resource }) =>
		resource === undefined ? { name, jid, password } : { name, jid, password, resource },
	);
	return { title: script.title, source: script.file, players, steps };
}
