// Counterpart: LuaLDAP's lualdap.c, as far as `lualdap.lua` here asks for it: directories (RFC 4511), by the library ldapts

import { Attribute, Change, Client, type Entry } from "ldapts";
import type { LuaContext } from "../context.ts";
import { call_back } from "../native_calls.ts";
import { type Arguments, function_at, is_true, make_library, optional_integer_at, table_at, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";
import { ObjectKind } from "../vm/userdata.ts";

/** How long a server may take to answer, in milliseconds. */
const patience = 10_000;
/** The most entries that are read at once. */
const most_entries = 10_000;

const scopes: { readonly [name: string]: "base" | "one" | "sub" } = { base: "base", onelevel: "one", subtree: "sub" };
const operations: { readonly [sign: string]: "add" | "delete" | "replace" } = { "+": "add", "-": "delete", "=": "replace" };

/** A server as LuaLDAP names it: `host`, `host:port`, or a URL; of several the first one. */
function url_of(name: string): string {
	const [first = ""] = name.trim().split(/\s+/);
	return first.includes("://") ? first : `ldap://${first}`;
}

/** An attribute's values: one text, or a list of them. */
function values_of(value: Entry[string]): string | string[] {
	const text = (one: string | Buffer): string => (typeof one === "string" ? one : one.toString("latin1"));
	if (!Array.isArray(value)) return text(value);
	const list = value.map(text);
	return list.length === 1 ? (list[0] ?? "") : list;
}

/** `host.ldap`: each function calls back with its result, or with nil and the reason. */
export function ldap_library(host: LuaContext): TValue {
	const { vm, border, server } = host;
	const open = new Set<Client>();
	server.events.add_handler("server-stopped", () => {
		for (const client of open) void client.unbind().catch(() => {});
		return undefined;
	});

	/** Calls back when something is done. */
	function answer(callback: TValue, work: Promise<TValue>): undefined {
		const tell = (...results: readonly TValue[]): void => call_back(host, "ldap", callback, results);
		work.then(
			(result) => tell(result),
			(error: unknown) => tell(nil, string_value(error instanceof Error ? error.message : String(error))),
		);
		return undefined;
	}

	async function search(client: Client, options: TValue): Promise<TValue> {
		const field = (name: string): Arguments => [vm.index(options, string_value(name))];
		const attributes: unknown = border.copy(vm.index(options, string_value("attrs")));
		const wanted = typeof attributes === "string" ? [attributes] : Array.isArray(attributes) ? attributes.map(String) : [];
		const filter = is_true(field("filter")[0]) ? text_at(field("filter"), 1, "filter") : "(objectClass=*)";
		const scope = is_true(field("scope")[0]) ? text_at(field("scope"), 1, "scope") : "subtree";
		const limit = Math.min(optional_integer_at(field("sizelimit"), 1, "sizelimit", most_entries), most_entries);
		const { searchEntries: entries } = await client.search(text_at(field("base"), 1, "base"), {
			scope: scopes[scope] ?? "sub",
			filter: filter.startsWith("(") ? filter : `(${filter})`,
			attributes: wanted,
			sizeLimit: limit,
		});
		return border.deep_table(
			entries.map(({ dn, ...rest }) => ({
				dn,
				attributes: Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, values_of(value)])),
			})),
		);
	}

	/** Changes as LuaLDAP has them: `{ "=", attribute = values, … }`. */
	function changes_of(given: TValue): Change[] {
		const copied: unknown = border.copy(given);
		const entries = copied instanceof Map ? [...copied] : Object.entries(copied ?? {});
		const sign = entries.find(([name]) => Number(name) === 1)?.[1];
		const operation = operations[String(sign)];
		if (operation === undefined) throw new Error("forgotten operation on argument #2");
		return entries.flatMap(([name, value]) => {
			if (typeof name !== "string" || Number(name) === 1) return [];
			const values = Array.isArray(value) ? value.map(String) : value === true ? [] : [String(value)];
			return [new Change({ operation, modification: new Attribute({ type: name, values }) })];
		});
	}

	const kind: ObjectKind<Client> = new ObjectKind<Client>(vm, "LuaLDAP connection", () => ({
		methods: {
			search(client, args) {
				return answer(function_at(args, 3, "search"), search(client, table_at(args, 2, "search")));
			},
			modify(client, args) {
				const [dn, changes] = [text_at(args, 2, "modify"), changes_of(table_at(args, 3, "modify"))];
				return answer(
					function_at(args, 4, "modify"),
					client.modify(dn, changes).then(() => border.to_lua(true)),
				);
			},
			close(client) {
				open.delete(client);
				void client.unbind().catch(() => {});
				return undefined;
			},
		},
	}));

	return make_library(vm, {
		open(args, L) {
			const [name, user, password] = [text_at(args, 1, "open"), text_at(args, 2, "open"), text_at(args, 3, "open")];
			const with_tls = is_true(args[3]);
			const client = new Client({ url: url_of(name), timeout: patience, connectTimeout: patience });
			const connect = async (): Promise<TValue> => {
				try {
					if (with_tls) await client.startTLS();
					await client.bind(user, password);
				} catch (error) {
					await client.unbind().catch(() => {});
					throw error;
				}
				open.add(client);
				return kind.value(L, client);
			};
			return answer(function_at(args, 5, "open"), connect());
		},
	});
}
