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
	/** Where it is stored; undefined for one that ends with the server. */
	readonly host: string | undefined;
	/** Whether it is of somebody who has logged in. Only nodes of a cluster store these: each has to know all of them. */
	readonly is_session: boolean;
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

/** @param host that stores it */
function read_token(id: string, stored: StoreValue | undefined, host: string): Token | undefined {
	if (typeof stored !== "object" || Array.isArray(stored) || stored instanceof Map) return undefined;
	const { jid: owner, grants, name, created, expires, hash, is_session } = stored;
	if (typeof owner !== "string" || typeof hash !== "string" || !Array.isArray(grants)) return undefined;
	return {
		id,
		jid: owner,
		hash,
		host,
		is_session: is_session === true,
		grants: new Set(grants.filter((grant) => typeof grant === "string")),
		name: typeof name === "string" ? name : "",
		created: typeof created === "number" ? created : 0,
		expires: typeof expires === "number" ? expires : Number.POSITIVE_INFINITY,
	};
}

/**
 * What tokens there are. Those that scripts have are stored with the host of their owner, or else the first one. In a cluster only what is
 * stored counts, since another node may have made or ended one.
 */
export class Tokens {
	private readonly known = new Map<string, Token>();
	private readonly stores = new Map<string, HostTokens>();

	constructor(private readonly module: ModuleApi) {}

	private get is_alone(): boolean {
		return this.module.server.cluster === undefined;
	}

	/** Reads what is stored on a host. */
	open(host: string): void {
		const { server } = this.module;
		const [whole, by_key] = [server.open_store(host, store_name, "keyval"), server.open_store(host, store_name, "map")];
		if (!whole.ok || !by_key.ok) {
			this.module.log("error", "Tokens of %s cannot be stored: %s", host, whole.ok ? "there is no such store" : whole.error.text);
			return;
		}
		this.stores.set(host, { whole: whole.value, by_key: by_key.value });
		if (this.is_alone) for (const token of this.stored_on(host)) this.known.set(token.id, token);
	}

	private stored_on(host: string): Token[] {
		const stored = this.stores.get(host)?.whole.get(undefined);
		if (stored?.ok === false) {
			this.module.log("error", "Tokens of %s cannot be read, and do not count: %s", host, stored.error.text);
			return [];
		}
		return Object.entries(stored?.value ?? {}).flatMap(([id, value]) => {
			const token = read_token(id, value, host);
			if (token === undefined) this.module.log("warn", "The token %s of %s cannot be read, and does not count", id, host);
			return token ?? [];
		});
	}

	/** All that there are, by age. */
	private all(): Token[] {
		const tokens = this.is_alone ? [...this.known.values()] : [...this.stores.keys()].flatMap((host) => this.stored_on(host));
		return tokens.sort((a, b) => a.created - b.created);
	}

	private get(id: string): Token | undefined {
		if (this.is_alone) return this.known.get(id);
		for (const [host, { by_key }] of this.stores) {
			const stored = by_key.get(undefined, id);
			if (!stored.ok) this.module.log("error", "Tokens of %s cannot be read, and do not count: %s", host, stored.error.text);
			const token = stored.ok ? read_token(id, stored.value, host) : undefined;
			if (token !== undefined) return token;
		}
		return undefined;
	}

	/** Forgets what was read from a host that is no longer served. */
	close(host: string): void {
		this.stores.delete(host);
		for (const [id, token] of this.known) if (token.host === host) this.known.delete(id);
	}

	/** All that scripts have, by age; those that have ended are removed. */
	list(): Token[] {
		this.remove_ended();
		return this.all().filter(({ is_session }) => !is_session);
	}

	/**
	 * Makes a token for scripts.
	 * @param lifetime seconds
	 */
	create(owner: string, grants: Iterable<Grant>, lifetime: number, name: string): Result<NewToken, string> {
		const home = jid.host(owner) ?? "";
		const host = this.stores.has(home) ? home : [...this.stores.keys()][0];
		if (host === undefined) return failed("there is no host whose storage could keep it");
		const made = this.make(owner, grants, lifetime, name, host, false);
		const written = this.write(made.token, host);
		return written.ok ? ok(made) : written;
	}

	private write(token: Token, host: string): Result<true, string> {
		const { id, jid: owner, grants, name, hash, created, expires, is_session } = token;
		const stored: StoreTable = { jid: owner, grants: [...grants], name, created, hash };
		if (Number.isFinite(expires)) stored["expires"] = expires;
		if (is_session) stored["is_session"] = true;
		const written = this.stores.get(host)?.by_key.set(undefined, id, stored);
		if (written?.ok === false) return failed(`it could not be stored: ${written.error.text}`);
		this.keep(token);
		this.module.server.turn.remember({ undo: () => void this.known.delete(id) });
		return ok(true);
	}

	private keep(token: Token): void {
		if (this.is_alone) this.known.set(token.id, token);
	}

	/** Makes one that is good for everything, for somebody who has logged in. Nothing keeps it but other nodes of a cluster. */
	create_session(owner: string, lifetime: number): NewToken {
		this.remove_ended();
		const sessions = this.sessions();
		for (const { id } of sessions.slice(0, Math.max(0, sessions.length - most_sessions + 1))) this.revoke(id);
		const host = this.is_alone ? undefined : (jid.host(owner) ?? "");
		const made = this.make(owner, api_scopes, lifetime, "", host, true);
		const written = host === undefined ? ok(true) : this.write(made.token, host);
		if (!written.ok) this.module.log("error", "The login of %s does not count: %s", owner, written.error);
		this.keep(made.token);
		return made;
	}

	private sessions(): Token[] {
		return this.all().filter(({ is_session }) => is_session);
	}

	/** How many people are logged in. */
	count_sessions(): number {
		return this.sessions().length;
	}

	/** Whose token a text is; undefined for one that is none, or that has ended. */
	find(text: string): Token | undefined {
		const [, id = "", secret = ""] = form.exec(text) ?? [];
		const token = this.get(id);
		// Compared in any case, so that the time does not tell which ids there are
		const is_right = equals(sha256(secret, true), token?.hash ?? sha256("", true));
		if (token === undefined || !is_right) return undefined;
		return token.expires > now() ? token : undefined;
	}

	/** Whether a token is still good. */
	is_valid({ id, expires }: Token): boolean {
		return this.get(id) !== undefined && expires > now();
	}

	/** Ends a token. */
	revoke(id: string): Result<Token, string> {
		const token = this.get(id);
		if (token === undefined) return failed(`there is no token ${id}`);
		const removed = token.host === undefined ? undefined : this.stores.get(token.host)?.by_key.set(undefined, id, undefined);
		if (removed !== undefined && !removed.ok) return failed(`it could not be removed: ${removed.error.text}`);
		this.known.delete(id);
		this.module.server.turn.remember({ undo: () => this.keep(token) });
		return ok(token);
	}

	/** Ends the logins of somebody who has another password now; whoever knew the old one may be among them. */
	end_sessions(owner: string): void {
		for (const { id, jid: whose } of this.sessions()) if (whose === owner) this.revoke(id);
	}

	/** Ends all tokens of somebody who is gone. */
	revoke_all(owner: string): void {
		for (const { id, jid: whose } of this.all()) {
			const revoked = whose === owner ? this.revoke(id) : undefined;
			if (revoked?.ok === false) this.module.log("error", "The token %s of %s: %s", id, owner, revoked.error);
		}
	}

	private make(
		owner: string,
		grants: Iterable<Grant>,
		lifetime: number,
		name: string,
		host: string | undefined,
		is_session: boolean,
	): NewToken {
		const id = randomBytes(6).toString("hex");
		const secret = randomBytes(secret_bytes).toString("base64url");
		const created = now();
		const hash = sha256(secret, true);
		const expires = created + lifetime;
		const token = { id, jid: owner, grants: new Set(grants), name, created, expires, hash, host, is_session };
		return { token, text: `enjamb_${id}_${secret}` };
	}

	private remove_ended(): void {
		for (const { id, expires } of this.all()) {
			const removed = expires > now() ? undefined : this.revoke(id);
			if (removed?.ok === false) this.module.log("warn", "The token %s has ended, but: %s", id, removed.error);
		}
	}
}

/** Whether a word is a scope. */
export function is_scope(word: string): word is ApiScope {
	return api_scopes.some((scope) => scope === word);
}
