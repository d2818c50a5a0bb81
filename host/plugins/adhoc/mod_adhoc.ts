// Counterpart: plugins/adhoc/mod_adhoc.lua (XEP-0050)

import type { ItemEvent, ModuleDefinition, PermissionContext, Session, StanzaEvent } from "../../core/types.ts";
import type { AdhocCommand } from "../../util/adhoc.ts";
import { host as host_of } from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import * as st from "../../util/stanza.ts";
import { cmdtag, create_executor, grant } from "./adhoc.lib.ts";

/** The commands of a host, offered in service discovery to those who may execute them. */
export const definition: ModuleDefinition = {
	name: "adhoc",
	load(module) {
		const commands = new Map<string, AdhocCommand<Session>>();
		const handle_cmd = create_executor(module);
		module.add_feature(ns.commands);

		/** Refusals are only logged where somebody really wants to execute the command. */
		function check_permissions(event: StanzaEvent, command: AdhocCommand<Session>, execute: boolean): boolean {
			switch (command.permission) {
				case "any":
					return true;
				case "local_user":
					return host_of(event.stanza.attr["from"]) === module.host;
				default: {
					const context: PermissionContext = event;
					return execute ? module.may(`adhoc:${command.node}`, context) : module.could(`adhoc:${command.node}`, context);
				}
			}
		}

		module.hook("host-disco-info-node", (event) => {
			const { origin, stanza, reply, node } = event;
			const command = node === undefined ? undefined : commands.get(node);
			if (command) {
				if (!check_permissions(event, command, false)) {
					origin.send(st.error_reply(stanza, "auth", "forbidden", "This item is not available to you"));
					return true;
				}
				reply.tag("identity", { name: command.name, category: "automation", type: "command-node" }).up();
				reply.tag("feature", { var: ns.commands }).up();
				reply.tag("feature", { var: ns.data }).up();
				event.exists = true;
			} else if (node === ns.commands) {
				reply.tag("identity", { name: "Ad-Hoc Commands", category: "automation", type: "command-list" }).up();
				event.exists = true;
			}
			return undefined;
		});

		module.hook("host-disco-items-node", (event) => {
			if (event.node !== ns.commands) return;
			for (const node of [...commands.keys()].sort()) {
				const command = commands.get(node);
				if (command && check_permissions(event, command, false)) {
					event.reply.tag("item", { name: command.name, node, jid: module.host }).up();
				}
			}
			event.exists = true;
		});

		module.hook(
			`iq-set/host/${ns.commands}:command`,
			(event) => {
				const { origin, stanza } = event;
				const command = commands.get(stanza.first_tag?.attr["node"] ?? "");
				if (!command) return undefined;
				if (check_permissions(event, command, true)) return handle_cmd(command, origin, stanza);
				const text = "You don't have permission to execute this command";
				const canceled = cmdtag(command, "canceled").text_tag("note", text, { type: "error" });
				origin.send(st.error_reply(stanza, "auth", "forbidden", text).up().add_child(canceled));
				return true;
			},
			500,
		);

		const added = ({ source, item }: ItemEvent<AdhocCommand<Session>>): void => {
			module.log("debug", "Command added by mod_%s: %q, %q", source.name, item.name, item.node);
			grant(module, item);
			commands.set(item.node, item);
		};
		const removed = ({ item }: ItemEvent<AdhocCommand<Session>>): void => {
			commands.delete(item.node);
		};
		module.handle_items("adhoc", added, removed);
		module.handle_items("adhoc-provider", added, removed);
	},
};
