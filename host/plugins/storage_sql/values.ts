// Counterpart: plugins/mod_storage_sql.lua (serialize, deserialize)

import type { SqlValue, StoreValue } from "../../core/types.ts";
import { text_of } from "../../util/byte_text.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import * as json from "../../util/json.ts";
import { exact_number, number_text, problem } from "../../util/luatable.ts";
import { preserialize } from "../../util/stanza.ts";
import { tonumber } from "../../util/tonumber.ts";
import * as xml from "../../util/xml.ts";

/** A value as the columns `type` and `value` have it. */
export interface StoredValue {
	readonly type: string;
	readonly value: string;
}

/** A value for the columns; an error says why it cannot be stored. */
export function serialize(value: StoreValue): Result<StoredValue, string> {
	switch (typeof value) {
		case "string": {
			const found = problem(value);
			return found === undefined ? ok({ type: "string", value }) : failed(`${found} cannot be stored`);
		}
		case "boolean":
			return ok({ type: "boolean", value: String(value) });
		case "bigint":
		case "number": {
			const found = problem(value);
			if (found !== undefined) return failed(`${found} cannot be stored`);
			const digits = number_text(value);
			return digits.ok ? ok({ type: "number", value: digits.value }) : digits;
		}
		default: {
			const encoded = json.encode(value);
			return encoded.ok ? ok({ type: "json", value: encoded.value }) : encoded;
		}
	}
}

/** A number as Lua reads it, with all 64 bits of integers. */
function stored_number(text: string): number | bigint | undefined {
	if (!/^-?\d{16,19}$/.test(text)) return tonumber(text);
	const integer = BigInt(text);
	return BigInt.asIntN(64, integer) === integer ? exact_number(integer) : Number(text);
}

/** The value that columns stand for. Stanzas come in the form in which tables hold them. */
export function deserialize(type: string, value: string): Result<StoreValue, string> {
	switch (type) {
		case "string":
			return ok(value);
		case "boolean":
			return value === "true" || value === "false" ? ok(value === "true") : failed(`"${value}" is no boolean`);
		case "number": {
			const number = stored_number(value);
			return number === undefined ? failed(`"${value}" is no number`) : ok(number);
		}
		case "json":
			return json.decode(value);
		case "xml": {
			const stanza = xml.parse(value);
			return stanza === undefined ? failed("not well-formed XML") : ok(preserialize(stanza));
		}
		default:
			return failed(`unknown type "${type}"`);
	}
}

/** A column as text, whatever another program has put there. */
export function column(value: SqlValue | undefined): string {
	if (typeof value === "string") return value;
	if (value === null || value === undefined) return "";
	return typeof value === "object" ? text_of(value) : value.toString();
}
