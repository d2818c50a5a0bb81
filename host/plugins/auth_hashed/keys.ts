// Counterpart: plugins/mod_auth_internal_hashed.lua (what it keeps of a password)

import type { StoreTable } from "../../core/types.ts";
import { ok, type Result } from "../../util/error.ts";
import type { ScramCredentials } from "../../util/sasl/mechanism.ts";
import { type ScramHashName, type ScramKeys, scram_functions } from "../../util/sasl/scram.ts";
import { generate as generate_uuid } from "../../util/uuid.ts";
import { type Eventual, go_on, Waiting } from "../../util/waiting.ts";

/** With what an account's password is kept. */
export interface WantedHashes {
	/** A hash that Prosody knows: its keys lie where Prosody has them. */
	readonly main: "SHA-1" | "SHA-256";
	/** A further one, which Prosody leaves alone. */
	readonly beside: "SHA-512" | undefined;
}

/** What the option `password_hash` asks for. Prosody has no SHA-512; it finds keys for SHA-256 then. */
export function wanted_hashes(option: ScramHashName): WantedHashes {
	return option === "SHA-512" ? { main: "SHA-256", beside: option } : { main: option, beside: undefined };
}

/** Their names, the strongest first. */
export function names_of({ main, beside }: WantedHashes): ScramHashName[] {
	return beside === undefined ? [main] : [beside, main];
}

/** What is kept of a password for one hash. */
export interface StoredKeys extends ScramCredentials {
	readonly hash: ScramHashName;
	readonly salt: string;
}

const hash_names: readonly ScramHashName[] = ["SHA-1", "SHA-256", "SHA-512"];

/** Keys as they are stored, in hexadecimal; undefined where some are missing. The hash shows in their length. */
function read_keys({ stored_key, server_key, salt, iteration_count }: StoreTable): StoredKeys | undefined {
	const is_key = (value: unknown): value is string => typeof value === "string" && /^([0-9a-f]{2})+$/i.test(value);
	if (!is_key(stored_key) || !is_key(server_key)) return undefined;
	if (typeof salt !== "string" || salt === "") return undefined;
	if (typeof iteration_count !== "number" || !Number.isInteger(iteration_count) || iteration_count < 1) return undefined;
	const key = Buffer.from(stored_key, "hex");
	const hash = hash_names.find((name) => scram_functions[name].length === key.length);
	return hash && { hash, stored_key: key, server_key: Buffer.from(server_key, "hex"), salt, iteration_count };
}

/** The keys that Prosody sees. */
export function main_keys(account: StoreTable): StoredKeys | undefined {
	return read_keys(account);
}

/** The keys of an account for one hash; undefined where it has none. */
export function keys_for(account: StoreTable, hash: ScramHashName): StoredKeys | undefined {
	const main = read_keys(account);
	if (main?.hash === hash) return main;
	const further = account["scram_sha_512"];
	if (hash !== "SHA-512" || typeof further !== "object" || further === null) return undefined;
	const keys = new Map(Object.entries(further));
	// Where Prosody has set another password, what lies beside belongs to the one before
	if (keys.get("beside") !== account["stored_key"]) return undefined;
	return read_keys(Object.fromEntries(keys));
}

/** Whether all is there that is wanted, and with enough iterations. */
export function is_as_wanted(account: StoreTable, wanted: WantedHashes, iteration_count: number): boolean {
	if (main_keys(account)?.hash !== wanted.main) return false;
	return names_of(wanted).every((name) => (keys_for(account, name)?.iteration_count ?? 0) >= iteration_count);
}

/** Computes keys: at once, or later in a thread. */
export type KeyMaker = (
	hash: ScramHashName,
	password: string,
	salt: string,
	iteration_count: number,
) => Eventual<Result<ScramKeys, string>>;

/** What is to be stored of a password. */
export function make_keys(
	make: KeyMaker,
	wanted: WantedHashes,
	password: string,
	iteration_count: number,
): Eventual<Result<StoreTable, string>> {
	const keys_of = (hash: ScramHashName): Eventual<Result<StoreTable, string>> => {
		const salt = generate_uuid();
		return go_on(make(hash, password, salt, iteration_count), (keys) => {
			if (!keys.ok) return keys;
			const { stored_key, server_key } = keys.value;
			return ok({ stored_key: stored_key.toString("hex"), server_key: server_key.toString("hex"), salt, iteration_count });
		});
	};
	return go_on(keys_of(wanted.main), (main) => {
		if (!main.ok) return main;
		if (wanted.beside === undefined) return ok({ ...main.value, scram_sha_512: undefined });
		return go_on(keys_of(wanted.beside), (further) =>
			further.ok ? ok({ ...main.value, scram_sha_512: { ...further.value, beside: main.value["stored_key"] } }) : further,
		);
	});
}

/** What was computed at once. */
export function at_once<Answer>(answer: Eventual<Answer>): Answer {
	if (answer instanceof Waiting) throw new Error("a key that was to be computed at once comes later");
	return answer;
}
