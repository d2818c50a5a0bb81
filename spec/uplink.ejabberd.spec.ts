// The scripts of rooms, with clients on a real ejabberd and the rooms here: they are its component (XEP-0114).

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { has_ejabberd } from "../tools/ejabberd.ts";
import { start_ejabberd } from "./ejabberd.ts";
import { eventually } from "./helper.ts";
import { not_installed } from "./needs.ts";
import { behind_names, characters } from "./scripts.ts";
import { play_behind, type Upstream } from "./uplink.ts";

const no_ejabberd = not_installed(has_ejabberd(), "ejabberd", "rooms are not tried as its component");

const own_first = "it writes the elements that it knows before those that it does not know, and a body or a subject last";
const own_names =
	"it knows names by a newer Unicode than Prosody does, and refuses what it does not know before the rooms see it";
const own_checks = "it refuses types of presence that there are not before the rooms see them";

/** What ejabberd itself does otherwise: where a script stops, and why. */
const known: Readonly<Record<string, { readonly reason: string; readonly difference: string }>> = {
	"mam_ids.scs": { reason: own_first, difference: "line 110, message/body: element 1 in <message>" },
	"mam_switched_off.scs": { reason: own_first, difference: "line 127, message/body: element 1 in <message>" },
	"muc_false_hats.scs": { reason: own_first, difference: "line 41, message/body: element 1 in <message>" },
	"muc_false_marks.scs": { reason: own_first, difference: "line 83, message/body: element 1 in <message>" },
	"muc_subject_details.scs": { reason: own_first, difference: "line 48, message/subject: element 1 in <message>" },
	"muc_no_such_room.scs": { reason: own_names, difference: "line 102, presence/error/jid-malformed: element in <error>" },
	"muc_strict_nick.scs": { reason: own_names, difference: "line 68, presence/error/jid-malformed: element in <error>" },
	"muc_presence_types.scs": { reason: own_checks, difference: "line 28, presence: attribute to" },
};

describe.skipIf(no_ejabberd)("our scansion scripts, through a component stream of a real ejabberd", () => {
	let upstream: Upstream;
	beforeAll(async () => {
		upstream = await start_ejabberd(characters);
	});
	afterAll(() => upstream?.stop());

	it.for(behind_names().filter((name) => !(name in known)))("%s", async (name) => {
		expect(await play_behind(upstream, name)).toBe("");
	});

	it.for(Object.entries(known))("%s, as far as ejabberd allows", async ([name, { difference }]) => {
		// A script that does not pass waits as long as it may: at first not for long
		let timeout = 250;
		await eventually(async () => {
			timeout *= 2;
			expect(await play_behind(upstream, name, timeout)).toContain(difference);
		});
	});
});
