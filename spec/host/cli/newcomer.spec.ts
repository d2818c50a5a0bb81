import { request } from "node:https";
import { connect } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { codes_of } from "../../clients/conversation.ts";
import { type Newcomer, start_newcomer, trusted } from "../../clients/newcomer.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { features, header, RawClient } from "../raw_client.ts";

let newcomer: Newcomer | undefined;

afterEach(async () => {
	await newcomer?.stop();
	newcomer = undefined;
});

async function start(tls_only = false): Promise<Newcomer> {
	newcomer = await start_newcomer({ tls_only });
	return newcomer;
}

/** Asks for a place for a file; answers with where it is put and found. */
async function slot(client: Client, name: string, size: number): Promise<{ put: string; token: string; get: string }> {
	const question = st.iq({ type: "get", id: "slot", to: "upload.localhost" });
	const answer = await ask(
		client,
		question.tag("request", { xmlns: "urn:xmpp:http:upload:0", filename: name, size: String(size) }).reset(),
	);
	const found = answer.get_child("slot", "urn:xmpp:http:upload:0");
	const put = found?.get_child("put");
	return {
		put: put?.attr["url"] ?? "",
		token: put?.get_child("header")?.get_text() ?? "",
		get: found?.get_child("get")?.attr["url"] ?? "",
	};
}

/** Enters a room, and waits until one is in. */
async function enter(client: Client, nick: string): Promise<(string | number)[]> {
	const room = "tearoom@conference.localhost";
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	const own = await expect_stanza(client, (stanza) => stanza.attr["from"] === `${room}/${nick}`);
	return [own.attr["type"] ?? "in", ...codes_of(own)];
}

describe("a newcomer's server", () => {
	it("opens rooms at once to those who come after the first, whatever the first one's client does", async () => {
		const { client } = await start();
		const [romeo, juliet] = [await client("romeo"), await client("juliet")];
		expect(await enter(romeo, "romeo")).toEqual(["in", 110, 201]);
		expect(await enter(juliet, "juliet")).toEqual(["in", 110]);
	});

	it("takes files and gives them back, where the pages are", async () => {
		const { client, ports } = await start();
		const place = await slot(await client("romeo"), "sonnet.txt", 5);
		expect(place.put).toMatch(new RegExp(`^http://localhost:${ports["http"]}/file_share/`));
		const local = (url: string): string => url.replace("localhost", "127.0.0.1");
		const done = await fetch(local(place.put), {
			method: "PUT",
			headers: { Authorization: place.token, Host: "localhost" },
			body: "Sweet",
		});
		expect(done.status).toBe(201);
		expect(await (await fetch(local(place.get))).text()).toBe("Sweet");
	});

	it("speaks nothing but TLS where that is wanted, with a certificate that whoever has it can trust", async () => {
		const running = await start(true);
		const { ports } = running;
		expect(Object.keys(ports).sort()).toEqual(["c2s", "c2s_direct_tls", "https"]);
		const plain = await RawClient.connect(ports["c2s"] ?? 0);
		const offer = await plain.ask(header(), features);
		plain.destroy();
		expect(offer).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
		expect(offer).not.toContain("<mechanisms");

		const ca = trusted(running);
		const direct = connect({ host: "127.0.0.1", port: ports["c2s_direct_tls"] ?? 0, servername: "localhost", ca });
		await new Promise((resolve, reject) => direct.once("secureConnect", () => resolve(undefined)).once("error", reject));
		expect(direct.authorized).toBe(true);
		direct.destroy();

		const place = await slot(await running.client("romeo"), "sonnet.txt", 5);
		expect(place.put).toMatch(new RegExp(`^https://localhost:${ports["https"]}/file_share/`));
		const send = (
			method: string,
			url: string,
			body: string,
			headers = {},
		): Promise<{ status: number | undefined; text: string }> =>
			new Promise((resolve, reject) => {
				const going = request(url, {
					method,
					ca,
					host: "127.0.0.1",
					servername: "localhost",
					headers: { Host: "localhost", ...headers },
				});
				going.once("error", reject);
				going.once("response", (answer) => {
					let text = "";
					answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
					answer.once("end", () => resolve({ status: answer.statusCode, text }));
				});
				going.end(body);
			});
		expect(await send("PUT", place.put, "Sweet", { Authorization: place.token, "Content-Length": 5 })).toMatchObject({
			status: 201,
		});
		expect(await send("GET", place.get, "")).toEqual({ status: 200, text: "Sweet" });
	});
});
