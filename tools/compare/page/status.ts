// No counterpart: part of `enjamb compare --html`.

import type { Status } from "../view.ts";

/** 0 equal, 1 known, 2 different. */
export type PageStatus = 0 | 1 | 2;

/** Statuses as the page's script gets them. */
export const statuses: Record<Status, PageStatus> = { equal: 0, known: 1, different: 2 };

/** The worst of some; equal where there is none. */
export function worst(all: readonly PageStatus[]): PageStatus {
	return all.includes(2) ? 2 : all.includes(1) ? 1 : 0;
}
