// Clients hear under their password's protection what they were offered (XEP-0474).

import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { create_sasl_client } from "../../../host/util/sasl_client.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { RawStream } from "../raw_stream.ts";

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** What an answer of the server carries. */
function carried(answer: string | undefined, name: string): Buffer {
	const text = new RegExp(`<${name} [^>]*>([^<]*)</${name}>`).exec(answer ?? "")?.[1];
	if (text === undefined) throw new Error(`no ${name}: ${answer}`);
	return Buffer.from(text, "base64");
}

describe("mod_sasl_ssdp", () => {
	it("hashes the mechanisms in their order into the challenge, with which a client can log in", async () => {
		running = await start_test_server({
			config: {
				localhost: { modules_enabled: ["sasl_ssdp"], authentication: "internal_plain" },
			},
		});
		running.server.usermanager.create_user("ada", "localhost", "secret");
		const stream = new RawStream(running.port);
		stream.write(
			`<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
		);
		const features = (await stream.take(/<\/stream:features>/)) ?? "";
		// SASL2 offers the same as SASL
		const offered = new Set([...features.matchAll(/<mechanism>([^<]*)<\/mechanism>/g)].map(([, name]) => name ?? ""));
		expect(offered.size).toBeGreaterThan(1);
		const sasl = create_sasl_client({ username: "ada", password: "secret" }, ["SCRAM-SHA-1"], { allow_plain: false });
		if (!sasl.ok) throw new Error(sasl.error);
		stream.write(`<auth xmlns='${ns.sasl}' mechanism='SCRAM-SHA-1'>${base64(sasl.value.first().toString())}</auth>`);
		const challenge = carried(await stream.take(/<\/challenge>|<failure/), "challenge");
		const hash = createHash("sha1")
			.update([...offered].sort().join("\u001e"))
			.digest("base64");
		expect(challenge.toString().split(",h=")[1]).toBe(hash);
		const response = sasl.value.challenge(challenge);
		if (!response.ok) throw new Error(response.error);
		stream.write(`<response xmlns='${ns.sasl}'>${response.value.toString("base64")}</response>`);
		const proven = sasl.value.success(carried(await stream.take(/<\/success>|<failure/), "success"));
		expect(proven.ok).toBe(true);
		stream.close();
	});
});
