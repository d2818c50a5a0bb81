import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";
const guest = "guest@example.org/x";
const phone = "guest@example.org/phone";

function filled(): Rig {
	const test = open_room();
	test.fill([owner, "owner"], [guest, "guest"], [phone, "guest"]);
	return test;
}

function send(test: Rig, from: string, nick: string, attr: st.Attributes, xmlns: string = ns.version): unknown {
	const stanza = st.iq({ from, to: `${test.room.jid}/${nick}`, id: "id", ...attr }).query(xmlns);
	return test.room.handle_iq_to_occupant(test.session(from), stanza);
}

function only(stanzas: Stanza[]): Stanza {
	expect(stanzas.length).toBe(1);
	const [stanza] = stanzas;
	if (!stanza) throw new Error("expected one stanza");
	return stanza;
}

describe("an IQ between occupants", () => {
	it("goes to the primary session, and its answer comes back to the session that asked", () => {
		const test = filled();
		for (const from of [guest, phone]) {
			send(test, from, "owner", { type: "get", id: "québec" });
			const request = only(test.module.take());
			expect([request.attr["from"], request.attr["to"]]).toEqual([`${test.room.jid}/guest`, owner]);
			expect(request.attr["id"]).not.toContain("example");
			send(test, owner, "guest", { type: "result", id: request.attr["id"] });
			const answer = only(test.module.take());
			expect(answer.attr).toEqual({ type: "result", from: `${test.room.jid}/owner`, to: from, id: "québec" });
		}
	});

	it("goes to the account where it concerns the account, which answers for its session", () => {
		for (const xmlns of [ns.vcard_temp, ns.vcard4, ns.pubsub]) {
			const test = filled();
			send(test, guest, "owner", { type: "get" }, xmlns);
			const request = only(test.module.take());
			expect(request.attr["to"]).toBe("owner@example.org");
			send(test, "owner@example.org", "guest", { type: "result", id: request.attr["id"] });
			expect(only(test.module.take()).attr["to"]).toBe(guest);
		}
	});

	it("leaves the sender's stanza alone", () => {
		const test = filled();
		const stanza = st.iq({ from: guest, to: `${test.room.jid}/owner`, id: "id", type: "set" }).query(ns.version);
		const before = String(stanza);
		test.room.handle_iq_to_occupant(test.session(guest), stanza);
		expect(String(stanza)).toBe(before);
	});

	it("is answered by the room where a client asks whether it is still in it", () => {
		const test = filled();
		const stanza = st.iq({ from: phone, to: `${test.room.jid}/guest`, id: "id", type: "get" });
		stanza.tag("ping", { xmlns: ns.ping }).up();
		test.room.handle_iq_to_occupant(test.session(phone), stanza);
		expect(String(only(test.module.take()))).toBe(
			"<iq to='guest@example.org/phone' from='room@muc.example.org/guest' id='id' type='result'/>",
		);
	});

	it("is refused from outside and to nobody", () => {
		const test = filled();
		send(test, "outsider@example.org/x", "owner", { type: "get" });
		expect(test.got("outsider@example.org/x")).toEqual(["iq error /owner cancel/not-acceptable"]);
		send(test, guest, "nobody", { type: "get" });
		expect(test.got(guest)).toEqual(["iq error /nobody cancel/item-not-found"]);
	});

	it("is not passed on where it answers a question that nobody asked", () => {
		const test = filled();
		send(test, guest, "owner", { type: "get" });
		const id = only(test.module.take()).attr["id"] ?? "";
		const packed = Buffer.from(id, "base64");
		const forged = Buffer.from(packed);
		forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
		const wrong: [from: string, nick: string, id: string][] = [
			[owner, "guest", forged.toString("base64")],
			[owner, "guest", "no base64!"],
			[owner, "guest", ""],
			[owner, "guest", Buffer.from(`${owner}\0`).toString("base64")],
			[owner, "guest", Buffer.from(`\0id\0hash`).toString("base64")],
			[owner, "owner", id],
			[owner, "nobody", id],
			[phone, "guest", id],
			["outsider@example.org/x", "guest", id],
		];
		for (const [from, nick, given] of wrong) {
			for (const type of ["result", "error"])
				expect(send(test, from, nick, { type, id: given }), `${from} ${given}`).toBe(undefined);
		}
		expect(test.module.take()).toEqual([]);
		test.show(owner, "owner", { type: "unavailable" });
		expect(send(test, owner, "guest", { type: "result", id }), "who left does not answer").toBe(undefined);
	});
});
