import { afterEach, describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { ask } from "../helper.ts";
import { http_to } from "../host/http_to.ts";
import { missing, type Stage, start_ours, start_prosody, without_prosody } from "./community/community.ts";

// Prosody's own mod_http_file_share (XEP-0363), in Lua: uploads go to a file as they come, and are sent from there.

/** Content beyond `http_max_content_size` is not collected first, but handed on as it comes. */
const troupe = {
	accounts: ["http_file_share"],
	prefer_lua: ["http_file_share"],
	options: 'http_file_share_access = { "localhost" }\nhttp_host = "localhost"\nhttp_max_content_size = 100000',
};
const xmlns = "urn:xmpp:http:upload:0";
const is_missing = missing("http_file_share");
const content = Buffer.alloc(300_000, "Bytes \0\xff and more. ", "latin1");

describe.each([
	["this server", start_ours, is_missing],
	["a real Prosody", start_prosody, is_missing || without_prosody()],
] as const)("an upload to %s", (_, start, is_skipped) => {
	let stage: Stage | undefined;
	afterEach(async () => {
		await stage?.stop();
		stage = undefined;
	});

	it.skipIf(is_skipped)("is stored, and sent to whoever asks for it", async () => {
		stage = await start(troupe);
		const port = Number(new URL(stage.url).port);
		const client = await stage.client("uploader");
		const slot_for = async (size: number): Promise<{ put: string; get: string; headers: Record<string, string> } | undefined> => {
			const query = st
				.iq({ type: "get", id: `slot-${size}`, to: "localhost" })
				.tag("request", { xmlns, filename: "bytes.bin", size: String(size), "content-type": "application/octet-stream" })
				.reset();
			const slot = (await ask(client, query)).get_child("slot", xmlns);
			const put = slot?.get_child("put");
			if (!slot || !put) return undefined;
			const headers = put.tags.map((header): [string, string] => [header.attr["name"] ?? "", header.get_text() ?? ""]);
			return { put: put.attr["url"] ?? "", get: slot.get_child("get")?.attr["url"] ?? "", headers: Object.fromEntries(headers) };
		};
		const slot = await slot_for(content.length);
		if (!slot) throw new Error("no slot");
		const type = { "content-type": "application/octet-stream" };
		const length = { "content-length": String(content.length) };

		const forged = { Authorization: "Bearer forged" };
		const refused = http_to(port, slot.put, "PUT", { ...forged, ...type, ...length }, content).then(({ status }) => status);
		// whoever goes on sending may find the connection closed before he reads why
		expect([401, "reset"]).toContain(await refused.catch(() => "reset"));
		const stored = await http_to(port, slot.put, "PUT", { ...slot.headers, ...type, ...length }, content);
		expect(stored.status).toBe(201);
		const got = await http_to(port, slot.get, "GET");
		expect([got.status, got.headers["content-type"], got.body.equals(content)]).toEqual([200, "application/octet-stream", true]);
		const head = await http_to(port, slot.get, "HEAD");
		expect([head.status, head.body.length]).toEqual([200, 0]);
		expect((await http_to(port, slot.get.replace(/[^/]+\/bytes/, "other/bytes"), "GET")).status).toBe(404);
		expect(await slot_for(1_000_000_000)).toBeUndefined();
	});
});
