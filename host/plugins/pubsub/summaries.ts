// Counterpart: plugins/mod_pubsub/mod_pubsub.lua (pubsub-summary)

import type { ModuleApi } from "../../core/types.ts";
import { entries, type LuaValue } from "../../util/luatable.ts";
import { ns } from "../../util/ns.ts";
import type { NodeConfig } from "../../util/pubsub.ts";
import * as st from "../../util/stanza.ts";
import { render } from "../../util/xtemplate.ts";

const atom = "{@pubsub:title|and{*{@pubsub:title}*\n\n}}{summary|or{{author/name|and{{author/name} posted }}{title}}}";

function is_table(value: unknown): value is Exclude<LuaValue, string | number | bigint | boolean> {
	return typeof value === "object" && value !== null;
}

function text_of(value: NodeConfig[string]): string | undefined {
	return typeof value === "string" ? value : undefined;
}

/**
 * Writes what people read of payloads by the templates of the option pubsub_summary_templates, by the type of the payload.
 * @param config_of the configuration of a node
 */
export function load_summaries(module: ModuleApi, config_of: (node: string) => NodeConfig | undefined): void {
	const given = module.get_option("pubsub_summary_templates");
	if (given !== undefined && !is_table(given)) {
		module.log("error", "Option pubsub_summary_templates: expected a table with templates by namespace");
	}
	const templates = is_table(given) ? entries(given) : [["http://www.w3.org/2005/Atom", atom] as const];
	for (const [type, template] of templates) {
		if (typeof type !== "string" || typeof template !== "string") {
			module.log("error", "Option pubsub_summary_templates: expected a text as the template of %s", type);
			continue;
		}
		module.hook(
			`pubsub-summary/${type}`,
			({ payload, node }) => {
				const described = st.clone(payload);
				const config = config_of(node);
				if (config !== undefined) {
					described.attr["xmlns:pubsub"] = ns.pubsub;
					described.attr["pubsub:node"] = node;
					described.attr["pubsub:title"] = text_of(config["title"]);
					described.attr["pubsub:description"] = text_of(config["description"]);
				}
				return render(template, described, String);
			},
			-1,
		);
	}
}
