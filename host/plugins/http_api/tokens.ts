// Counterpart: plugins/mod_tokenauth.lua, for what scripts call

import { randomBytes } from "node:crypto";
import type { KeyvalStore, MapStore, ModuleApi, StoreTable, StoreValue } from "../../core/types.ts";
import type { ApiScope } from "../../util/api/command.ts";
import { api_scopes } from "../../util/api/command.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { equals, sha256 } from "../../util/hashes.ts";
import * as jid from "../../util/jid.ts";

/** What a token is good for: scopes, or names of single commands. */
export type Grant = string;

/** A secret by which a program may call commands. The secret itself is kept nowhere. */
export interface Token {
	/** Names it; part of its text. */
	readonly id: string;
	/** Whose rights it has. */
	readonly jid: string;
	readonly grants: ReadonlySet<Grant>;
	/** For people. */
	readonly name: string;
	/** Seconds since 1970; Infinity where it never ends. */
	readonly created: number;
	readonly expires: number;
	/** SHA-256 of the secret, in hexadecimal. */
	readonly hash: string;
	/** Where it is stored; undefined for that of somebody who has logged in, which ends with the server. */
	readonly host: string | undefined;
}

/** A token that was just made, with its only text. */
export interface NewToken {
	readonly token: Token;
	readonly text: string;
}

interface HostTokens {
	readonly whole: KeyvalStore;
	readonly by_key: MapStore;
}

const store_name = "http_api_tokens";
const secret_bytes = 32;
const form = /^enjamb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
/** Most people who are logged in at once; the oldest are logged out. */
const most_sessions = 200;

function now(): number {
	return Math.floor(Date.now() / 1000);
}

function read_token(id: string, stored: StoreValue | undefined, host: string): Token | undefined {
	if (typeof stored !== "object" || Array.isArray(stored) || stored instanceof Map) return undefined;
	const { jid: owner, grants, name, created, expires, hash } = stored;
	if (typeof owner !== "string" || typeof hash !== "string" || !Array.isArray(grants)) return undefined;
	return {
		id,
		jid: owner,
		hash,
		host,
		grants: new Set(grants.filter((grant) => typeof grant === "string")),
		name: typeof name === "string" ? name : "",
		created: typeof created === "number" ? created : 0,
		expires: typeof expires === "number" ? expires : Number.POSITIVE_INFINITY,
	};
}

/** What tokens there are. Those that scripts have are stored with the host of their owner, or else the first one. */
export class Tokens {
	private readonly known = new Map<string, Token>();
	private readonly stores = new Map<string, HostTokens>();

	constructor(private readonly module: ModuleApi) {}

	/** Reads what is stored on a host. */
	open(host: string): void {
		const { server } = this.module;
		const [whole, by_key] = [server.open_store(host, store_name, "keyval"), server.open_store(host, store_name, "map")];
		if (!whole.ok || !by_key.ok) {
			this.module.log("error", "Tokens of %s cannot be stored: %s", host, whole.ok ? "there is no such store" : whole.error.text);
			return;
		}
		this.stores.set(host, { whole: whole.value, by_key: by_key.value });
		const stored = whole.value.get(undefined);
		if (!stored.ok) {
			this.module.log("error", "Tokens of %s cannot be read, and do not count: %s", host, stored.error.text);
			return;
		}
		for (const [id, value] of Object.entries(stored.value ?? {})) {
			const token = read_token(id, value, host);
			if (token === undefined) this.module.log("warn", "The token %s of %s cannot be read, and does not count", id, host);
			else this.known.set(id, token);
		}
	}

	/** Forgets what was read from a host that is no longer served. */
	close(host: string): void {
		this.stores.delete(host);
		for (const [id, token] of this.known) if (token.host === host) this.known.delete(id);
	}

	/** All that scripts have, by age; those that have ended are removed. */
	list(): Token[] {
		this.remove_ended();
		return [...this.known.values()].filter(({ host }) => host !== undefined).sort((a, b) => a.created - b.created);
	}

	/**
	 * Makes a token for scripts.
	 * @param lifetime seconds
	 */
	create(owner: string, grants: Iterable<Grant>, lifetime: number, name: string): Result<NewToken, string> {
		const home = jid.host(owner) ?? "";
		const host = this.stores.has(home) ? home : [...this.stores.keys()][0];
		const store = host === undefined ? undefined : this.stores.get(host);
		if (host === undefined || store === undefined) return failed("there is no host whose storage could keep it");
		const made = this.make(owner, grants, lifetime, name, host);
		const { id, hash, created, expires } = made.token;
		const stored: StoreTable = { jid: owner, grants: [...grants], name, created, hash };
		if (Number.isFinite(expires)) stored["expires"] = expires;
		const written = store.by_key.set(undefined, id, stored);
		if (!written.ok) return failed(`it could not be stored: ${written.error.text}`);
		this.known.set(id, made.token);
		this.module.server.turn.remember({ undo: () => void this.known.delete(id) });
		return ok(made);
	}

	/** Makes one that is good for everything, and that nothing keeps, for somebody who has logged in. */
	create_session(owner: string, lifetime: number): NewToken {
		this.remove_ended();
		const sessions = [...this.known.values()].filter(({ host }) => host === undefined);
		for (const { id } of sessions.slice(0, Math.max(0, sessions.length - most_sessions + 1))) this.known.delete(id);
		const made = this.make(owner, api_scopes, lifetime, "", undefined);
		this.known.set(made.token.id, made.token);
		return made;
	}

	/** How many people are logged in. */
	count_sessions(): number {
		return [...this.known.values()].filter(({ host }) => host === undefined).length;
	}

	/** Whose token a text is; undefined for one that is none, or that has ended. */
	find(text: string): Token | undefined {
		const [, id = "", secret = ""] = form.exec(text) ?? [];
		const token = this.known.get(id);
		// Compared in any case, so that the time does not tell which ids there are
		const is_right = equals(sha256(secret, true), token?.hash ?? sha256("", true));
		if (token === undefined || !is_right) return undefined;
		return token.expires > now() ? token : undefined;
	}

	/** Whether a token is still good. */
	is_valid({ id, expires }: Token): boolean {
		return this.known.has(id) && expires > now();
	}

	/** Ends a token. */
	revoke(id: string): Result<Token, string> {
		const token = this.known.get(id);
		if (token === undefined) return failed(`there is no token ${id}`);
		const removed = token.host === undefined ? undefined : this.stores.get(token.host)?.by_key.set(undefined, id, undefined);
		if (removed !== undefined && !removed.ok) return failed(`it could not be removed: ${removed.error.text}`);
		this.known.delete(id);
		this.module.server.turn.remember({ undo: () => void this.known.set(id, token) });
		return ok(token);
	}

	/** Ends the logins of somebody who has another password now; whoever knew the old one may be among them. */
	end_sessions(owner: string): void {
		for (const { id, jid: whose, host } of [...this.known.values()]) {
			if (whose === owner && host === undefined) this.revoke(id);
		}
	}

	/** Ends all tokens of somebody who is gone. */
	revoke_all(owner: string): void {
		for (const { id, jid: whose } of [...this.known.values()]) {
			const revoked = whose === owner ? this.revoke(id) : undefined;
			if (revoked?.ok === false) this.module.log("error", "The token %s of %s: %s", id, owner, revoked.error);
		}
	}

	private make(owner: string, grants: Iterable<Grant>, lifetime: number, name: string, host: string | undefined): NewToken {
		const id = randomBytes(6).toString("hex");
		const secret = randomBytes(secret_bytes).toString("base64url");
		const created = now();
		const hash = sha256(secret, true);
		const token = { id, jid: owner, grants: new Set(grants), name, created, expires: created + lifetime, hash, host };
		return { token, text: `enjamb_${id}_${secret}` };
	}

	private remove_ended(): void {
		for (const { id, expires } of [...this.known.values()]) {
			const removed = expires > now() ? undefined : this.revoke(id);
			if (removed?.ok === false) this.module.log("warn", "The token %s has ended, but: %s", id, removed.error);
		}
	}
}

/** Whether a word is a scope. */
export function is_scope(word: string): word is ApiScope {
	return api_scopes.some((scope) => scope === word);
}
