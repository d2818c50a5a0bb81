// Counterpart: ejabberd's mod_http_api. Prosody has nothing like it built in.

import type { HttpEvent, ModuleApi, ModuleDefinition } from "../core/types.ts";
import { formdecode } from "../util/http.ts";
import { account_commands } from "./http_api/accounts.ts";
import { keeping_commands } from "./http_api/keeping.ts";
import { is_level, LogStreams } from "./http_api/log_stream.ts";
import { describe_api } from "./http_api/openapi.ts";
import { Requests } from "./http_api/requests.ts";
import { server_commands } from "./http_api/server_info.ts";
import { session_commands } from "./http_api/sessions.ts";
import { ApiTable } from "./http_api/table.ts";
import { token_commands } from "./http_api/token_commands.ts";
import { Tokens } from "./http_api/tokens.ts";

/** What other modules may do with the API. */
export interface HttpApiExports {
	readonly table: ApiTable;
	readonly tokens: Tokens;
	/** Whether tokens and passwords are only taken over connections that nobody else can read. */
	readonly require_encryption: boolean;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		http_api: HttpApiExports;
	}
}

function json({ response }: HttpEvent, value: unknown, status = 200): string {
	response.status_code = status;
	response.headers["content_type"] = "application/json";
	response.headers["x_content_type_options"] = "nosniff";
	return JSON.stringify(value);
}

function load(module: ModuleApi): HttpApiExports {
	module.depends("http");
	const { server } = module;
	const table = new ApiTable(module);
	const tokens = new Tokens(module);
	const streams = new LogStreams(module);
	const require_encryption = module.get_option_boolean("http_api_require_encryption", true);
	const rate = module.get_option_integer("http_api_calls_per_minute", 600, 1);
	const requests = new Requests(module, table, tokens, { rate, require_encryption });
	for (const commands of [account_commands, session_commands, server_commands, keeping_commands]) {
		for (const command of commands(module)) module.add_item("api-command", command);
	}
	for (const item of token_commands(module, tokens, table)) module.add_item("shell-command", item);

	const open = (host: string): void => {
		table.follow(host);
		tokens.open(host);
		module.context(host).hook("user-password-reset", ({ username }) => tokens.end_sessions(`${username}@${host}`));
	};
	for (const host of server.hosts.keys()) open(host);
	module.hook_global("host-activated", open);
	module.hook_global("user-password-changed", ({ username, host }) => tokens.end_sessions(`${username}@${host}`));
	module.hook_global("user-deleted", ({ username, host }) => tokens.revoke_all(`${username}@${host}`));
	module.hook_global("host-deactivated", (host) => {
		table.forget(host);
		tokens.close(host);
	});

	/** Sends the log; for administrators of the server. */
	function watch_log(event: HttpEvent): true | string {
		const { request } = event;
		const authorized = requests.authorize(request);
		if (!authorized.ok) return requests.refuse(event, authorized.error);
		const token = authorized.value;
		const refuse = (status: number, code: number, message: string): string => requests.refuse(event, { status, code, message });
		const caller = table.caller(token.jid);
		if (!token.grants.has("server:read")) return refuse(403, 32, "the token lacks the scope server:read");
		if (!caller.may_manage_server()) return refuse(403, 32, `${token.jid} is no administrator of the server`);
		const query = formdecode(request.url.query ?? "");
		const level = typeof query === "string" ? "info" : (query.values.get("level") ?? "info");
		if (!is_level(level)) return refuse(400, 40, "level: expected one of debug, info, warn, error");
		const may_go_on = (): boolean => tokens.is_valid(token) && caller.may_manage_server();
		return streams.open(event, level, may_go_on) || refuse(503, 53, "too many watch the log already");
	}

	module.provides("http", {
		name: "api",
		cors: { enabled: false },
		route: {
			"GET /openapi.json": (event) => json(event, describe_api(table.all(), server.version, module.http_url("api"))),
			"GET /log": watch_log,
			"GET /*": (event, name) => requests.answer(event, name ?? ""),
			"POST /*": (event, name) => requests.answer(event, name ?? ""),
		},
	});
	module.unload = () => {
		streams.close();
		table.stop();
	};
	return { table, tokens, require_encryption };
}

/** What administrators do with rooms and accounts, for scripts. */
export const definition: ModuleDefinition = {
	name: "http_api",
	global: true,
	load,
};
