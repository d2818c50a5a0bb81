// Registers an account before logging in (XEP-0077), for specs.

import { once } from "node:events";
import { connect } from "node:net";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { stream_header } from "../../../host/util/xmppstream.ts";
import { patience } from "../../helper.ts";

/** Asks for an account on localhost; gives the answer. Throws where none comes. */
export async function register(port: number, username: string): Promise<{ type: string; condition: string }> {
	const socket = connect(port, "127.0.0.1");
	socket.setEncoding("utf8").setTimeout(patience, () => socket.destroy());
	await once(socket, "connect");
	const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
		let text = "";
		for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
			text += String(chunk);
			const found = pattern.exec(text);
			if (found) return found;
		}
		throw new Error(`never said ${pattern}: ${text}`);
	};
	socket.write(stream_header({ xmlns: ns.client, to: "localhost", version: "1.0" }));
	await until(/<\/stream:features>/);
	const wish = st.iq({ type: "set", id: "r" }).query(ns.register);
	socket.write(String(wish.text_tag("username", username).text_tag("password", "password").reset()));
	const [answer] = await until(/<iq [^>]*(?:\/>|>.*?<\/iq>)/s);
	socket.destroy();
	const [, type = ""] = /^<iq [^>]*\btype=['"](\w+)['"]/.exec(answer) ?? [];
	const [, condition = ""] = /<error[^>]*><([\w-]+)/.exec(answer) ?? [];
	return { type, condition };
}
