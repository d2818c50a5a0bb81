import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { as_lua, ask_prosody, why_no_prosody } from "../host/util/prosody.ts";
import { owner, Rig, room_jid } from "./rig.ts";

function id_of(stanza: st.Stanza | undefined): (string | undefined)[] {
	return [...(stanza?.childtags("occupant-id", ns.occupant_id) ?? [])].map(({ attr }) => attr["id"]);
}

const forged = (): st.Stanza => st.stanza("occupant-id", { xmlns: ns.occupant_id, id: "forged" });

describe("occupant ids", () => {
	it("are the same wherever the occupant shows, and cannot be forged", () => {
		const rig = new Rig();
		rig.join(owner, "owner");
		rig.module.take();
		rig.room.handle_presence_to_occupant(
			rig.session("a@example.org/x"),
			rig.presence("a@example.org/x", "a").add_child(forged()),
		);
		const [id] = id_of(rig.module.take(owner)[0]);
		expect(id).toMatch(/^[A-Za-z0-9+/]{43}=$/);

		rig.say("a@example.org/x", (message) => message.body("hello").add_child(forged()));
		expect(id_of(rig.module.take(owner)[0])).toEqual([id]);
		rig.whisper("a@example.org/x", "owner", "psst");
		expect(id_of(rig.module.take(owner)[0])).toEqual([id]);
		rig.join("a@example.org/x", "renamed");
		expect(rig.module.take(owner).flatMap(id_of)).toEqual([id, id]);
	});

	it("cannot be made up by clients where the room gives none", () => {
		const rig = new Rig({ options: { muc_occupant_id: false } });
		rig.join(owner, "owner");
		rig.module.take();
		const presence = rig.presence("a@example.org/x", "a").add_child(forged());
		rig.room.handle_presence_to_occupant(rig.session("a@example.org/x"), presence);
		rig.say("a@example.org/x", (message) => message.body("hello").add_child(forged()));
		const whisper = st.message({ from: "a@example.org/x", to: `${room_jid}/owner`, type: "chat" }).add_child(forged());
		rig.room.handle_message_to_occupant(rig.session("a@example.org/x"), whisper);
		const seen = rig.module.take(owner);
		expect(seen.map(({ name }) => name)).toEqual(["presence", "message", "message"]);
		expect(seen.flatMap(id_of)).toEqual([]);
	});

	it("differ from room to room", () => {
		const first = new Rig();
		const second = new Rig();
		const occupant = first.room.new_occupant("a@example.org", `${room_jid}/a`);
		const other = second.room.new_occupant("a@example.org", `${room_jid}/a`);
		expect(first.room.get_occupant_id(occupant)).not.toBe(second.room.get_occupant_id(other));
	});

	it("keep their salt, saved as soon as it is made", () => {
		const { room } = new Rig();
		let saved: string | undefined;
		room.save = () => {
			saved = room._data.occupant_id_salt;
			return true;
		};
		const salt = room.get_salt();
		expect([room.get_salt(), saved]).toEqual([salt, salt]);
	});

	it("can be turned off", () => {
		const rig = new Rig({ options: { muc_occupant_id: false } });
		rig.join(owner, "owner");
		expect(rig.module.take(owner).flatMap(id_of)).toEqual([]);
		expect(rig.disco().features).not.toContain(ns.occupant_id);
		expect(rig.module.get_host_items("feature")).not.toContain(ns.occupant_id);
	});

	it("are what Prosody has computed", () => {
		// hmac_sha256("a@example.org", salt) with the salt as the message
		const { room } = new Rig({}, { occupant_id_salt: "00000000-0000-4000-8000-000000000000" });
		expect(room.get_occupant_id(room.new_occupant("a@example.org", `${room_jid}/a`))).toBe(
			"keoAMYUIBn+UDtLR2Qx6+YBSDwOQw+n/4WF/bhB9xlQ=",
		);
	});

	it.skipIf(why_no_prosody !== undefined)("are what Prosody computes", () => {
		const cases = fc.sample(fc.tuple(fc.emailAddress(), fc.uuid()), { numRuns: 20, seed: 1 });
		const digests = ask_prosody(cases.map(([jid, salt]) => ["util.hashes:hmac_sha256", jid, salt]));
		const expected = ask_prosody(
			digests.map((digest) => ["util.encodings:base64.encode", Buffer.from(digest.slice(1), "hex")] as const),
		);
		const ours = cases.map(([jid, occupant_id_salt]) => {
			const { room } = new Rig({}, { occupant_id_salt });
			return as_lua(room.get_occupant_id(room.new_occupant(jid, `${room_jid}/a`)));
		});
		expect(ours).toEqual(expected);
	});
});
