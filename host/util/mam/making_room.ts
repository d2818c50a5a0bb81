// Counterpart: plugins/mod_mam/mod_mam.lua, plugins/mod_muc_mam.lua (what is done where an archive is full)

import type { Result } from "../error.ts";

/** A way to make room: whether something was deleted. */
export type MakeRoom = () => boolean;

/** Adds to an archive. Where it is full, the ways to make room are tried one after the other. */
export function append_making_room<Problem extends { readonly text: string }>(
	append: () => Result<string, Problem>,
	ways: readonly MakeRoom[],
): Result<string, Problem> {
	let appended = append();
	for (const make_room of ways) {
		if (appended.ok || appended.error.text !== "quota-limit") break;
		if (make_room()) appended = append();
	}
	return appended;
}
