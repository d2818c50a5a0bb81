import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, encode_many, type Item, type ManyItem, many_body } from "../../../../host/core/cluster/items.ts";
import { ReadNames, RecipientsWriter } from "../../../../host/core/cluster/recipients.ts";
import * as st from "../../../../host/util/stanza.ts";

/** Text with everything that could be taken for a mark, and characters of two units. */
const text = fc.string({
	unit: fc.constantFrom("a", "1", ":", "<", ">", "=", ".", "+", "-", ",", ";", "!", "é", "𝄞", "\u0001", "{"),
});
const names = fc.constantFrom("x", "item", "body", "a1");

const tree: fc.Arbitrary<st.Stanza> = fc.letrec<{ stanza: st.Stanza }>((tie) => ({
	stanza: fc
		.record({
			name: names,
			attr: fc.dictionary(fc.constantFrom("to", "xml:lang", "urn:x\u0001name", "type"), text),
			children: fc.array(fc.oneof({ maxDepth: 3 }, text, tie("stanza")), { maxLength: 4 }),
		})
		.map(({ name, attr, children }) => {
			const stanza = new st.Stanza(name);
			stanza.attr = attr;
			for (const child of children) stanza.append_parsed(child);
			return stanza;
		}),
})).stanza;

/** A stanza as plain data: what has to be the same on the other node. */
function plain(stanza: st.Stanza): unknown {
	const children = stanza.children.map((child) => (child instanceof st.Stanza ? plain(child) : String(child)));
	return [stanza.name, { ...stanza.attrs }, children];
}

function plain_item(item: Item | undefined): unknown {
	return item !== undefined && "stanza" in item ? { ...item, stanza: plain(item.stanza) } : item;
}

const home = { node: "b", incarnation: 77 };
const client = fc.record({ jid: text, role: fc.option(text, { nil: undefined }), secure: fc.boolean(), home: fc.constant(home) });
const items: fc.Arbitrary<Exclude<Item, ManyItem>> = fc.oneof(
	fc.record({
		kind: fc.constant("post" as const),
		key: text,
		tries: fc.nat(9),
		sender: fc.oneof(
			fc.constant({}),
			client.map((one) => ({ client: one })),
		),
		stanza: tree,
	}),
	fc.record({ kind: fc.constant("answer" as const), jid: text, stanza: tree }),
	fc.record({ kind: fc.constant("bytes" as const), id: text, inward: fc.boolean(), text }),
	fc.record({ kind: fc.constant("want" as const), key: text }),
);

describe("what nodes send each other", () => {
	it("comes as it was", () => {
		fc.assert(
			fc.property(items, (item) => {
				expect(plain_item(decode(encode(item)))).toEqual(plain_item(item));
			}),
		);
	});

	it("comes as it was within something that is late", () => {
		const of = { node: "c", incarnation: 5 };
		const text = st.serialise_for_many(st.message({ from: "room@muc" }, "é"));
		const many: ManyItem = { kind: "many", name: "message", from: "room@muc", text, recipients: ["a@h/1", "b@h/2"] };
		expect(decode(encode({ kind: "late", of, number: 12, inner: many }))).toEqual({ kind: "late", of, number: 12, inner: many });
		fc.assert(
			fc.property(items, (inner) => {
				if (inner.kind !== "post" && inner.kind !== "answer") return;
				const late = decode(encode({ kind: "late", of, number: 12, inner }));
				expect(late?.kind === "late" && plain_item(late.inner)).toEqual(plain_item(inner));
			}),
		);
	});

	it("is never taken for something else where it is damaged, and ends nothing", () => {
		fc.assert(
			fc.property(items, fc.nat(), fc.nat(255), (item, place, byte) => {
				const bytes = Buffer.from(encode(item));
				bytes[place % bytes.length] = byte;
				decode(bytes, new ReadNames());
				expect(() => decode(bytes.subarray(0, place % bytes.length), new ReadNames())).not.toThrow();
			}),
		);
	});

	it("names recipients by numbers once they are known", () => {
		const people = fc
			.array(fc.nat(60), { maxLength: 30 })
			.map((numbers) => numbers.map((number) => `person${number}@localhost/é:;,!+`));
		fc.assert(
			fc.property(fc.array(people, { maxLength: 20 }), (broadcasts) => {
				const [writer, reader] = [new RecipientsWriter(1), new ReadNames()];
				const stanza = st.message({ from: "room@muc/Iñaki", to: "nobody", type: "groupchat" }, "<é>");
				const body = many_body(stanza.name, stanza.attr["from"] ?? "", st.serialise_for_many(stanza));
				for (const recipients of broadcasts) {
					const bytes = encode_many(body, recipients, writer);
					const item = decode(bytes, reader);
					// It may come back, too
					expect(decode(bytes, writer)).toEqual(item);
					expect(item).toEqual({
						kind: "many",
						name: "message",
						from: "room@muc/Iñaki",
						text: st.serialise_for_many(stanza),
						recipients,
					});
				}
			}),
		);
	});

	it("takes few bytes for a large room whose occupants stay", () => {
		const everybody = Array.from({ length: 1000 }, (_, index) => `person${index}@localhost/client`);
		const writer = new RecipientsWriter(1);
		writer.write(everybody);
		expect(writer.write(everybody)).toBe("1:0-999,;");
		expect(writer.write(everybody.filter((_, index) => index !== 7))).toBe("1:0-6,8-999,;");
	});

	it("forgets recipients after very many of them, on both sides", () => {
		const [writer, reader] = [new RecipientsWriter(1), new ReadNames()];
		const stanza = st.message({ from: "room@muc" });
		const body = many_body(stanza.name, stanza.attr["from"] ?? "", st.serialise_for_many(stanza));
		for (let block = 0; block < 5; block++) {
			const recipients = Array.from({ length: 20_000 }, (_, index) => `p${block}.${index}@h/r`);
			expect(decode(encode_many(body, recipients, writer), reader)).toMatchObject({ recipients });
			expect(decode(encode_many(body, recipients.slice(5, 9), writer), reader)).toMatchObject({
				recipients: recipients.slice(5, 9),
			});
		}
	});

	it("begins anew with recipients where this node has a new life", () => {
		const reader = new ReadNames();
		const stanza = st.message({ from: "room@muc" });
		const body = many_body(stanza.name, stanza.attr["from"] ?? "", st.serialise_for_many(stanza));
		decode(encode_many(body, ["a@h/1", "b@h/2"], new RecipientsWriter(1)), reader);
		const anew = new RecipientsWriter(7);
		decode(encode_many(body, ["c@h/3"], anew), reader);
		expect(decode(encode_many(body, ["c@h/3"], anew), reader)).toMatchObject({ recipients: ["c@h/3"] });
	});

	describe("for recipients who get more", () => {
		const stanza = st.message({ from: "room@muc" });
		const body = many_body(stanza.name, stanza.attr["from"] ?? "", st.serialise_for_many(stanza));
		const names = (item: Item | undefined): string[] | undefined => (item?.kind === "many" ? [...item.recipients] : undefined);

		it("has a number, and the same object on the other side, until they change", () => {
			const [writer, reader] = [new RecipientsWriter(1), new ReadNames()];
			const room = {};
			const read = (list: readonly string[], of?: object): Item | undefined =>
				decode(encode_many(body, list, writer, of), reader);
			const first = ["a@h/1", "b@h/2", "a@h/1"];
			expect(writer.write(first, room)).toBe("1:*0,+5:a@h/1+5:b@h/20,;");
			decode(encode_many(body, first, new RecipientsWriter(1), room), reader);
			const [one, two] = [read(first, room), read(first, room)];
			expect(names(one)).toEqual(first);
			expect(one?.kind === "many" && two?.kind === "many" && one.recipients === two.recipients).toBe(true);
			const second = ["b@h/2", "c@h/3"];
			expect(writer.write(second, room)).toBe("1:*1-0,1,+5:c@h/3;");
		});

		it("is read as it was written, whatever changes, and as it was where it comes back", () => {
			const list = fc.array(fc.nat(9), { maxLength: 6 }).map((numbers) => numbers.map((number) => `p${number}@h/r`));
			const step = fc.record({ room: fc.option(fc.nat(3), { nil: undefined }), changed: fc.option(list, { nil: undefined }) });
			fc.assert(
				fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
					const [writer, reader] = [new RecipientsWriter(3), new ReadNames()];
					const rooms = Array.from({ length: 4 }, () => ({ of: {}, jids: [] as readonly string[] }));
					const written: { bytes: Uint8Array; jids: readonly string[] }[] = [];
					for (const { room, changed } of steps) {
						const own = room === undefined ? undefined : rooms[room];
						if (own !== undefined && changed !== undefined) own.jids = changed;
						const jids = own?.jids ?? changed ?? [];
						const bytes = encode_many(body, jids, writer, own?.of);
						written.push({ bytes, jids });
						expect(names(decode(bytes, reader))).toEqual(jids);
					}
					for (const { bytes, jids } of written) expect(names(decode(bytes, writer))).toEqual(jids);
				}),
			);
		});

		it("is not understood where its number is not known, was given up, or is of an earlier beginning", () => {
			const room = {};
			const [writer, reader] = [new RecipientsWriter(1), new ReadNames()];
			const first = ["a@h/1"];
			const defined = encode_many(body, first, writer, room);
			const used = encode_many(body, first, writer, room);
			expect(decode(used, new ReadNames())).toBeUndefined();
			decode(defined, reader);
			expect(names(decode(used, reader))).toEqual(first);
			decode(encode_many(body, ["b@h/1"], writer, room), reader);
			expect(decode(used, reader)).toBeUndefined();
			decode(encode_many(body, ["b@h/1"], new RecipientsWriter(2), room), reader);
			expect(decode(encode_many(body, ["b@h/1"], writer, room), reader)).toBeUndefined();
		});

		it("begins anew after very many places, on both sides, and what was said before can still come back", () => {
			const [writer, reader] = [new RecipientsWriter(1), new ReadNames()];
			const everybody = Array.from({ length: 10_000 }, (_, index) => `p${index}@h/r`);
			const room = {};
			for (let round = 0; round < 60; round++) {
				const jids = everybody.filter((_, index) => index !== round);
				const bytes = [encode_many(body, jids, writer, room), encode_many(body, jids, writer, room)];
				for (const one of bytes) expect(names(decode(one, reader))).toEqual(jids);
				if (round % 26 === 25) for (const one of bytes) expect(names(decode(one, writer))).toEqual(jids);
			}
		});

		it("is never taken for something else where it is damaged", () => {
			fc.assert(
				fc.property(fc.nat(), fc.nat(255), (place, byte) => {
					const bytes = Buffer.from(encode_many(body, ["a@h/1", "b@h/2"], new RecipientsWriter(1), {}));
					bytes[place % bytes.length] = byte;
					expect(() => decode(bytes, new ReadNames())).not.toThrow();
				}),
			);
		});
	});
});
