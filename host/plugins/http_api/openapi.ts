// No counterpart: ejabberd has a page on its commands; this describes ours for programs (OpenAPI 3.1).

import type { ApiCommand } from "../../util/api/command.ts";
import { api_scopes, every_host } from "../../util/api/command.ts";
import type { JsonSchema } from "../../util/api/parameters.ts";

/** A description of the whole API, to be written as JSON. */
export interface Description {
	readonly openapi: "3.1.0";
	readonly info: object;
	readonly servers: readonly object[];
	readonly security: readonly object[];
	readonly tags: readonly object[];
	readonly paths: Readonly<Record<string, object>>;
	readonly components: object;
}

/** What can go wrong with any call. */
const problems: Readonly<Record<string, string>> = {
	"400": "An argument is missing, unknown or wrong, or the command was refused",
	"401": "There is no token, or it is unknown or has ended",
	"403": "The token lacks the scope, or its owner is no administrator of the host",
	"404": "There is no such command, host, room, user or message",
	"405": "The command changes something, so it has to be sent by POST",
	"409": "It exists already",
	"413": "The content is too long",
	"415": "The content is no JSON",
	"429": "Too many calls; Retry-After says when to try again",
	"500": "It could not be done or stored; the log says why",
	"503": "There is no place for it at present",
};

/** What is answered where something is wrong. */
const error_schema: JsonSchema = {
	type: "object",
	properties: {
		status: { type: "string", enum: ["error"] },
		code: {
			type: "integer",
			description: "10: authorization, 32: rights, 40: the call itself, 44: not found, 90: exists already",
		},
		message: { type: "string" },
	},
	required: ["status", "code", "message"],
};

function without_description({ description: _, ...schema }: JsonSchema): JsonSchema {
	return schema;
}

function arguments_schema({ parameters }: ApiCommand): JsonSchema {
	const entries = Object.entries(parameters);
	return {
		type: "object",
		properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
		required: entries.filter(([, { optional, alias }]) => !optional && alias === undefined).map(([name]) => name),
	};
}

/** Everything that can be in a query; lists and tables cannot. */
function query_parameters({ parameters }: ApiCommand): object[] {
	return Object.entries(parameters)
		.filter(([, { schema }]) => schema["oneOf"] === undefined && schema["type"] !== "array" && schema["type"] !== "object")
		.map(([name, { schema, optional }]) => ({
			name,
			in: "query",
			required: !optional,
			description: schema["description"],
			schema: without_description(schema),
		}));
}

function describe_rights({ rights, host, spans }: ApiCommand): string {
	if (rights === "server") return "For administrators of the server.";
	if (rights === "some") return "Shows what the caller may manage.";
	const every = spans === true && host !== undefined ? ` \`${every_host}\` stands for all that the caller may manage.` : "";
	return `For administrators of ${host === undefined ? "services; it asks all that the caller may manage" : `\`${host}\``}.${every}`;
}

function operation(command: ApiCommand, method: "get" | "post"): object {
	const { name, desc, scope, result } = command;
	const with_alias = Object.entries(command.parameters).filter(([, { alias }]) => alias !== undefined);
	const aliases = with_alias.map(([canonical, { alias }]) => `\`${alias}\` may stand for \`${canonical}\`.`);
	return {
		operationId: method === "post" ? name : `${name}_by_query`,
		summary: desc,
		description: [describe_rights(command), `Scope: \`${scope}\`.`, ...aliases].join(" "),
		tags: [scope.split(":")[0]],
		security: [{ token: [] }],
		...(method === "get"
			? { parameters: query_parameters(command) }
			: { requestBody: { required: true, content: { "application/json": { schema: arguments_schema(command) } } } }),
		responses: {
			"200": { description: "It is done", content: { "application/json": { schema: result } } },
			...Object.fromEntries(Object.keys(problems).map((status) => [status, { $ref: `#/components/responses/error_${status}` }])),
		},
	};
}

/** The one thing that is no command, since it does not end. */
const log_stream = {
	get: {
		operationId: "log",
		summary: "Lines of the log as they are written, each as JSON on a line of its own",
		description: "For administrators of the server. Scope: `server:read`.",
		tags: ["server"],
		security: [{ token: [] }],
		parameters: [
			{
				name: "level",
				in: "query",
				required: false,
				description: "The least level",
				schema: { type: "string", enum: ["debug", "info", "warn", "error"], default: "info" },
			},
		],
		responses: {
			"200": {
				description: "The lines; empty ones mean nothing",
				content: { "application/x-ndjson": { schema: { type: "string" } } },
			},
			...Object.fromEntries(
				["400", "401", "403", "429", "503"].map((status) => [status, { $ref: `#/components/responses/error_${status}` }]),
			),
		},
	},
};

/** Describes commands; what is not in the table is not in the description. */
export function describe_api(commands: readonly ApiCommand[], version: string, url: string): Description {
	const paths = commands.map((command): [string, object] => [
		`/${command.name}`,
		{ ...(command.is_reading ? { get: operation(command, "get") } : {}), post: operation(command, "post") },
	]);
	const response = (status: string, description: string): [string, object] => [
		`error_${status}`,
		{ description, content: { "application/json": { schema: { $ref: "#/components/schemas/error" } } } },
	];
	return {
		openapi: "3.1.0",
		info: {
			title: "Enjamb",
			version,
			description: `Rooms, accounts and sessions for scripts. Commands have the names that they have in ejabberd, where it has them. Scopes: ${api_scopes.join(", ")}, or the name of a single command.`,
			license: { name: "MIT", identifier: "MIT" },
		},
		servers: [{ url }],
		security: [{ token: [] }],
		tags: [
			{ name: "rooms", description: "Rooms, who is in them, and what was said there" },
			{ name: "users", description: "Accounts" },
			{ name: "server", description: "The server itself, and who is connected" },
		],
		paths: Object.fromEntries([...paths, ["/log", log_stream]]),
		components: {
			securitySchemes: { token: { type: "http", scheme: "bearer", description: "A token of `enjamb token create`" } },
			schemas: { error: error_schema },
			responses: Object.fromEntries(Object.entries(problems).map(([status, text]) => response(status, text))),
		},
	};
}
