// No counterpart: fingerprints of what was moved, the same whichever storage it lies in.

import { createHash, type Hash } from "node:crypto";
import type { StoreKey, StoreMap, StoreValue } from "../../core/types.ts";
import { failed } from "../../util/error.ts";
import { entries, number_text } from "../../util/luatable.ts";
import type { ArchiveRecord } from "./types.ts";

/** How many items of an archive one link of its chain stands for. */
export const link_size = 1000;

function value_text(value: StoreValue): string {
	if (typeof value === "object") return table_text(entries(value));
	return scalar_text(value);
}

/** Numbers with all their digits, so that different ones stay different. */
function scalar_text(value: StoreKey): string {
	if (typeof value === "string") return JSON.stringify(value);
	const digits = typeof value === "boolean" ? failed("") : number_text(value);
	return digits.ok ? digits.value : String(value);
}

function table_text(items: readonly (readonly [StoreKey, StoreValue])[]): string {
	const parts = items.map(([key, value]) => `${scalar_text(key)}:${value_text(value)}`);
	return `{${parts.sort().join(",")}}`;
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

/** The digest of a table, whatever the order of its keys. */
export function table_digest(table: StoreMap): string {
	return sha256(table_text([...table]));
}

/**
 * The digest of an archive, made while it is read: a chain in which each link stands for {@link link_size} items and for all before, so
 * that it can go on after an interruption.
 */
export class ArchiveDigest {
	private link: Hash | undefined;
	private in_link = 0;

	/**
	 * @param chain the state of an earlier digest
	 * @param items how many items it had seen
	 */
	constructor(
		private chain = "",
		public items = 0,
	) {}

	/** Takes an item; answers whether a link is complete with it, so that {@link state} says all. */
	add({ key, when, with: with_whom, xml }: ArchiveRecord): boolean {
		this.link ??= createHash("sha256").update(this.chain);
		this.link.update(`${key}\0${when}\0${with_whom}\0${xml}\n`);
		this.items++;
		this.in_link++;
		if (this.in_link < link_size) return false;
		this.end_link();
		return true;
	}

	private end_link(): void {
		this.chain = this.link?.digest("hex") ?? this.chain;
		this.link = undefined;
		this.in_link = 0;
	}

	/** The chain up to the last complete link. */
	get state(): string {
		return this.chain;
	}

	/** The digest of all items. */
	finish(): string {
		this.end_link();
		return this.chain;
	}
}

/** One digest for everything that was moved. */
export function total_digest(units: ReadonlyMap<string, { readonly items: number; readonly digest: string }>): string {
	const lines = [...units].map(([id, { items, digest }]) => `${id} ${items} ${digest}\n`);
	return sha256(lines.sort().join(""));
}
