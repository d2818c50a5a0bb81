// The scripts of rooms, with clients on a real Prosody and the rooms here: they are its component (XEP-0114).

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { find_prosody } from "../tools/reference.ts";
import { not_installed } from "./needs.ts";
import { behind_names } from "./scripts.ts";
import { play_behind, start_upstream, type Upstream } from "./uplink.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const no_prosody = not_installed(prosody, "Prosody", "rooms are not tried as its component");

describe.skipIf(no_prosody)("our scansion scripts, through a component stream of a real Prosody", () => {
	let upstream: Upstream;
	beforeAll(async () => {
		upstream = await start_upstream({ prosody });
	});
	afterAll(() => upstream?.stop());

	it.for(behind_names())("%s", async (name) => {
		expect(await play_behind(upstream, name)).toBe("");
	});
});
