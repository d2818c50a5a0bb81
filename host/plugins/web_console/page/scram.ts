// No counterpart: the client's side of SCRAM (RFC 5802, RFC 7677) in a browser, so that the server never sees the password.

import { Problem } from "./api.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The most iterations that a server may ask for. */
const most_iterations = 1_000_000;

export function to_base64(bytes: Uint8Array): string {
	return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function from_base64(text: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

async function hmac(hash: string, key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
	const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
	return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

function attributes(message: string): Map<string, string> {
	return new Map(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

/** One exchange. */
export class Scram {
	private readonly nonce = to_base64(crypto.getRandomValues(new Uint8Array(18)));
	private readonly first_bare: string;
	private expected = "";

	/** @param hash `SHA-256` or `SHA-1` */
	constructor(
		private readonly hash: string,
		username: string,
		private readonly password: string,
	) {
		this.first_bare = `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${this.nonce}`;
	}

	first(): string {
		return to_base64(encoder.encode(`n,,${this.first_bare}`));
	}

	/** Answers the server's challenge. */
	async answer(challenge: string): Promise<string> {
		const server_first = decoder.decode(from_base64(challenge));
		const parts = attributes(server_first);
		const [nonce = "", salt = "", iterations] = [parts.get("r"), parts.get("s"), Number(parts.get("i"))];
		const is_right = nonce.startsWith(this.nonce) && iterations >= 1 && iterations <= most_iterations;
		if (!is_right) throw new Problem(400, "the server's challenge makes no sense");
		const key = await crypto.subtle.importKey("raw", encoder.encode(this.password.normalize("NFKC")), "PBKDF2", false, [
			"deriveBits",
		]);
		const size = this.hash === "SHA-1" ? 160 : 256;
		const parameters = { name: "PBKDF2", hash: this.hash, salt: from_base64(salt), iterations };
		const salted = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, size));
		const client_key = await hmac(this.hash, salted, "Client Key");
		const stored_key = new Uint8Array(await crypto.subtle.digest(this.hash, client_key));
		const without_proof = `c=biws,r=${nonce}`;
		const message = `${this.first_bare},${server_first},${without_proof}`;
		const signature = await hmac(this.hash, stored_key, message);
		const proof = client_key.map((byte, index) => byte ^ (signature[index] ?? 0));
		this.expected = to_base64(await hmac(this.hash, await hmac(this.hash, salted, "Server Key"), message));
		return to_base64(encoder.encode(`${without_proof},p=${to_base64(proof)}`));
	}

	/** Whether the server has proved that it knows the account. */
	verifies(last: string): boolean {
		return this.expected !== "" && attributes(decoder.decode(from_base64(last))).get("v") === this.expected;
	}
}
