// No counterpart: part of `enjamb compare`.

import { Stanza } from "../../host/util/stanza.ts";
import { build, parse_markup } from "../scansion/markup.ts";
import { layout } from "../scansion/report.ts";
import { with_free_values_open } from "./elements.ts";
import { chosen_ids, terms } from "./transcripts.ts";
import type { Play, Transcript } from "./types.ts";

const nothing: ReadonlyMap<string, string> = new Map();

/** Writes attribute values and text of a stanza in the play's terms. */
function in_terms(element: Stanza, write: (value: string) => string): Stanza {
	const copy = new Stanza(element.name);
	for (const [name, value] of Object.entries(element.attr)) copy.attr[name] = value === undefined ? undefined : write(value);
	for (const child of element.children) {
		copy.append_parsed(child instanceof Stanza ? in_terms(child, write) : write(String(child)));
	}
	return copy;
}

function block(action: string, stanzas: readonly Stanza[]): string {
	return [`${action}:`, ...stanzas.map((stanza) => layout(stanza, "\t"))].join("\n");
}

/**
 * Writes a play as a scansion script that expects what the reference sent, to the letter in the last step: it passes there, and
 * fails where the other server differs in that step.
 * @param why the difference that the script shows, for its first lines
 */
export function script_from_play(play: Play, reference: Transcript, why: string): string {
	const ids = chosen_ids(play);
	const parts = [`# ${why}`, ...play.source.split("\n").map((line) => `# Source: ${line}`)];
	for (const { name, jid, password, resource } of play.players) {
		const lines = [`[Client] ${name}`, `\tjid: ${jid}`, `\tpassword: ${password}`];
		if (resource !== undefined) lines.push(`\tresource: ${resource}`);
		parts.push(lines.join("\n"));
	}
	parts.push("-----");
	const verbs = { connect: "connects", disconnect: "disconnects", vanish: "vanishes", register: "registers" };
	play.steps.forEach((step, number) => {
		const write = terms(reference.jids[number] ?? nothing);
		if (step.kind === "resume") parts.push(`# ${step.player} resumes a stream, which scripts cannot`);
		else if (!("xml" in step)) parts.push(`${step.player} ${verbs[step.kind]}`);
		else {
			const markup = parse_markup(step.xml, 1);
			const stanzas = markup.ok ? markup.value.map((template) => build(template, nothing)) : [];
			parts.push(block(`${step.player} ${step.kind === "send" ? "sends" : "receives"}`, stanzas));
		}
		const is_last = number === play.steps.length - 1;
		for (const { player, stanzas } of reference.steps[number] ?? []) {
			for (const stanza of stanzas) {
				const expected = in_terms(with_free_values_open(stanza, ids), write);
				if (is_last) expected.attr["scansion:strict"] = "true";
				parts.push(block(`${player} receives`, [expected]));
			}
		}
		// A stanza that only the other server sends shows in no other way.
		if (is_last) for (const { player } of reference.steps[number] ?? []) parts.push(`${player} receives nothing`);
	});
	return `${parts.join("\n\n")}\n`;
}
