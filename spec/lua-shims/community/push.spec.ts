// Modules that wake clients by a service elsewhere: the same conversations here and on a real Prosody.

import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { missing, missing_here, type Stage, without_prosody_13 } from "./community.ts";
import { canonical, chat, compare, hear, heard } from "./talk.ts";

const no_prosody_13 = without_prosody_13();
const push = "urn:xmpp:push:0";

/** Asks a client's own account to be woken by push@localhost/app, or no longer. */
function wish(verb: "enable" | "disable", id: string, attributes: st.Attributes): st.Stanza {
	return st.iq({ type: "set", id }).tag(verb, { xmlns: push, ...attributes });
}

const at = { jid: "push@localhost/app", node: "n1" };

/** Answers a notification, and gives it as text. */
async function notified(stage: Stage, service: Client, answer: "result" | "error" = "result"): Promise<string> {
	const notification = await hear(stage, service, ({ name, attr }) => name === "iq" && attr["type"] === "set");
	service.send(answer === "result" ? st.reply(notification) : st.error_reply(notification, "cancel", "item-not-found").reset());
	return canonical(notification);
}

describe.skipIf(missing("cloud_notify")).each([
	["in TypeScript", []],
	["in Lua", ["cloud_notify"]],
])("mod_cloud_notify %s", (_, prefer_lua) => {
	const troupe = {
		accounts: ["presence", "message", "iq", "offline", "cloud_notify"],
		prefer_lua,
		options: "push_notification_with_body = true\npush_notification_with_sender = true\npush_max_errors = 2",
	};

	it("tells a service of what waits for somebody, until the service has refused too often", async () => {
		const all = await compare(troupe, async (stage) => {
			const [service, tomas] = [await stage.client("push", "app"), await stage.client("tomas", "b")];
			const mira = await stage.client("mira", "a");
			mira.send(st.presence());
			mira.send(st.iq({ type: "get", id: "d1" }).query("http://jabber.org/protocol/disco#info").reset());
			mira.send(wish("enable", "e1", {}).reset());
			mira.send(wish("enable", "e2", { jid: "mira@localhost/a" }).reset());
			const options = wish("enable", "e3", at).tag("x", { xmlns: "jabber:x:data", type: "submit" });
			options.tag("field", { var: "FORM_TYPE" }).text_tag("value", "http://jabber.org/protocol/pubsub#publish-options").up();
			mira.send(options.tag("field", { var: "secret" }).text_tag("value", "s3cret").reset());
			const told = [await heard(mira)];
			await mira.disconnect();
			tomas.send(chat("mira@localhost", "m1", "are you there?"));
			told.push([await notified(stage, service)]);
			for (const id of ["m2", "m3"]) {
				tomas.send(chat("mira@localhost", id, id));
				told.push([await notified(stage, service, "error")]);
			}
			// the errors have arrived once their sender is answered
			await heard(service);
			tomas.send(chat("mira@localhost", "m4", "anybody?"));
			await heard(tomas);
			told.push(await heard(service));
			const again = await stage.client("mira", "c");
			again.send(st.presence());
			again.send(wish("disable", "x1", {}).reset());
			again.send(wish("disable", "x2", { jid: at.jid }).reset());
			told.push(await heard(again));
			return told;
		});
		expect(JSON.stringify(all)).toContain("s3cret");
		expect(JSON.stringify(all)).toContain("are you there?");
	});
});

describe.skipIf(missing_here("cloud_notify_extensions")).each([
	["TypeScript", []],
	["Lua", ["cloud_notify"]],
])("mod_cloud_notify_extensions on mod_cloud_notify in %s", (_, prefer_lua) => {
	const xmlns = "tigase:push:encrypt:0";
	const key = randomBytes(16);

	/** What is said in a notification that only the client can read. */
	function read(notification: st.Stanza): unknown {
		// pubsub, publish, item, notification
		const shown = notification.first_tag?.first_tag?.first_tag?.first_tag;
		const encrypted = shown?.get_child("encrypted", xmlns);
		const [iv, bytes] = [encrypted?.attr["iv"] ?? "", encrypted?.get_text() ?? ""].map((text) => Buffer.from(text, "base64"));
		if (iv === undefined || bytes === undefined || iv.length === 0) return canonical(notification);
		// the module leaves the tag out
		const text = createDecipheriv("aes-128-gcm", key, iv).update(bytes.subarray(0, -16)).toString();
		return Object.entries(Object(JSON.parse(text))).sort();
	}

	it("tells a service nothing that it could read, and not of everything", async () => {
		const accounts = ["presence", "message", "iq", "offline", "cloud_notify", "cloud_notify_extensions"];
		const troupe = { accounts, prefer_lua };
		const all = await compare(
			troupe,
			async (stage) => {
				const [service, tomas] = [await stage.client("push", "app"), await stage.client("tomas", "b")];
				const [mira, stranger] = [await stage.client("mira", "a"), await stage.client("stranger", "c")];
				mira.send(st.presence());
				mira.send(st.iq({ type: "get", id: "d1", to: "mira@localhost" }).query("http://jabber.org/protocol/disco#info").reset());
				mira.send(wish("enable", "e1", at).text_tag("encrypt", "?", { xmlns, alg: "rot13" }).reset());
				mira.send(wish("enable", "e2", at).text_tag("encrypt", "c2hvcnQ=", { xmlns, alg: "aes-128-gcm" }).reset());
				const enable = wish("enable", "e3", at).text_tag("encrypt", key.toString("base64"), { xmlns, alg: "aes-128-gcm" });
				enable.tag("muted", { xmlns: "tigase:push:filter:muted:0" }).tag("item", { jid: "stranger@localhost" });
				mira.send(enable.reset());
				const told: unknown[] = [await heard(mira)];
				await mira.disconnect();
				stranger.send(chat("mira@localhost", "m1", "buy this"));
				await heard(stranger);
				for (const stanza of [
					chat("mira@localhost", "m2", "are you there?"),
					st
						.message({ to: "mira@localhost", type: "chat", id: "m3" })
						.tag("propose", { xmlns: "urn:xmpp:jingle-message:0", id: "call" })
						.tag("description", { xmlns: "urn:xmpp:jingle:apps:rtp:1", media: "audio" })
						.reset()
						.body("call me"),
				]) {
					tomas.send(stanza);
					const notification = await hear(stage, service, ({ name, attr }) => name === "iq" && attr["type"] === "set");
					service.send(st.reply(notification));
					told.push(read(notification));
				}
				return told;
			},
			no_prosody_13,
		);
		expect(JSON.stringify(all)).toContain("are you there?");
		expect(JSON.stringify(all)).toContain('"type","call"');
	});
});

describe.skipIf(missing_here("push2"))("mod_push2", () => {
	const xmlns = "urn:xmpp:push2:0";
	const own = createECDH("prime256v1");
	own.generateKeys();
	const secret = randomBytes(16);
	const url_safe = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

	/** Reads a notification (RFC 8291). */
	function read(payload: Buffer): string {
		const [salt, length] = [payload.subarray(0, 16), payload[20] ?? 0];
		const [other, sealed] = [payload.subarray(21, 21 + length), payload.subarray(21 + length)];
		const derive = (secret: Buffer, salt: Buffer, info: Buffer, size: number): Buffer =>
			Buffer.from(hkdfSync("sha256", secret, salt, info, size));
		const info = Buffer.concat([Buffer.from("WebPush: info\0"), own.getPublicKey(), other]);
		const common = derive(own.computeSecret(other), secret, info, 32);
		const key = derive(common, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16);
		const nonce = derive(common, salt, Buffer.from("Content-Encoding: nonce\0"), 12);
		const decipher = createDecipheriv("aes-128-gcm", key, nonce);
		decipher.setAuthTag(sealed.subarray(-16));
		const text = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString();
		return text.replace(/<rpad>[^<]*<\/rpad>/, "");
	}

	it("tells a service of what waits, in words that only the client can read", async () => {
		const troupe = { accounts: ["presence", "message", "iq", "offline", "push2"] };
		const all = await compare(
			troupe,
			async (stage) => {
				const [service, tomas] = [await stage.client("push", "app"), await stage.client("tomas", "b")];
				const mira = await stage.client("mira", "a");
				mira.send(st.presence());
				mira.send(st.iq({ type: "set", id: "e1" }).tag("enable", { xmlns }).reset());
				mira.send(st.iq({ type: "set", id: "e2" }).tag("enable", { xmlns }).text_tag("service", "push@localhost/app").reset());
				const enable = st.iq({ type: "set", id: "e3" }).tag("enable", { xmlns });
				enable.text_tag("service", "push@localhost/app").text_tag("client", "phone");
				enable
					.tag("match", { profile: "urn:xmpp:push2:match:important" })
					.tag("send", { xmlns: "urn:xmpp:push2:send:sce+rfc8291+rfc8292:0" })
					.text_tag("ua-public", url_safe(own.getPublicKey()))
					.text_tag("auth-secret", url_safe(secret));
				mira.send(enable.reset());
				const told: unknown[] = [await heard(mira)];
				await mira.disconnect();
				tomas.send(chat("mira@localhost", "m1", "are you there?"));
				const notification = await hear(stage, service, ({ name }) => name === "message");
				const shown = notification.get_child("notification", xmlns);
				const payload = shown?.get_child("encrypted", "urn:xmpp:sce:rfc8291:0")?.get_child_text("payload") ?? "";
				told.push([shown?.get_child_text("client"), shown?.get_child_text("priority"), read(Buffer.from(payload, "base64"))]);
				return told;
			},
			// Debian's luaossl cannot read the client's key
			true,
		);
		expect(JSON.stringify(all)).toContain("are you there?");
	});
});
