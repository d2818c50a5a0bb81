import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { presence } from "../../../host/util/stanza.ts";
import { expect_stanza } from "../../helper.ts";
import { play_on, type Stage, start_ours, start_prosody, type Troupe, without_prosody } from "./community.ts";

// Room plugins of https://github.com/jitsi-contrib/prosody-plugins, which are not ours to bring along: JITSI_PLUGINS names a
// folder that holds them. spec/lua/mod_meeting.lua uses what they use, for all who do not have them.

const plugins = process.env["JITSI_PLUGINS"];
const is_there = plugins !== undefined && existsSync(join(plugins, "frozen_nick/mod_frozen_nick.lua"));
if (!is_there) {
	console.warn("JITSI_PLUGINS names no folder with the plugins of jitsi-contrib: they are not tried here");
}
const no_prosody = without_prosody();

const folders = [plugins ?? "", join(import.meta.dirname, "jitsi")];
const accounts = ["stagehand"];
const open = "muc_room_locking = false";

const plays: readonly { name: string; troupe: Troupe }[] = [
	{ name: "frozen_nick", troupe: { accounts: ["stagehand", "frozen_nick"], options: open } },
	{ name: "time_restricted", troupe: { rooms: ["time_restricted"], options: `${open}\nconference_max_minutes = 0.005` } },
	{ name: "token_affiliation_legacy", troupe: { accounts, rooms: ["token_affiliation_legacy"], options: open } },
	{
		name: "token_owner_party",
		troupe: {
			accounts,
			rooms: ["token_affiliation_legacy", "token_owner_party"],
			options: `${open}\nparty_check_timeout = 0.1`,
		},
	},
	{ name: "owner_restricted", troupe: { rooms: ["owner_restricted"], options: `${open}\nrole_timeout = 0.1` } },
	{
		name: "per_room_max_occupants",
		troupe: {
			accounts,
			rooms: ["per_room_max_occupants"],
			options: `${open}\nmax_occupants_for_rooms = { small = 2 }\nmax_occupants_for_subdomains = { guild = 5 }`,
		},
	},
];

describe.skipIf(!is_there).each(plays)("jitsi-contrib's mod_$name", ({ name, troupe }) => {
	const script = join(import.meta.dirname, "jitsi", `${name}.scs`);

	it("does on this server", async () => {
		expect(await play_on(start_ours, script, { ...troupe, folders })).toBe("");
	});

	it.skipIf(no_prosody)("what it does on a real Prosody", async () => {
		expect(await play_on(start_prosody, script, { ...troupe, folders })).toBe("");
	});
});

/**
 * What a service on the web was told, without what differs from run to run.
 * @param failures how many calls it fails to take
 * @param wanted how many it waits for then
 */
async function with_service<Value>(
	run: (url: string, told: () => Promise<string[]>) => Promise<Value>,
	failures: number,
	wanted: number,
): Promise<Value> {
	const calls: string[] = [];
	let left = failures;
	let waiting: (() => void) | undefined;
	const server = createServer((request, response) => {
		let body = "";
		request.setEncoding("utf8").on("data", (text: string) => (body += text));
		request.on("end", () => {
			response.statusCode = left-- > 0 ? 503 : 200;
			response.end();
			const { method, url, headers } = request;
			const said = JSON.stringify(JSON.parse(body), (key, value: unknown) => (key.endsWith("_at") ? "TIME" : value));
			const parts = Object.entries(JSON.parse(said) as { [name: string]: unknown }).sort(([a], [b]) => a.localeCompare(b));
			const listed = parts.map(([name, value]) => `${name}=${JSON.stringify(sorted(value))}`);
			calls.push([`${response.statusCode} ${method} ${url} ${headers["content-type"]} ${headers["x-key"]}`, ...listed].join(" "));
			waiting?.();
		});
	});
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	const { port } = server.address() as AddressInfo;
	try {
		return await run(`http://127.0.0.1:${port}/api`, async () => {
			while (calls.filter((call) => call.startsWith("200")).length < wanted) {
				await new Promise<void>((more) => (waiting = more));
			}
			return [...calls].sort();
		});
	} finally {
		server.closeAllConnections();
		await new Promise((closed) => server.close(closed));
	}
}

/** Values with the names in them in order, as tables of Lua have none. */
function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => a.localeCompare(b))
			.map(([name, item]) => [name, sorted(item)]),
	);
}

describe.skipIf(!is_there)("jitsi-contrib's mod_event_sync_component", () => {
	async function meet(stage: Stage): Promise<void> {
		const focus = await stage.client("focus", "a");
		const mira = await stage.client("mira", "b");
		const enter = (nick: string) =>
			presence({ to: `${nick}` })
				.tag("x", { xmlns: "http://jabber.org/protocol/muc" })
				.reset();
		for (const [client, nick] of [
			[focus, "Focus"],
			[mira, "Mira"],
		] as const) {
			client.send(enter(`harvest@conference.localhost/${nick}`));
			await expect_stanza(client, ({ attr }) => attr["from"] === `harvest@conference.localhost/${nick}`);
		}
		for (const client of [mira, focus]) {
			client.send(presence({ to: "harvest@conference.localhost/x", type: "unavailable" }));
			await client.settle(true);
		}
	}

	it("tells a service of rooms and those in them, again where it fails", async () => {
		const told = (start: typeof start_ours | typeof start_prosody): Promise<string[]> =>
			with_service(
				async (url, calls) => {
					const stage = await start({
						folders,
						options: "muc_room_locking = false",
						hosts: `Component "events.localhost" "event_sync_component"
	muc_mapper_domain_base = "localhost"
	muc_component = "conference.localhost"
	breakout_component = "breakout.localhost"
	api_prefix = "${url}"
	api_headers = { ["X-Key"] = "secret" }
	api_retry_delay = 0.02`,
					});
					try {
						await meet(stage);
						return await calls();
					} finally {
						await stage.stop();
					}
				},
				1,
				4,
			);
		const ours = await told(start_ours);
		expect(ours.filter((call) => call.startsWith("503"))).toHaveLength(1);
		const joined = ours.find((call) => call.includes("muc-occupant-joined"));
		expect(joined).toContain("POST /api/events/occupant/joined application/json secret active_occupants_count=1");
		expect(joined).toContain('"occupant_jid":"mira@localhost/b"');
		if (!no_prosody) expect(ours).toEqual(await told(start_prosody));
	});
});
