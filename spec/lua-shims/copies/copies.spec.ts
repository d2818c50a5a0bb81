import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { create_parquet, handler, type Parquet } from "./parquet.ts";

// Handlers in Lua on what goes to many: whether each of them is called for each copy, or need not be, nobody can tell.

let parquet: Parquet;
beforeAll(async () => {
	parquet = await create_parquet();
});
afterAll(() => parquet.stop());

const recipients = ["mercutio", "tybalt", "benvolio", "7"].flatMap((node) => [
	`${node}@localhost/crypt`,
	`${node}@localhost/balcony`,
]);

function said(body: string, attr: st.Attributes = {}): st.Stanza {
	return st
		.message({ from: "verona@conference.localhost/Romeo", type: "groupchat", id: "m1", ...attr }, body)
		.tag("x", { xmlns: "urn:example:x", kind: "plain" })
		.up();
}

/** What rules ask. */
const conditions = [
	// what all copies have
	'from == "verona@conference.localhost/Romeo"',
	'type == "groupchat"',
	'stanza.name == "presence"',
	'stanza:get_child(nil, "urn:example:x")',
	'stanza:get_child("x", "urn:example:x").attr.kind == "plain"',
	'(stanza:find("body#") or ""):match("q%a+th")',
	'(stanza:find("{urn:example:x}x@kind") or ""):find("plain", 1, true)',
	'stanza:get_child_text("body") == "quoth"',
	"#stanza.tags > 1",
	"os.time() > 0",
	'session.host == "conference.localhost"',
	"zone[from]",
	// the address, compared and looked up
	'to == "tybalt@localhost/crypt"',
	"to == from",
	"stanza.attr.to == nil",
	'bare_of(to) == "mercutio@localhost"',
	'(split(to)) == "benvolio"',
	'select(2, split(to)) == "localhost"',
	'select(3, split(to)) == "balcony"',
	"zone[to]",
	"zone[select(2, split(to))]",
	"zone[bare_of(to)]",
	"not zone[bare_of(to)]",
	"inherits[bare_of(to)]",
	"asks[to]",
	"tree[select(2, split(to))][(split(to))]",
	"(tree[select(2, split(to))][(split(to))] == 7)",
	"list:contains(bare_of(to))",
	'({ mercutio = 1, ["7"] = 2 })[(split(to))]',
	'to:find("balcony", 1, true)',
	'to:match("^(%a+)@") == "tybalt"',
	'to:sub(1, 3) == "ben"',
	'("<%s>"):format(to) == "<7@localhost/crypt>"',
	"tonumber((split(to))) == 7",
	'tostring(to) == "tybalt@localhost/balcony"',
	'rawequal(to, "mercutio@localhost/crypt")',
	"list == tree[(split(to))]",
	'zone[to] == "quoth"',
	// the address, in ways that nobody follows
	"#to > 20",
	'to < "c"',
	'(to .. "!") == "7@localhost/crypt!"',
	'tostring(stanza):find("tybalt", 1, true)',
	'stanza:find("@to") == "mercutio@localhost/balcony"',
	'stanza:top_tag():find("crypt", 1, true)',
	'rawget(stanza.attr, "to") == "tybalt@localhost/crypt"',
	'table.concat({ to, "" }) == "7@localhost/balcony"',
	'to:gsub("%a", "") ~= "@/"',
	'to:gmatch("%a+")() == "benvolio"',
	"(function () for name, value in pairs(stanza.attr) do if name == 'to' and value:find('crypt') then return true end end end)()",
	"pcall(function () return to .. '' end)",
	"(function () local text for part in to:gmatch('%a+') do text = part end return text == 'crypt' end)()",
	"coroutine.wrap(function () return (split(to)) == '7' end)()",
	// what handlers remember
	"counter.n % 3 == 1",
	"seen[to]",
	"last == 'tybalt'",
	"#said > 2",
] as const;

/** What they do. */
const actions = [
	"do return end",
	"do return true end",
	"do return false end",
	"counter.n = counter.n + 1",
	"seen[to] = true",
	"seen.somebody = 1",
	"last = split(to)",
	"note(from)",
	"note(split(to))",
	'stanza:text_tag("seen", "yes"):up()',
	'stanza.attr.from = "nobody@localhost"',
	'stanza.attr.to = "tybalt@localhost/crypt"',
	'stanza:maptags(function (tag) if tag.name ~= "x" then return tag end end)',
	"local mine = {}; mine[1] = to; mine.name = from",
	'error("a plague")',
	"session.marks = (session.marks or 0) + 1",
	"tree.localhost.benvolio = to",
	"zone[bare_of(to)] = nil",
	'module:fire_event("state", event)',
	'do local answer = module:fire_event("chain", event); if answer ~= nil then return answer end end',
] as const;

const chain = `module:hook("chain", function (event)
	if event.stanza.attr.to == "7@localhost/crypt" then return true end
	if zone[event.stanza.attr.to] then counter.n = counter.n + 1 end
end)`;

const rule = fc
	.tuple(
		fc.constantFrom(...conditions),
		fc.constantFrom("", " and ", " or not "),
		fc.constantFrom(...conditions),
		fc.constantFrom(...actions),
	)
	.map(([first, joint, second, action]) => `if (${first})${joint === "" ? "" : `${joint}(${second})`} then ${action} end`);

describe("handlers in Lua of what goes to many", () => {
	it("do the same, whether they are called for each copy or not", () => {
		const handlers = fc.array(fc.array(rule, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 });
		const broadcasts = fc.array(
			fc.record({
				body: fc.constantFrom("quoth", "nevermore"),
				from: fc.constantFrom("verona@conference.localhost/Romeo", "tybalt@localhost"),
				type: fc.constantFrom("groupchat", "chat"),
				to: fc.shuffledSubarray([...recipients, "gone@localhost/x"], { minLength: 1 }),
			}),
			{ minLength: 1, maxLength: 3 },
		);
		const filters = fc.subarray(recipients, { maxLength: 2 });
		fc.assert(
			fc.property(handlers, broadcasts, filters, (rules, messages, looking) => {
				const code = [...rules.map((lines, index) => handler(lines.join("\n\t"), 10 - index)), chain].join("\n");
				const remembered = parquet.way(code, false, new Set(looking));
				const each = parquet.way(code, true, new Set(looking));
				for (const { body, from, type, to } of messages) {
					expect(remembered.broadcast(to, said(body, { from, type }))).toEqual(each.broadcast(to, said(body, { from, type })));
					expect(remembered.state()).toEqual(each.state());
				}
			}),
			{ numRuns: 400 },
		);
	}, 120_000);

	/** How often one handler is called for eight copies. */
	function calls(rules: string): number {
		const way = parquet.way(`${handler(rules)}\n${chain}`, false);
		way.broadcast(recipients, said("quoth"));
		return way.calls();
	}

	it.each([
		["who sent it", 'if from == "spam@example.com" then return true end'],
		["what it is", 'if stanza.name == "iq" or type == "headline" then return true end'],
		[
			"what is in it",
			'if stanza:get_child(nil, "urn:xmpp:attention:0") or (stanza:find("body#") or ""):match("buy") then return true end',
		],
		["the time", 'if os.date("*t").hour > 24 then return true end'],
		["the host of the recipient", 'local _, host = split(to); if host == "example.com" then return true end'],
		["the recipient, in a table", "if seen[to] or seen[bare_of(to)] then return true end"],
		["a list", "if list:contains(from) then return true end"],
		["nothing, and passes it on to others", 'if module:fire_event("nobody-hears", event) then return true end'],
	])("are called once where they look at %s", (_, rules) => {
		expect(calls(rules)).toBe(1);
	});

	it.each([
		["count", "counter.n = counter.n + 1"],
		["count in a variable", "last = (last or 0) + 1"],
		["write down who gets it", "seen[to] = true"],
		["write down who sent it", "note(from)"],
		["change the stanza", 'stanza:text_tag("seen", "yes"):up()'],
		["change its address", "stanza.attr.from = to"],
		["log", 'module:log("debug", "a message")'],
		["mark the sender", "session.marked = true"],
		["toss a coin", "if math.random() > 2 then return true end"],
		["answer", "return true"],
	])("are called for each copy where they %s", (_, rules) => {
		expect(calls(rules)).toBe(recipients.length);
	});

	it("are called again only for whom they do something else", () => {
		const way = parquet.way(handler('if to == "tybalt@localhost/crypt" then return true end'), false);
		const outcomes = way.broadcast(recipients, said("quoth"));
		expect(outcomes.map(([to]) => to)).toEqual(recipients.filter((to) => to !== "tybalt@localhost/crypt"));
		// the first, the one, and the one after it, since something may have happened meanwhile
		expect(way.calls()).toBe(3);
	});

	it("are called for each copy where something of the host's looks at each", () => {
		const way = parquet.way(handler('if from == "spam@example.com" then return true end'), true);
		way.broadcast(recipients, said("quoth"));
		expect(way.calls()).toBe(recipients.length);
	});

	it("need not be called for whoever looks at each stanza", () => {
		const way = parquet.way(handler('if from == "spam@example.com" then return true end'), false, new Set(recipients));
		expect(way.broadcast(recipients, said("quoth"))).toHaveLength(recipients.length);
		expect(way.calls()).toBe(1);
	});
});
