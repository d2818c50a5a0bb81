// Prosody's own mod_proxy65 on both servers: a file goes from one client to another through it (XEP-0065).

import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { free_port } from "../../../tools/reference.ts";
import { ask, eventually } from "../../helper.ts";
import { missing, on_both, without_prosody } from "./community.ts";

const no_prosody = without_prosody();
const bytestreams = "http://jabber.org/protocol/bytestreams";

/**
 * Prosody may keep the last bytes to itself until more come: it waits for the socket, and they are in LuaSocket's buffer already. More
 * than that buffer holds.
 */
const held_back = 16_384;

/** One end of a stream through the proxy. */
class End {
	heard = Buffer.alloc(0);
	ended = false;

	private constructor(private readonly socket: Socket) {
		socket.on("data", (chunk) => {
			this.heard = Buffer.concat([this.heard, chunk]);
		});
		socket.on("error", () => {});
		socket.on("close", () => {
			this.ended = true;
		});
	}

	/** Connects, and names the stream by SOCKS5. */
	static async open(port: number, name: string): Promise<End> {
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		const end = new End(socket);
		socket.write(Buffer.from([5, 1, 0]));
		await eventually(() => expect(end.take(2)).toEqual(Buffer.from([5, 0])));
		socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, 40]), Buffer.from(name), Buffer.from([0, 0])]));
		await eventually(() => expect(end.take(47).subarray(0, 2)).toEqual(Buffer.from([5, 0])));
		return end;
	}

	/** So many bytes, once they are there; all stay where they are not. */
	take(count: number): Buffer {
		if (this.heard.length < count) return Buffer.alloc(0);
		const taken = this.heard.subarray(0, count);
		this.heard = this.heard.subarray(count);
		return taken;
	}

	write(data: Buffer): void {
		this.socket.write(data);
	}

	close(): void {
		this.socket.end();
	}
}

describe.skipIf(missing("proxy65"))("mod_proxy65", () => {
	it("passes on what one client sends to another", async () => {
		const file = Buffer.alloc(3_000_000, "0123456789");
		const outcomes: string[][] = [];
		await on_both(
			{
				options: `proxy65_ports = { ${await free_port()} }\nproxy65_interfaces = { "127.0.0.1" }`,
				hosts: 'Component "proxy.localhost" "proxy65"',
			},
			no_prosody,
			async (stage) => {
				const [romeo, juliet] = [await stage.client("romeo", "here"), await stage.client("juliet", "there")];
				const question = st.iq({ type: "get", id: "q", to: "proxy.localhost" }).query(bytestreams).reset();
				const host = (await ask(romeo, question)).get_child("query", bytestreams)?.get_child("streamhost")?.attr ?? {};
				const name = createHash("sha1").update("s1romeo@localhost/herejuliet@localhost/there").digest("hex");
				const port = Number(host["port"]);
				const target = await End.open(port, name);
				const initiator = await End.open(port, name);
				const activation = (sid: string): st.Stanza =>
					st
						.iq({ type: "set", id: sid, to: "proxy.localhost" })
						.tag("query", { xmlns: bytestreams, sid })
						.text_tag("activate", "juliet@localhost/there")
						.reset();
				const refused = await ask(romeo, activation("unknown"));
				const activated = await ask(romeo, activation("s1"));
				initiator.write(file);
				initiator.write(Buffer.alloc(held_back));
				await eventually(() => expect(target.heard.length).toBeGreaterThanOrEqual(file.length));
				const is_whole = target.heard.subarray(0, file.length).equals(file);
				target.write(Buffer.from("thanks"));
				await eventually(() => expect(initiator.heard.toString()).toBe("thanks"));
				initiator.close();
				await eventually(() => expect(target.ended).toBe(true));
				outcomes.push([host["jid"] ?? "", refused.attr["type"] ?? "", activated.attr["type"] ?? "", String(is_whole)]);
				await Promise.all([romeo.disconnect(), juliet.disconnect()]);
				return outcomes.length;
			},
		);
		expect(outcomes[0]).toEqual(outcomes.at(-1));
		expect(outcomes[0]).toEqual(["proxy.localhost", "error", "result", "true"]);
	});
});
