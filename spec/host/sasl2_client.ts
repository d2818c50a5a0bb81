// Clients that log in by SASL2, in the words that they send.

import { createHmac } from "node:crypto";
import { create_sasl_client } from "../../host/util/sasl_client.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { parse } from "../../host/util/xml.ts";
import { features, header, RawClient } from "./raw_client.ts";

export const sasl2 = "urn:xmpp:sasl:2";
export const fast = "urn:xmpp:fast:0";
export const client_id = "d4565fa7-4d72-4749-b3d3-740edbf87770";

/** What a program says of itself. */
export const agent = (id = client_id): string =>
	`<user-agent id='${id}'><software>Spec</software><device>Desk</device></user-agent>`;

/** `<authenticate/>` with an initial response and what else it is to hold. */
export function authenticate(mechanism: string, response: string | Buffer | undefined, inside = ""): string {
	const initial =
		response === undefined ? "" : `<initial-response>${Buffer.from(response).toString("base64")}</initial-response>`;
	return `<authenticate xmlns='${sasl2}' mechanism='${mechanism}'>${initial}${inside}</authenticate>`;
}

export const plain = (inside = "", name = "user", password = "pencil"): string =>
	authenticate("PLAIN", `\0${name}\0${password}`, inside);

export const request_token = (mechanism = "HT-SHA-256-NONE"): string =>
	`<request-token xmlns='${fast}' mechanism='${mechanism}'/>`;

export const bind = (inside = "", tag = "Spec"): string => `<bind xmlns='urn:xmpp:bind:0'><tag>${tag}</tag>${inside}</bind>`;

/** A login with a token. */
export function with_token(
	token: string,
	options: { attributes?: string; id?: string; mechanism?: string; inside?: string; name?: string; binding?: Buffer } = {},
): string {
	const { attributes = "", id = client_id, mechanism = "HT-SHA-256-NONE", inside = "", name = "user", binding } = options;
	const proof = createHmac("sha256", token)
		.update("Initiator")
		.update(binding ?? "")
		.digest();
	const response = Buffer.concat([Buffer.from(`${name}\0`), proof]);
	return authenticate(mechanism, response, `${agent(id)}<fast xmlns='${fast}' ${attributes}/>${inside}`);
}

/** The top-level elements of what a server has said. */
export function elements(said: string): Stanza[] {
	const inside = said
		.replace(/^<\?xml[^>]*>\s*/, "")
		.replace(/^<stream:stream[^>]*>/, "")
		.replace("</stream:stream>", "");
	const whole = `<all xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>${inside}</all>`;
	const all = parse(whole);
	if (all === undefined) throw new Error(`this is no XML: ${said}`);
	return all.tags;
}

/** The token in a success. */
export function token_in(said: string): string {
	return /<token [^>]*token=["']([^"']+)["']/.exec(said)?.[1] ?? "";
}

/** Opens a stream that says whose it is, where there is a name; answers with the features, too. */
export async function open(port: number, name = "user", host = "localhost"): Promise<[RawClient, string]> {
	const client = await RawClient.connect(port);
	const from = name === "" ? "" : `from='${name}@${host}' `;
	return [client, await client.ask(header(`${from}to='${host}' version='1.0'`), features)];
}

/** Makes the account `user` with the password `pencil`, where people may register themselves. */
export async function register(port: number): Promise<void> {
	const [client] = await open(port, "");
	const query = "<query xmlns='jabber:iq:register'><username>user</username><password>pencil</password></query>";
	client.send(`<iq type='set' id='register'>${query}</iq>`);
	await client.until(() => /id=["']register["']/.test(client.said));
	if (!/type=["']result["']/.test(client.said)) throw new Error(`the account could not be made: ${client.said}`);
	client.destroy();
}

/** What a server says to a login, with the features behind a success; a challenge and a failure end it, too. */
export async function ask(client: RawClient, text: string): Promise<string> {
	const before = client.said.length;
	client.send(text);
	const has = (part: string): boolean => client.said.slice(before).includes(part);
	await client.until(
		() => (has("</success>") && (has(features) || has("<stream:features/>"))) || has("</failure>") || has("</challenge>"),
	);
	return client.said.slice(before);
}

/** Logs in with SCRAM. */
export async function scram(
	client: RawClient,
	mechanism: string,
	account: { username?: string; password?: string; inside?: string; binding?: { type: string; data: Buffer } } = {},
): Promise<string> {
	const { username = "user", password = "pencil", inside = "", binding } = account;
	const options = binding === undefined ? {} : { channel_binding: binding };
	const sasl = create_sasl_client({ username, password }, [mechanism], options);
	if (!sasl.ok) throw new Error(sasl.error);
	const challenge = await ask(client, authenticate(mechanism, sasl.value.first(), inside));
	const [said] = elements(challenge);
	if (said?.name !== "challenge") return challenge;
	const answer = sasl.value.challenge(Buffer.from(said.get_text() ?? "", "base64"));
	if (!answer.ok) throw new Error(answer.error);
	const end = await ask(client, `<response xmlns='${sasl2}'>${answer.value.toString("base64")}</response>`);
	const [success] = elements(end);
	const data = success?.get_child_text("additional-data");
	if (success?.name === "success") {
		const checked = sasl.value.success(data === undefined ? undefined : Buffer.from(data, "base64"));
		if (!checked.ok) throw new Error(checked.error);
	}
	return end;
}

/** What servers make up, so that their words can be compared: `made_up` are texts of elements and values of attributes. */
export function comparable(said: string): string[] {
	const shown = (element: Stanza): string => {
		const attributes = Object.entries(element.attr)
			.filter(([name, value]) => value !== undefined && !(name === "xmlns" && value === "jabber:client"))
			.map(([name, value]) => {
				const is_made_up = ["token", "expiry", "id", "previd", "ver", "max", "node"].includes(name);
				return `${name}='${is_made_up ? "…" : value}'`;
			});
		const children = element.children.map((child) =>
			st.is_stanza(child)
				? shown(child)
				: element.name === "additional-data" || element.name === "challenge"
					? "…"
					: String(child).replace(/~[\w+/-]{12,}$/, "~…"),
		);
		const is_list = ["authentication", "fast", "features", "inline"].includes(element.name);
		const inside = (is_list ? children.sort() : children).join("");
		return `<${[element.name, ...attributes.sort()].join(" ")}>${inside}</>`;
	};
	return elements(said).map(shown);
}
