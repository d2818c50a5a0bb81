// The scripts of rooms, with clients on a real Prosody and the rooms here: they are its component (XEP-0114).

import { describe, expect, it } from "vitest";
import { find_prosody } from "../tools/reference.ts";
import { not_installed } from "./needs.ts";
import { names, play_on } from "./scripts.ts";
import { start_pair } from "./uplink.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const no_prosody = not_installed(prosody, "Prosody", "rooms are not tried as its component");

describe.skipIf(no_prosody)("our scansion scripts, through a component stream of a real Prosody", () => {
	it.for(names.filter((name) => name.startsWith("muc_") || name.startsWith("mam_")))("%s", async (name) => {
		const start = async () => {
			const pair = await start_pair({ prosody });
			await pair.connected();
			return pair;
		};
		expect(await play_on(start, name)).toBe("");
	});
});
