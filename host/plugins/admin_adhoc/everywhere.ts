// No counterpart: a command that concerns the server is executed on all nodes of a cluster.

import type { ModuleApi, Question } from "../../core/types.ts";
import { fields_of, text_of } from "../../util/cluster/read.ts";
import type { ParsedValues } from "../../util/dataforms.ts";
import { type Waiting, waiting_for } from "../../util/waiting.ts";
import { type Answer, type By, complain, Filled, say } from "./command.ts";

/** What was filled in, and by whom. */
interface AskedAct {
	readonly values: ParsedValues;
	readonly from: string | undefined;
}

/** What is said about it. */
interface ToldAct {
	readonly text: string;
	readonly is_error: boolean;
}

function act_question(host: string, node: string): Question<AskedAct, ToldAct> {
	return {
		name: `adhoc ${host} ${node}`,
		read_asked(given) {
			const fields = fields_of(given);
			const values = fields_of(fields?.["values"]);
			if (values === undefined) return undefined;
			const read: ParsedValues = {};
			for (const [name, value] of Object.entries(values)) {
				if (typeof value === "string" || typeof value === "boolean") read[name] = value;
				else if (Array.isArray(value)) read[name] = value.filter((one) => typeof one === "string");
			}
			return { values: read, from: text_of(fields?.["from"]) };
		},
		read_answer(given) {
			const fields = fields_of(given);
			const text = text_of(fields?.["text"]);
			return text === undefined ? undefined : { text, is_error: fields?.["is_error"] === true };
		},
	};
}

/** What an answer says, as far as it is words. */
function told_by([answer]: Answer): ToldAct {
	if (answer.status === "error") return { text: answer.error.text ?? answer.error.condition, is_error: true };
	const { info, error } = answer;
	return error === undefined ? { text: info ?? "", is_error: false } : { text: error.message, is_error: true };
}

/** Has something ended with the module, beside whatever else ends then. */
export function when_unloaded(module: ModuleApi, stop: () => void): void {
	const { unload } = module;
	module.unload = () => {
		unload?.();
		stop();
	};
}

/**
 * Has what a command does done on all nodes; what each of them says stands behind its name.
 * @param node the command's
 */
export function on_all_nodes(
	module: ModuleApi,
	node: string,
	act: (filled: Filled, by: By) => Answer,
): (filled: Filled, by: By) => Answer | Waiting<Answer> {
	const { server } = module;
	const question = act_question(module.host, node);
	const stop = server.nodes.answer(question, ({ values, from }) => told_by(act(new Filled(values), { from })));
	when_unloaded(module, stop);

	async function everywhere(filled: Filled, by: By): Promise<Answer> {
		const asking = server.nodes.ask_others(question, { values: filled.values, from: by.from });
		const told: (readonly [string, ToldAct])[] = [[server.nodes.own, told_by(act(filled, by))]];
		const { answers, missing } = await asking;
		for (const { node: other, answer } of answers) told.push([other, answer]);
		for (const [other, why] of missing) told.push([other, { text: why, is_error: true }]);
		const words = told.map(([other, { text }]) => `Node ${other}: ${text}`).join("\n");
		return told.some(([, { is_error }]) => is_error) ? complain(words) : say(words);
	}

	return (filled, by) => (server.cluster === undefined ? act(filled, by) : waiting_for(everywhere(filled, by)));
}
