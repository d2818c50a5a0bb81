// The scripts of rooms, with clients on a real Prosody and the rooms here: they are its component (XEP-0114).

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { find_prosody } from "../tools/reference.ts";
import { not_installed } from "./needs.ts";
import { names, not_behind, play_on, tag_of } from "./scripts.ts";
import { start_rooms, start_upstream, type Upstream } from "./uplink.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const no_prosody = not_installed(prosody, "Prosody", "rooms are not tried as its component");

describe.skipIf(no_prosody)("our scansion scripts, through a component stream of a real Prosody", () => {
	let upstream: Upstream;
	beforeAll(async () => {
		upstream = await start_upstream({ prosody });
	});
	afterAll(() => upstream?.stop());

	const of_rooms = names.filter((name) => /^(?:muc|mam)_/.test(name) && tag_of(name, not_behind) === undefined);
	it.for(of_rooms)("%s", async (name) => {
		const start = async () => {
			const rooms = await start_rooms(upstream.component_port);
			return { port: upstream.port, stop: () => rooms.stop("The script is over") };
		};
		expect(await play_on(start, name)).toBe("");
	});
});
