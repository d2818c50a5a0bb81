// Counterpart: plugins/mod_pubsub/commands.lib.lua

import type { Form } from "../../util/dataforms.ts";
import { ns } from "../../util/ns.ts";
import type { Done, PubsubService } from "../../util/pubsub.ts";
import * as st from "../../util/stanza.ts";
import {
	command,
	done,
	type Outcome,
	optional_text,
	refused,
	result,
	type Shell,
	type ShellCommandItem,
	type ShellValue,
	text_of,
} from "../admin_shell/command.ts";
import { filled, parsed_values } from "./forms.ts";

/** Arguments that may be left out, with the command in front. */
const may_be_missing: ReadonlySet<string> = new Set(["get_node_config option_name", "delete_all_items notify_subscribers"]);

type Run = (service: PubsubService, shell: Shell, texts: readonly string[]) => Outcome;

function outcome(answer: Done): Outcome {
	return answer.ok ? result(true) : refused(answer.error);
}

/** The values of a configuration, by the variables of its form. */
function values_of(form: st.Stanza): Map<string, string | undefined> {
	return new Map([...form.childtags("field")].map((field) => [field.attr["var"] ?? "", field.get_child_text("value")]));
}

/**
 * What can be typed about nodes: `pubsub:list_nodes("pubsub.example.com")`.
 * @param service_of the service of an address
 * @param form what can be configured of a node
 */
export function pubsub_commands(service_of: (jid: string) => PubsubService, form: Form): ShellCommandItem[] {
	function about(usage: string, desc: string, run: Run): ShellCommandItem {
		const [, ...names] = [...(/\((.*)\)$/.exec(usage)?.[1]?.matchAll(/\w+/g) ?? [])].map(([word]) => word);
		return {
			section: "pubsub",
			section_desc: "Manage publish/subscribe nodes",
			host_selector: "service_jid",
			...command(usage, desc, (shell: Shell, [address, ...given]: readonly ShellValue[]) => {
				const service = service_of(text_of(address, "the address of a service"));
				const texts = names.map((name, index) =>
					may_be_missing.has(`${usage.split("(")[0]} ${name}`)
						? (optional_text(given[index], name) ?? "")
						: text_of(given[index], name),
				);
				return run(service, shell, texts);
			}),
		};
	}

	function set_option(service: PubsubService, node: string, option: string, value: string): Outcome {
		const config = service.get_node_config(node, true);
		if (!config.ok) return refused(config.error);
		const sent = st.stanza("x", { xmlns: ns.data }).tag("field", { var: option }).text_tag("value", value).reset();
		const { data, errors } = form.data(sent, parsed_values(config.value));
		const [problem] = Object.values(errors ?? {});
		if (problem !== undefined) return refused(problem);
		const changed = service.set_node_config(node, true, data);
		if (!changed.ok) return refused(changed.error);
		const applied = service.get_node_config(node, true);
		const shown = applied.ok ? values_of(filled(form, applied.value, "submit")) : new Map<string, string | undefined>();
		return shown.has(option) ? done(`Applied config: ${shown.get(option) ?? ""}`) : refused(`Unknown config field: ${option}`);
	}

	return [
		about("list_nodes(service_jid)", "List nodes on a pubsub service", (service, shell) => {
			for (const node of service.nodes.keys()) shell.print(node);
			return done(`${service.nodes.size} nodes`);
		}),
		about("list_items(service_jid, node_name)", "List items on a pubsub node", (service, shell, [node = ""]) => {
			const items = service.get_items(node, true);
			if (!items.ok) return refused(items.error);
			for (const id of items.value.keys()) shell.print(id);
			return done(`${items.value.size} items`);
		}),
		about(
			"get_item(service_jid, node_name, item_name)",
			"Show item content on a pubsub node",
			(service, shell, [node = "", id = ""]) => {
				const items = service.get_items(node, true, [id]);
				if (!items.ok) return refused(items.error);
				const item = items.value.get(id);
				if (item === undefined) return refused("Item not found");
				shell.print(item.toString());
				return result(true);
			},
		),
		about(
			"get_node_config(service_jid, node_name, option_name)",
			"Get the current configuration for a node",
			(service, shell, [node = "", option = ""]) => {
				const config = service.get_node_config(node, true);
				if (!config.ok) return refused(config.error);
				const values = values_of(filled(form, config.value, "submit"));
				if (option !== "" && !values.has(option)) return refused("option not found");
				const shown = option === "" ? [...values].sort(([a], [b]) => (a < b ? -1 : 1)) : [];
				for (const [name, value] of shown) shell.print(name, value ?? "nil");
				if (option !== "") shell.print(values.get(option) ?? "nil");
				return done(`Showing ${option === "" ? shown.length : 1} config options`);
			},
		),
		about(
			"set_node_config_option(service_jid, node_name, option_name, option_value)",
			"Set a config option on a pubsub node",
			(service, _shell, [node = "", option = "", value = ""]) => set_option(service, node, option, value),
		),
		about(
			"delete_item(service_jid, node_name, item_name)",
			"Delete a single item from a node",
			(service, _shell, [node = "", id = ""]) => outcome(service.retract(node, true, id)),
		),
		about(
			"delete_all_items(service_jid, node_name, notify_subscribers)",
			"Delete all items from a node",
			(service, _shell, [node = "", notify = ""]) => outcome(service.purge(node, true, notify === "true")),
		),
		about("create_node(service_jid, node_name)", "Create a new node", (service, _shell, [node = ""]) =>
			outcome(service.create(node, true)),
		),
		about("delete_node(service_jid, node_name)", "Delete a node entirely", (service, _shell, [node = ""]) =>
			outcome(service.delete(node, true)),
		),
	];
}
