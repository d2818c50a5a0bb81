import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RosterItem, RosterManager } from "../../../host/core/types.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { run_lua, why_not } from "../prosody_lua.ts";

const no_prosody = why_not("util.stanza", "util.cache");
const contact = "juliet@example.org";

/** How one contact stands in a roster: subscription, what is asked for, approved beforehand, a request that waits. */
interface State {
	readonly subscription: RosterItem["subscription"] | "no contact";
	readonly ask: boolean;
	readonly approved: boolean;
	readonly pending: boolean;
}

const yes_no = [false, true];
const states: State[] = (["no contact", "none", "to", "from", "both"] as const).flatMap((subscription) =>
	yes_no.flatMap((ask) => yes_no.flatMap((approved) => yes_no.map((pending) => ({ subscription, ask, approved, pending })))),
);
/** Those of RFC 6121 §A.1: nobody asks for what there is already. Where there is no contact, nothing can be said of it. */
const is_possible = ({ subscription, ask, approved, pending }: State): boolean => {
	if (subscription === "no contact") return !(ask || approved);
	if (ask && (subscription === "to" || subscription === "both")) return false;
	return !(pending && (subscription === "from" || subscription === "both"));
};
const possible = states.filter(is_possible);

const operations = [
	"set_contact_pending_in",
	"set_contact_pending_out",
	"unsubscribe",
	"subscribed",
	"unsubscribed",
	"process_inbound_subscription_approval",
	"process_inbound_subscription_cancellation",
	"process_inbound_unsubscribe",
	"is_contact_subscribed",
	"is_user_subscribed",
	"is_contact_pending_in",
	"is_contact_preapproved",
] as const;

const described = ({ subscription, ask, approved, pending }: State): string =>
	[subscription, ask && "asked", approved && "approved", pending && "waits"].filter((word) => word !== false).join(", ");

let server: TestServer;
let rosters: RosterManager;

beforeAll(async () => {
	server = await start_test_server();
	rosters = server.server.rostermanager;
});
afterAll(() => server.stop());

/** Puts an account's roster into a state, in storage. */
function put(user: string, { subscription, ask, approved, pending }: State): void {
	const roster = rosters.load_roster(user, "localhost");
	if (pending) roster.pending.set(contact, true);
	if (subscription !== "no contact") {
		const item: RosterItem = { subscription, groups: new Set() };
		if (ask) item.ask = "subscribe";
		if (approved) item.approved = true;
		roster.items.set(contact, item);
	}
	expect(rosters.save_roster(user, "localhost", roster)).toBe(true);
}

/** The state that an account's roster is in, as stored. */
function state_of(user: string): string {
	const { items, pending } = rosters.load_roster(user, "localhost");
	const item = items.get(contact);
	return described({
		subscription: item?.subscription ?? "no contact",
		ask: item?.ask !== undefined,
		approved: item?.approved ?? false,
		pending: pending.has(contact),
	});
}

/** What an operation answers and leaves behind in each state. */
function ours(operation: (typeof operations)[number]): string[] {
	return possible.map((state, index) => {
		const user = `${operation}-${index}`;
		put(user, state);
		const answer = rosters[operation](user, "localhost", contact, true);
		const success = typeof answer === "object" ? answer.success : answer;
		return `${described(state)} → ${state_of(user)}: ${success}`;
	});
}

/** The same of a real Prosody's rostermanager, whose storage is a table here. */
const theirs = `
local db = {}
prosody = { bare_sessions = {}, hosts = { localhost = { sessions = {}, events = { fire_event = function() end } } } }
package.loaded["core.usermanager"] = { user_exists = function() return true end }
local methods = {
	remove = {},
	get = function(_, user) return db[user] end,
	set = function(_, user, data) db[user] = data; return true end,
}
methods.set_keys = function(_, user, keys)
	db[user] = db[user] or {}
	for key, value in pairs(keys) do if value == methods.remove then value = nil end; db[user][key] = value end
	return true
end
package.loaded["core.storagemanager"] = { open = function() return methods end }
local rosters = require "core.rostermanager"
local contact = "${contact}"
local function described(item, pending)
	local words = { item and item.subscription or "no contact" }
	if item and item.ask then table.insert(words, "asked") end
	if item and item.approved then table.insert(words, "approved") end
	if pending then table.insert(words, "waits") end
	return table.concat(words, ", ")
end
for _, operation in ipairs { ${operations.map((name) => `"${name}"`).join()} } do
	local number = 0
	for _, subscription in ipairs { false, "none", "to", "from", "both" } do
		for _, ask in ipairs { false, "subscribe" } do
			for _, approved in ipairs { false, "true" } do
				for _, pending in ipairs { false, true } do
					local is_possible = subscription or not (ask or approved)
					if ask and (subscription == "to" or subscription == "both") then is_possible = false end
					if pending and (subscription == "from" or subscription == "both") then is_possible = false end
					if is_possible then
						number = number + 1
						local user = operation .. number
						local item = subscription and { subscription = subscription, ask = ask or nil, approved = approved or nil, groups = {} } or nil
						db[user] = { [false] = { version = 1, pending = { [contact] = pending or nil } }, [contact] = item }
						local before = described(item, pending)
						local answer = rosters[operation](user, "localhost", contact, true)
						local roster = db[user]
						print(operation, before .. " → " .. described(roster[contact], roster[false].pending[contact]) .. ": " .. tostring(not not answer))
					end
				end
			end
		end
	end
end`;

describe.skipIf(no_prosody !== undefined)("the states of a contact", () => {
	let lines: string[] = [];
	beforeAll(() => {
		lines = run_lua(theirs).trimEnd().split("\n");
	});

	it.each(operations)("change by %s as Prosody's do", (operation) => {
		const expected = lines.filter((line) => line.startsWith(`${operation}\t`)).map((line) => line.slice(operation.length + 1));
		expect(expected).toHaveLength(possible.length);
		expect(ours(operation)).toEqual(expected);
	});
});

describe("states that cannot be, such as of a file that somebody has edited", () => {
	it.each([
		["subscribed", "from", { pending: true, ask: false }],
		["process_inbound_subscription_approval", "to", { pending: false, ask: true }],
	] as const)("give nobody by %s what was not asked for, where Prosody does", (operation, subscription, rest) => {
		put(operation, { subscription, approved: false, ...rest });
		rosters[operation](operation, "localhost", contact);
		expect(state_of(operation)).toBe(subscription);
	});
});

describe("a roster", () => {
	it("that could not be read is never written over", () => {
		const store = server.server.open_store("localhost", "roster", "keyval");
		if (!store.ok) throw new Error(store.error.text);
		const roster = rosters.load_roster("unreadable", "localhost");
		expect(roster.broken).toBe(false);
		roster.broken = true;
		expect(rosters.save_roster("unreadable", "localhost", roster)).toBe(false);
		expect(store.value.get("unreadable")).toEqual({ ok: true, value: undefined });
	});

	it("has no entry for its owner, and those of the requests as Prosody once kept them", () => {
		const store = server.server.open_store("localhost", "roster", "keyval");
		if (!store.ok) throw new Error(store.error.text);
		const item = (subscription: string) => ({ subscription, groups: { Family: true } });
		store.value.set("romeo", {
			"romeo@localhost": item("both"),
			"nurse@localhost": { ...item("to"), name: "Nurse", ask: "subscribe" },
			pending: { "paris@localhost": true },
		});
		const roster = rosters.load_roster("romeo", "localhost");
		expect([...roster.items.keys()]).toEqual(["nurse@localhost"]);
		expect(roster.items.get("nurse@localhost")).toEqual({
			subscription: "to",
			name: "Nurse",
			ask: "subscribe",
			groups: new Set(["Family"]),
		});
		expect([...roster.pending.keys()]).toEqual(["paris@localhost"]);
	});

	it("is the same for all while its owner is online, and pushed to those who asked for it", async () => {
		const client = await server.client("mercutio");
		const first = rosters.load_roster("mercutio", "localhost");
		expect(rosters.load_roster("mercutio", "localhost")).toBe(first);
		expect(rosters.load_roster("somebody-else", "localhost")).not.toBe(rosters.load_roster("somebody-else", "localhost"));
		const session = [...(server.server.hosts.get("localhost")?.sessions.get("mercutio")?.sessions.values() ?? [])][0];
		rosters.set_contact_pending_out("mercutio", "localhost", contact);
		rosters.roster_push("mercutio", "localhost", contact);
		if (session === undefined) throw new Error("expected a session");
		session.interested = true;
		rosters.subscribed("mercutio", "localhost", contact);
		rosters.roster_push("mercutio", "localhost", contact);
		server.server.turn.end();
		const push = await client.take((stanza) => stanza.name === "iq", 5_000);
		expect(push?.get_child("query", "jabber:iq:roster")?.attr["ver"]).toBe(String(first.version));
		expect(push?.get_child("query", "jabber:iq:roster")?.get_child("item")?.attr).toMatchObject({
			jid: contact,
			ask: "subscribe",
		});
		expect(client.queue).toEqual([]);
		rosters.roster_push("mercutio", "localhost", "nobody@example.org");
		server.server.turn.end();
		const removed = await client.take((stanza) => stanza.name === "iq", 5_000);
		expect(removed?.get_child("query", "jabber:iq:roster")?.get_child("item")?.attr["subscription"]).toBe("remove");
	});
});
