// Counterpart: plugins/mod_http_file_share.lua (quotas)

import type { ArchiveStore, ModuleApi } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import { now } from "../../util/datetime.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { format_number } from "../../util/human/units.ts";
import { tonumber } from "../../util/tonumber.ts";

const day = 86_400;

/** Bytes for people. */
export function bytes_text(bytes: number): string {
	return bytes === Number.POSITIVE_INFINITY ? "unlimited" : format_number(bytes, "B", "b");
}

/** How much was uploaded: by all, and by each today. */
export class Usage {
	/** What {@link total} is, as far as this process knows. */
	private known_total: number | undefined;
	private readonly stats;
	private readonly by_uploader = new Cache<string, { time: number; size: number }>(1024);

	constructor(
		private readonly module: ModuleApi,
		private readonly uploads: ArchiveStore,
	) {
		this.stats = module.open_store("upload_stats", "map");
		this.known_total = this.read_total();
	}

	private read_total(): number | undefined {
		const stored = this.stats.get(undefined, "total");
		return stored.ok ? (typeof stored.value === "number" ? stored.value : 0) : undefined;
	}

	/** Bytes of all slots; undefined where that cannot be read. */
	get total(): number | undefined {
		// Other nodes count theirs
		if (this.module.server.cluster !== undefined) this.known_total = this.read_total();
		return this.known_total;
	}

	get cached(): number {
		return this.by_uploader.count();
	}

	/** Bytes that somebody has uploaded within a day. */
	of(uploader: string): Result<number, string> {
		const oldest = now() - day;
		const known = this.by_uploader.get(uploader);
		if (known !== undefined && known.time > oldest) return ok(known.size);
		const found = this.uploads.find(undefined, { with: uploader, start: oldest });
		if (!found.ok) return failed(found.error.text);
		const { items } = found.value;
		const size = items.reduce((sum, { stanza }) => sum + (tonumber(stanza.attr["size"]) ?? 0), 0);
		const time = items.reduce((first, { when }) => Math.min(first, when), now());
		this.by_uploader.set(uploader, { time, size });
		return ok(size);
	}

	/** Counts a new slot; what the turn does not store is not counted. */
	add(uploader: string, size: number): void {
		const known = this.by_uploader.get(uploader);
		if (known !== undefined) known.size += size;
		this.change_total(size);
		this.module.server.turn.remember({ undo: () => void this.by_uploader.set(uploader, undefined) });
	}

	/** Counts what is gone, or more. */
	change_total(difference: number): void {
		const before = this.total;
		if (before !== undefined) this.set_total(before + difference);
	}

	set_total(total: number): void {
		const before = this.known_total;
		this.known_total = total;
		this.module.server.turn.remember({
			undo: () => {
				this.known_total = before;
			},
		});
		const written = this.stats.set(undefined, "total", total);
		if (!written.ok) this.module.log("error", "Could not store how much was uploaded: %s", written.error.text);
	}
}
