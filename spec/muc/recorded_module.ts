// No counterpart: the API of a module on a component whose server listens nowhere; what the module does is written down.

import { Config, type ConfigValue } from "../../host/core/config/config.ts";
import { null_authz } from "../../host/core/null_providers.ts";
import type { LogLevel, ModuleApi, ModuleDefinition } from "../../host/core/types.ts";
import { definition as storage_memory } from "../../host/plugins/mod_storage_memory.ts";
import { create_server } from "../../host/startup.ts";
import { ok } from "../../host/util/error.ts";
import { Role } from "../../host/util/roles.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { RoomFinder } from "../../muc/types.ts";

/** For specs of rooms that nobody has to find again. */
export const no_rooms: RoomFinder = { get_room_from_jid: () => undefined, live_rooms: () => [].values() };

/** How a component is set up; all parts are optional. */
export interface ModuleSetup {
	/** `muc.example.org` when not given. */
	readonly host?: string;
	/** `muc` when not given. */
	readonly name?: string;
	/** Options of the component. */
	readonly options?: Readonly<Record<string, ConfigValue>>;
	/** Modules that may be loaded beside it. */
	readonly modules?: readonly ModuleDefinition[];
	/** Whether somebody may do something, by the permission's full name; everything is allowed when not given. */
	readonly may?: (permission: string, who: string) => boolean;
}

/** A real module, and what it has done. */
export interface RecordedModule extends ModuleApi {
	/** Every stanza that left the component, in order; of a broadcast one for each recipient. */
	readonly sent: Stanza[];
	/** Calls of `broadcast`, with the stanza as it was then. */
	readonly broadcasts: { readonly recipients: string[]; readonly stanza: Stanza }[];
	readonly logged: { readonly level: LogLevel; readonly message: string }[];
	/** Permissions that it gave to roles. */
	readonly permissions: { readonly role: string; readonly permission: string }[];
	/** The stanzas that were sent to one JID so far, or to all; forgets them. */
	take(to?: string): Stanza[];
}

/** What a component without any other module needs. */
const autoload_modules = ["presence", "message", "iq", "offline", "c2s", "s2s", "s2s_auth_certs"];

/** Everybody's role on the component: what it may is asked of the spec. */
class AskedRole extends Role {
	constructor(
		private readonly who: string,
		private readonly asked: (permission: string, who: string) => boolean,
	) {
		super({ name: "spec:everybody" });
	}

	override may(permission: string): boolean {
		return this.asked(permission, this.who);
	}
}

/** The API of one module of a component; nothing is loaded beside it. Everybody that it sends to is on other servers. */
export function recorded_module(setup: ModuleSetup = {}): RecordedModule {
	const { host = "muc.example.org", name = "muc", options = {}, modules = [], may = () => true } = setup;
	const loaded: ModuleApi[] = [];
	const definition: ModuleDefinition = { name, load: (module) => void loaded.push(module) };
	const logged: RecordedModule["logged"] = [];
	const created = create_server({
		config: Config.from({
			"*": { storage: "memory", data_path: "/nonexistent", modules_disabled: autoload_modules },
			[host]: { component_module: name, ...options },
		}),
		version: "spec",
		log: [
			{
				level: "debug",
				to: { write: (from, level, message) => void (from === `${host}:${name}` && logged.push({ level, message })) },
			},
		],
		loaders: () => [
			{
				language: "builtin",
				find: (wanted) => [definition, storage_memory, ...modules].filter((one) => one.name === wanted).map(ok)[0],
			},
		],
	});
	if (!created.ok) throw new Error(created.error);
	created.value.activate_host(host);
	const [module] = loaded;
	if (module === undefined) throw new Error("the module was not loaded");

	const sent: Stanza[] = [];
	const broadcasts: { recipients: string[]; stanza: Stanza }[] = [];
	const permissions: { role: string; permission: string }[] = [];
	const session = module.host_session();
	session.authz = {
		...null_authz,
		get_jid_role: (who) => new AskedRole(who, may),
		add_default_permission: (role, permission) => void permissions.push({ role, permission }),
	};
	session.events.add_handler("route/remote", ({ stanza }) => {
		sent.push(st.clone(stanza));
		return true;
	});
	const broadcast = module.broadcast.bind(module);
	return Object.assign(module, {
		sent,
		broadcasts,
		logged,
		permissions,
		broadcast(recipients: Iterable<string>, stanza: Stanza) {
			const all = [...recipients];
			broadcasts.push({ recipients: all, stanza: st.clone(stanza) });
			broadcast(all, stanza);
		},
		take(to?: string) {
			const taken = sent.filter((stanza) => to === undefined || stanza.attr["to"] === to);
			sent.splice(0, sent.length, ...sent.filter((stanza) => !taken.includes(stanza)));
			return taken;
		},
	});
}
