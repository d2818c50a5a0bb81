// Counterpart: core/moduleapi.lua: may, could, default_permission

import type { LuaContext } from "../context.ts";
import { permission_context } from "../origins.ts";
import { is_true, text_argument } from "../vm/arguments.ts";
import { nil } from "../vm/live_table.ts";
import type { Methods } from "./lua_module.ts";

/** Who may do what. */
export function permission_methods(host: LuaContext): Methods {
	const { border } = host;

	return {
		default_permission: (module, [role, permission]) => {
			module.api.default_permission(text_argument(role, "role"), text_argument(permission, "permission"));
			return undefined;
		},
		default_permissions: (module, [role, permissions = nil]) => {
			module.api.default_permissions(text_argument(role, "role"), border.copy(permissions) as string[]);
			return undefined;
		},
		may: (module, [action, context = nil, peek]) =>
			border.to_lua(
				is_true(peek)
					? module.api.could(text_argument(action, "action"), permission_context(host, context))
					: module.api.may(text_argument(action, "action"), permission_context(host, context)),
			),
		could: (module, [action, context = nil]) =>
			border.to_lua(module.api.could(text_argument(action, "action"), permission_context(host, context))),
	};
}
