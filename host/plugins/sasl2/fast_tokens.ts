// Counterpart: prosody-modules mod_sasl2_fast (make_token, new_token_tester)

import { randomBytes } from "node:crypto";
import type { ModuleApi, StoreTable, StoreValue } from "../../core/types.ts";
import { equals, hmac_sha256, sha256 } from "../../util/hashes.ts";
import * as id from "../../util/id.ts";
import type { TokenAnswer, TokenProof } from "../../util/sasl/mechanism.ts";

/** For how long tokens are good, in seconds. */
export interface TokenTimes {
	readonly ttl: number;
	/** After how long a client gets another one. */
	readonly min_ttl: number;
}

/** What a client may do instead of showing a password, as it is stored. Times are in seconds since 1970. */
interface Token {
	readonly mechanism: string;
	readonly secret: string;
	readonly issued_at: number;
	readonly expires_at: number;
	/** How often the client has said that it used it. Prosody does not count. */
	readonly count?: number;
}

/** What a client says beside the proof. */
export interface TokenUse {
	readonly client_id: string;
	/** The token is not to be used again. */
	readonly invalidate: boolean;
	/** How often the client has used it; undefined where it does not say. */
	readonly count: number | undefined;
}

/** An answer, and whether the client needs another token. */
export interface TokenVerdict {
	readonly answer: TokenAnswer;
	readonly rotation_needed: boolean;
}

/** How many clients of one account can have tokens; then those go that were given out first. */
const most_clients = 100;

function refused(condition: string): TokenVerdict {
	return { answer: { ok: false, condition }, rotation_needed: false };
}

function read_token(value: StoreValue | undefined): Token | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const { mechanism, secret, issued_at, expires_at, count } = Object(value);
	if (typeof mechanism !== "string" || typeof secret !== "string" || secret === "") return undefined;
	if (typeof issued_at !== "number" || typeof expires_at !== "number") return undefined;
	return { mechanism, secret, issued_at, expires_at, ...(typeof count === "number" ? { count } : {}) };
}

/** What the keys of one client begin with. */
function client_of(key: string): string {
	return key.replace(/-(?:new|cur)$/, "");
}

function stored(token: Token): StoreTable {
	return { ...token };
}

/** Tokens of one host's accounts, in the store `fast_tokens`: for each client the one it uses, and the one that is to follow. */
export class FastTokens {
	private readonly store;
	private readonly all;

	constructor(
		private readonly module: ModuleApi,
		private readonly times: TokenTimes,
	) {
		this.store = module.open_store("fast_tokens", "map");
		this.all = module.open_store("fast_tokens");
	}

	private now(): number {
		return Date.now() / 1000;
	}

	private keys(client_id: string): { readonly fresh: string; readonly current: string } {
		const hash = sha256(client_id, true);
		return { fresh: `${hash}-new`, current: `${hash}-cur` };
	}

	/** Gives a client a token; undefined where it cannot be stored. */
	make(username: string, client_id: string, mechanism: string): { secret: string; expires_at: number } | undefined {
		const issued_at = this.now();
		const secret = `secret-token:fast-${id.long()}`;
		const token: Token = { mechanism, secret, issued_at, expires_at: issued_at + this.times.ttl };
		const known = this.all.get(username);
		const changes = known.ok ? this.outdated(known.value ?? {}) : new Map<string, StoreTable | undefined>();
		changes.set(this.keys(client_id).fresh, stored(token));
		const kept = known.ok ? this.store.set_keys(username, changes) : known;
		if (kept.ok) return token;
		this.module.log("error", "A token for %s could not be stored: %s", username, kept.error.text);
		return undefined;
	}

	/** Tokens that are of no use any more, or too many. */
	private outdated(known: StoreTable): Map<string, StoreTable | undefined> {
		const changes = new Map<string, StoreTable | undefined>();
		/** When each client got its last token, by what its keys begin with. */
		const clients = new Map<string, number>();
		for (const [key, value] of Object.entries(known)) {
			const token = read_token(value);
			if (token === undefined || token.expires_at < this.now()) changes.set(key, undefined);
			else clients.set(client_of(key), Math.max(token.issued_at, clients.get(client_of(key)) ?? 0));
		}
		// One more is to come
		const latest_first = [...clients].sort(([, one], [, other]) => other - one).map(([client]) => client);
		const dropped = new Set(latest_first.slice(most_clients - 1));
		for (const key of Object.keys(known)) if (dropped.has(client_of(key))) changes.set(key, undefined);
		return changes;
	}

	/** Forgets all tokens of an account. */
	forget(username: string): void {
		const known = this.all.get(username);
		if (known.ok && known.value === undefined) return;
		const forgotten = known.ok ? this.all.set(username, undefined) : known;
		if (!forgotten.ok) this.module.log("error", "Tokens of %s could not be removed: %s", username, forgotten.error.text);
	}

	/** Whether a client shows a token of the account, and what it gets for that. */
	test({ mechanism, username, hash, binding }: TokenProof, use: TokenUse): TokenVerdict {
		const { fresh, current } = this.keys(use.client_id);
		for (const key of [fresh, current]) {
			const found = this.store.get(username, key);
			if (!found.ok) {
				this.module.log("error", "Tokens of %s cannot be read: %s", username, found.error.text);
				return refused("temporary-auth-failure");
			}
			const token = read_token(found.value);
			// It takes as long where there is none
			const { secret } = token ?? { secret: randomBytes(32) };
			const is_right = equals(hmac_sha256(secret, Buffer.concat([Buffer.from("Initiator"), binding])), hash);
			if (token === undefined || !is_right || token.mechanism !== mechanism) continue;
			const problem = this.problem_of(username, token, use);
			if (problem === "credentials-expired") this.change(username, new Map([[key, undefined]]));
			if (problem !== undefined) return refused(problem);
			if (!this.used(username, token, use, key === fresh ? { fresh, current } : { current })) {
				return refused("temporary-auth-failure");
			}
			const proof = hmac_sha256(token.secret, Buffer.concat([Buffer.from("Responder"), binding]));
			const is_old = this.now() - token.issued_at > this.times.min_ttl;
			return { answer: { ok: true, proof }, rotation_needed: is_old && !use.invalidate };
		}
		return refused("not-authorized");
	}

	/** Why a token that was proved does not open the account. */
	private problem_of(username: string, token: Token, { count }: TokenUse): string | undefined {
		const { host, server } = this.module;
		const info = server.usermanager.get_account_info(username, host);
		const changed = info.ok ? info.value.password_updated : undefined;
		if (token.expires_at < this.now() || (changed !== undefined && token.issued_at < changed)) return "credentials-expired";
		if (count !== undefined && count <= (token.count ?? 0)) return "not-authorized";
		if (!server.usermanager.user_exists(username, host)) return "not-authorized";
		const enabled = server.usermanager.user_is_enabled(username, host);
		return enabled.ok && !enabled.value ? "account-disabled" : undefined;
	}

	/** Keeps what the use of a token changes: one that is new takes the place of the one before. False where that cannot be stored. */
	private used(
		username: string,
		token: Token,
		use: TokenUse,
		key: { readonly fresh?: string; readonly current: string },
	): boolean {
		const { fresh, current } = key;
		if (use.invalidate) return this.change(username, new Map([[fresh ?? current, undefined]]));
		const counted = use.count === undefined ? token : { ...token, count: use.count };
		if (fresh === undefined && counted === token) return true;
		const changes = new Map<string, StoreTable | undefined>([[current, stored(counted)]]);
		if (fresh !== undefined) changes.set(fresh, undefined);
		return this.change(username, changes);
	}

	private change(username: string, changes: ReadonlyMap<string, StoreTable | undefined>): boolean {
		const changed = this.store.set_keys(username, changes);
		if (!changed.ok) this.module.log("error", "Tokens of %s could not be changed: %s", username, changed.error.text);
		return changed.ok;
	}

	/** Whether a client has a token that is still good. */
	has(username: string, client_id: string, password_updated: number | undefined): boolean {
		return Object.values(this.keys(client_id)).some((key) => {
			const found = this.store.get(username, key);
			const token = found.ok ? read_token(found.value) : undefined;
			return (
				token !== undefined &&
				token.expires_at >= this.now() &&
				(password_updated === undefined || password_updated < token.issued_at)
			);
		});
	}

	/** Takes back what a client was given; false where that cannot be stored. */
	revoke(username: string, client_id: string): boolean {
		const { fresh, current } = this.keys(client_id);
		return this.change(
			username,
			new Map([
				[fresh, undefined],
				[current, undefined],
			]),
		);
	}
}
