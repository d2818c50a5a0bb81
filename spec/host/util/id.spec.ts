import { describe, expect, it } from "vitest";
import * as id from "../../../host/util/id.ts";

describe("id", () => {
	it.each([
		["tiny", id.tiny, 4],
		["short", id.short, 12],
		["medium", id.medium, 24],
		["long", id.long, 36],
		["custom(16)", id.custom(16), 22],
		["short_ids()", id.short_ids(), 12],
	])("%s makes different ids of one length", (_, make, length) => {
		const made = Array.from({ length: 600 }, make);
		for (const one of made) expect(one).toMatch(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));
		expect(new Set(made).size).toBeGreaterThan(590);
	});
});
