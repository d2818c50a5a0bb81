// Counterpart: util/jwt.lua (HS256)

import { failed, ok, type Result } from "./error.ts";
import { equals, hmac_sha256 } from "./hashes.ts";

/** What a token says. Times are seconds since 1970. */
export interface TokenClaims {
	readonly [claim: string]: string | number | boolean | undefined;
}

const static_header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");
const token_form = /^(([\w-]+)\.([\w-]+))\.([\w-]+)$/;
/** A longer token was not made here. */
const longest_token = 16_384;

/** Signs claims, to be valid for so many seconds. */
export function sign(key: string, claims: TokenClaims, ttl: number, now: number): string {
	const payload = JSON.stringify({ ...claims, iat: now, exp: now + ttl });
	const signed = `${static_header}.${Buffer.from(payload).toString("base64url")}`;
	return `${signed}.${hmac_sha256(key, signed).toString("base64url")}`;
}

function read_json(part: string): unknown {
	try {
		return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
	} catch {
		return undefined;
	}
}

function as_record(value: unknown): { readonly [key: string]: unknown } | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** What a token says that was signed with this key; the error says why it does not count, in Prosody's words. */
export function verify(key: string, token: string, now: number): Result<{ readonly [claim: string]: unknown }, string> {
	const [, signed = "", header = "", payload = "", signature = ""] =
		token.length > longest_token ? [] : (token_form.exec(token) ?? []);
	if (signed === "") return failed("invalid-encoding");
	const algorithm = as_record(read_json(header));
	if (algorithm === undefined) return failed("invalid-header");
	if (algorithm["alg"] !== "HS256") return failed("unsupported-algorithm");
	if (!equals(hmac_sha256(key, signed).toString("base64url"), signature)) return failed("signature-mismatch");
	const claims = as_record(read_json(payload));
	if (claims === undefined) return failed("invalid-payload-type");
	const { exp } = claims;
	if (exp !== undefined && typeof exp !== "number") return failed("invalid-expiry");
	return exp !== undefined && exp < now ? failed("token-expired") : ok(claims);
}
