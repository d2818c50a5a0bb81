// Counterpart: plugins/mod_admin_adhoc.lua (XEP-0133)

import type { ModuleDefinition } from "../core/types.ts";
import { load_accounts } from "./admin_adhoc/accounts.ts";
import { load_modules } from "./admin_adhoc/modules.ts";
import { load_server } from "./admin_adhoc/server.ts";
import { load_users } from "./admin_adhoc/users.ts";

/** Commands by which admins look after accounts, modules, hosts and the server itself. */
export const definition: ModuleDefinition = {
	name: "admin_adhoc",
	load(module) {
		load_accounts(module);
		load_users(module);
		load_modules(module);
		load_server(module);
	},
};
