import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { eventually, expect_stanza } from "../../helper.ts";
import { features, RawClient, header as stream_header } from "../../host/raw_client.ts";
import { missing, missing_here, without_prosody_13 } from "./community.ts";
import { chat, compare, hear, heard } from "./talk.ts";
import { enter, room } from "./terrace.ts";

// Modules that others wrote, in conversations of two: all that both hear has to be the same here and on a real Prosody.

const no_prosody_13 = without_prosody_13();

describe.skipIf(missing_here("filter_words"))("mod_filter_words", () => {
	it("replaces words in what is said to one and to many", async () => {
		const troupe = {
			accounts: ["presence", "message", "filter_words"],
			options: 'filter_words = { bad = "good", worse = "better" }\nmuc_room_locking = false',
		};
		const all = await compare(troupe, async (stage) => {
			const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
			for (const [client, nick] of [
				[mira, "Mira"],
				[tomas, "Tomas"],
			] as const) {
				client.send(enter(nick));
				await expect_stanza(client, (stanza) => stanza.get_child("subject") !== undefined);
			}
			await heard(mira);
			await heard(tomas);
			mira.send(chat("tomas@localhost/b", "m1", "not bad, and worse than badly"));
			await mira.settle(true);
			tomas.send(st.message({ to: room, type: "groupchat", id: "m2" }, "bad"));
			return [await heard(tomas), await heard(mira)];
		});
		expect(JSON.stringify(all)).toContain("not good, and better than badly");
	});
});

describe.skipIf(missing_here("auto_accept_subscriptions"))("mod_auto_accept_subscriptions", () => {
	it("grants what is asked, and asks in return", async () => {
		const troupe = { accounts: ["presence", "message", "iq", "auto_accept_subscriptions"] };
		const all = await compare(troupe, async (stage) => {
			const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
			const roster = st.iq({ type: "get", id: "r1" }).query(ns.roster).reset();
			for (const client of [mira, tomas]) {
				client.send(roster);
				client.send(st.presence());
			}
			const first = [await heard(mira), await heard(tomas)];
			mira.send(st.presence({ type: "subscribe", to: "tomas@localhost" }));
			const asked = [await heard(mira), await heard(tomas)];
			for (const client of [mira, tomas]) client.send(st.iq({ type: "get", id: "r2" }).query(ns.roster).reset());
			tomas.send(st.presence({ type: "subscribe", to: "mira@localhost" }));
			return [first, asked, await heard(mira), await heard(tomas)].map((list) => list.flat().sort());
		});
		expect(JSON.stringify(all)).toContain("subscription=");
	});
});

describe.skipIf(missing_here("http_logging") || missing("pastebin"))("mod_http_logging with mod_pastebin", () => {
	it("shows long texts on the web, and notes who looked", async () => {
		const troupe = {
			rooms: ["pastebin"],
			options:
				'modules_enabled = { "disco", "roster", "saslauth", "ping", "http_logging" }\npastebin_threshold = 20\nmuc_room_locking = false\nhttp_host = "127.0.0.1"',
		};
		const all = await compare(troupe, async (stage) => {
			const mira = await stage.client("mira", "a");
			mira.send(enter("Mira"));
			await expect_stanza(mira, (stanza) => stanza.get_child("subject") !== undefined);
			mira.send(st.message({ to: room, type: "groupchat", id: "m1" }, "a text that is long enough to be shown elsewhere"));
			const said = await expect_stanza(mira, (stanza) => stanza.get_child("body") !== undefined);
			const path = /\/pastebin\/\S+/.exec(said.get_child_text("body") ?? "")?.[0] ?? "";
			const pages = [];
			for (const [method, where] of [
				["GET", path],
				["HEAD", path],
				["GET", "/pastebin/nothing"],
				["GET", "/nowhere"],
			] as const) {
				const page = await fetch(`${stage.url}${where}`, { method });
				pages.push([
					page.status,
					page.headers.get("content-type"),
					where === "/nowhere" || page.headers.get("content-length"),
					where === "/nowhere" ? "" : await page.text(),
				]);
			}
			const noted = await eventually(async () => {
				const log = await stage.log();
				const lines = [...log.matchAll(/127\.0\.0\.1 - - \[[^\]]+\] (.*)$/gm)];
				expect(lines).toHaveLength(pages.length);
				return lines.map(([, line]) => line?.replace(path, "/PASTE").replace(/ \d+$/, " …"));
			});
			return [pages, noted];
		});
		expect(JSON.stringify(all)).toContain("GET /PASTE HTTP/1.1");
	});
});

describe.skipIf(missing_here("groups_internal"))("mod_groups_internal", () => {
	it("makes contacts and members of whoever comes into a group", async () => {
		const troupe = {
			accounts: ["presence", "message", "iq", "groups_internal", "groups_stage"],
			options: 'groups_muc_host = "conference.localhost"\nmuc_room_locking = false\nstorage = "internal"',
		};
		const all = await compare(
			troupe,
			async (stage) => {
				const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
				for (const client of [mira, tomas]) {
					client.send(st.iq({ type: "get", id: "r1" }).query(ns.roster).reset());
					client.send(st.presence());
					await heard(client);
				}
				const answers: (string | undefined)[] = [];
				for (const act of [
					"create crew",
					"add crew mira",
					"add crew tomas",
					"chat crew Deck",
					"members crew",
					"remove crew tomas",
					"members crew",
				]) {
					mira.send(chat("localhost", "a1", act));
					const told = await hear(stage, mira, ({ attr, name }) => name === "message" && attr["from"] === "localhost");
					answers.push(told.get_child_text("body")?.replace(/[^ ]+@conference/g, "…@conference"));
				}
				for (const client of [mira, tomas]) client.send(st.iq({ type: "get", id: "r2" }).query(ns.roster).reset());
				const told = [await heard(mira), await heard(tomas)].map((list) =>
					// who of two is made the other's contact first is by chance in Prosody
					list
						.map((text) =>
							text.replace(/[\w-]+@conference/g, "…@conference").replace(/ subscription=(?:to|from) .*/s, " one way"),
						)
						.sort(),
				);
				return [answers, told];
			},
			no_prosody_13,
		);
		expect(JSON.stringify(all)).toContain("subscription=both");
	});
});

describe.skipIf(missing_here("rest"))("mod_rest", () => {
	it("sends stanzas, asks, and hears of what is refused", async () => {
		const troupe = {
			accounts: ["presence", "message", "iq", "rest"],
			options: 'http_host = "127.0.0.1"\nrest_iq_timeout = 1\nhttp_default_host = "localhost"',
		};
		const all = await compare(troupe, async (stage) => {
			const mira = await stage.client("mira", "a");
			mira.send(st.presence());
			await heard(mira);
			const answers: unknown[] = [];
			const authorization = `Basic ${Buffer.from("tomas:secret").toString("base64")}`;
			const call = async (
				method: string,
				path: string,
				body?: string,
				type = "application/json",
				headers = {},
			): Promise<void> => {
				const given = { authorization, "content-type": type, accept: "application/json", ...headers };
				const response = await fetch(`${stage.url}/rest${path}`, {
					method,
					headers: given,
					...(body === undefined ? {} : { body }),
				});
				const text = await response.text();
				let shown: unknown = text.replace(/"(instance_id|error)":"[^"]+"/g, '"$1":"…"');
				try {
					shown = JSON.parse(String(shown));
				} catch {}
				if (typeof shown === "object" && shown !== null && "disco" in shown) shown = Object.keys(shown).sort();
				if (typeof shown === "object" && shown !== null && "id" in shown) shown = { ...shown, id: "…" };
				answers.push([method, path, response.status, response.headers.get("content-type"), shown]);
			};
			await call("POST", "", '{"kind":"message","to":"mira@localhost/a","type":"chat","body":"from the web"}');
			await call("POST", "", "<message to='mira@localhost/a' type='chat'><body>as XML</body></message>", "application/xmpp+xml");
			await call("POST", "/message/chat/mira@localhost/a", "as text", "text/plain");
			await call("GET", "/ping/localhost");
			await call("GET", "/disco/conference.localhost");
			await call("GET", "/ping/nowhere@conference.localhost");
			await call("GET", "/ping/mira@localhost/gone");
			await call("POST", "", "{broken");
			await call("POST", "", "<message", "application/xmpp+xml");
			await call("POST", "", "x", "image/png");
			await call("GET", "/ping/localhost", undefined, "application/json", { authorization: "Basic xyz" });
			const asked = call("GET", "/ping/mira@localhost/a");
			const ping = await hear(stage, mira, ({ name }) => name === "iq");
			mira.send(st.error_reply(ping, "cancel", "feature-not-implemented", "No pings").reset());
			await asked;
			return [answers, await heard(mira)];
		});
		expect(JSON.stringify(all)).toContain("from the web");
	});
});

describe.skipIf(missing_here("sasl2_fast"))("mod_sasl2_fast", () => {
	it("lets in who shows a token that it was given", async () => {
		const troupe = {
			accounts: ["presence", "sasl2", "sasl2_fast"],
			options: "insecure_sasl_mechanisms = {}\nallow_unencrypted_plain_auth = true",
		};
		const all = await compare(
			troupe,
			async (stage) => {
				const said: string[] = [];
				const authenticate = async (authentication: string): Promise<string> => {
					const client = await RawClient.connect(stage.port);
					const header = await client.ask(stream_header("from='mira@localhost' to='localhost' version='1.0'"), features);
					said.push(/<fast .*<\/fast>/s.exec(header)?.[0].replaceAll('"', "'") ?? "no tokens");
					const before = client.said.length;
					client.send(authentication);
					await client.until(() => client.said.includes("</success>"));
					const answer = client.said.slice(before);
					said.push(
						answer
							.replaceAll('"', "'")
							.replace(/ (?:token|expiry)='[^']*'/g, "")
							.replace(/<stream:features>.*/s, ""),
					);
					client.destroy();
					return answer;
				};
				const agent = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Spec</software></user-agent>";
				const plain = Buffer.from("\0mira\0secret").toString("base64");
				const answer = await authenticate(
					`<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>${plain}</initial-response>${agent}` +
						"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>",
				);
				const token = /token=["']([^"']+)["']/.exec(answer)?.[1] ?? "";
				const with_token = (secret: string): string => {
					const hash = createHmac("sha256", secret).update("Initiator").digest();
					const response = Buffer.concat([Buffer.from("mira\0"), hash]).toString("base64");
					return (
						`<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>${response}</initial-response>` +
						`${agent}<fast xmlns='urn:xmpp:fast:0'/></authenticate>`
					);
				};
				const success = await authenticate(with_token(token));
				const proof = /<additional-data>([^<]*)</.exec(success)?.[1];
				said.push(String(proof === createHmac("sha256", token).update("Responder").digest("base64")));
				const raw = await RawClient.connect(stage.port);
				await raw.ask(stream_header("from='mira@localhost' to='localhost' version='1.0'"), features);
				said.push((await raw.ask(with_token("another"), "</failure>")).replaceAll('"', "'"));
				raw.destroy();
				return said.map((text) => text.replace(/<data>.*?<\/data>/g, "").replace(/<additional-data>[^<]*/, "<additional-data>…"));
			},
			no_prosody_13,
		);
		expect(JSON.stringify(all)).toContain('"true"');
	});
});
describe.skipIf(missing_here("prometheus"))("mod_prometheus", () => {
	it("shows measures of the server", async () => {
		const troupe = {
			accounts: ["presence"],
			options:
				'modules_enabled = { "disco", "roster", "saslauth", "ping", "prometheus" }\nstatistics = "internal"\nstatistics_interval = "manual"\nhttp_host = "127.0.0.1"',
		};
		const kinds = (await compare(troupe, async (stage) => {
			await stage.client("mira", "a");
			const page = await fetch(`${stage.url}/metrics`);
			const text = await page.text();
			const named = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
			return [
				page.status,
				page.status === 200 ? "" : await stage.log(),
				page.headers.get("content-type"),
				named.filter((name) => /mod_muc__room|mod_c2s__connections/.test(name)).sort(),
			];
		})) as unknown[];
		expect(kinds[0]).toBe(200);
	});
});

describe.skipIf(missing_here("http_oauth2"))("mod_http_oauth2", () => {
	it("registers clients, and tells what it can do", async () => {
		const troupe = {
			accounts: ["presence", "tokenauth", "http_oauth2"],
			options: [
				'http_host = "127.0.0.1"',
				'http_default_host = "localhost"',
				'http_external_url = "http://127.0.0.1/"',
				'oauth2_registration_key = "secret"',
				'allowed_oauth2_grant_types = { "authorization_code", "password", "implicit" }',
			].join("\n"),
		};
		const all = await compare(
			troupe,
			async (stage) => {
				const answers: unknown[] = [];
				const call = async (
					method: string,
					path: string,
					body?: unknown,
					headers: Record<string, string> = {},
				): Promise<unknown> => {
					const is_form = body instanceof URLSearchParams;
					const response = await fetch(`${stage.url}${path}`, {
						method,
						redirect: "manual",
						headers: { ...(body === undefined || is_form ? {} : { "content-type": "application/json" }), ...headers },
						...(body === undefined ? {} : { body: is_form ? body : JSON.stringify(body) }),
					});
					const text = await response.text();
					let shown: unknown = text.length > 400 ? text.length > 0 : text;
					try {
						shown = JSON.parse(text);
					} catch {}
					const scrubbed = JSON.stringify(shown)?.replace(
						/"(client_id|client_secret|client_id_issued_at|exp|iat|nonce|access_token|refresh_token|software_id|registration_access_token|expires_in)":("[^"]*"|\d+)/g,
						'"$1":"…"',
					);
					const sorted = scrubbed?.startsWith("{") ? Object.fromEntries(Object.entries(JSON.parse(scrubbed)).sort()) : scrubbed;
					// lists come in the order of Lua's tables, which is by chance
					for (const [name, value] of Object.entries(sorted !== undefined && typeof sorted === "object" ? sorted : {})) {
						if (Array.isArray(value)) Reflect.set(Object(sorted), name, [...value].sort());
					}
					answers.push([
						method,
						path.replace(/client_id=[^&]*/, "client_id=…"),
						response.status,
						response.headers.get("content-type"),
						sorted,
					]);
					return shown;
				};
				await call("GET", "/.well-known/oauth-authorization-server");
				const client = {
					client_name: "Spec",
					client_uri: "https://spec.example/",
					redirect_uris: ["https://spec.example/back"],
					grant_types: ["authorization_code", "password"],
					response_types: ["code"],
				};
				const registered = await call("POST", "/oauth2/register", client);
				await call("POST", "/oauth2/register", { ...client, redirect_uris: ["http://elsewhere.example/"] });
				await call("POST", "/oauth2/register", { client_name: 5 });
				const { client_id = "", client_secret = "" } = Object(registered) as { client_id?: string; client_secret?: string };
				const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
				await call(
					"POST",
					"/oauth2/token",
					new URLSearchParams({ grant_type: "password", username: "mira@localhost", password: "secret", scope: "xmpp" }),
					{ authorization },
				);
				await call("POST", "/oauth2/token", new URLSearchParams({ grant_type: "nonsense" }), { authorization });
				await call(
					"GET",
					`/oauth2/authorize?client_id=${encodeURIComponent(client_id)}&response_type=code&redirect_uri=https%3A%2F%2Fspec.example%2Fback&scope=xmpp`,
				);
				await call("GET", "/oauth2/authorize?client_id=wrong&response_type=code");
				await call("GET", "/oauth2/token");
				return answers;
			},
			no_prosody_13,
		);
		expect(JSON.stringify(all)).toContain("token_endpoint");
	});
});
