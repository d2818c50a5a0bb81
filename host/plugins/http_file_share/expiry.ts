// Counterpart: plugins/mod_http_file_share.lua (clean-up)

import type { ArchiveItem, ArchiveStore, ModuleApi } from "../../core/types.ts";
import { datetime, now } from "../../util/datetime.ts";
import { tonumber } from "../../util/tonumber.ts";
import type { Files } from "./files.ts";
import type { UploadSettings } from "./settings.ts";
import { bytes_text, type Usage } from "./usage.ts";

/** How many slots are looked at before others have their turn. */
const page_size = 100;

function size_of({ stanza }: ArchiveItem): number {
	return tonumber(stanza.attr["size"]) ?? 0;
}

/** Deletes what is too old, once a day, and counts what there is, once a week. `forget` is told of each file that is gone. */
export function load_expiry(
	module: ModuleApi,
	settings: UploadSettings,
	uploads: ArchiveStore,
	files: Files,
	usage: Usage,
	forget: (slot: string) => void,
): void {
	const measure_prune = module.measure("prune", "times");
	const measure_summary = module.measure("summary", "times");

	/** Deletes the files of slots, and then the slots whose files are gone; the others come again tomorrow. */
	async function delete_page(items: readonly ArchiveItem[]): Promise<number> {
		const gone: ArchiveItem[] = [];
		for (const item of items) {
			forget(item.id);
			const problem = await files.remove(item.id);
			if (problem === undefined) gone.push(item);
			else module.log("error", "Could not prune expired file %s: %s", files.path_of(item.id), problem);
		}
		if (gone.length === 0) return 0;
		const deleted = uploads.delete(undefined, { ids: gone.map(({ id }) => id) });
		if (deleted.ok) usage.change_total(-gone.reduce((sum, item) => sum + size_of(item), 0));
		else module.log("error", "Problem removing metadata for expired files: %s", deleted.error.text);
		return deleted.ok ? gone.length : 0;
	}

	async function prune(): Promise<void> {
		const done = measure_prune();
		const end = now() - settings.expiry;
		let after: string | undefined;
		let count = 0;
		for (;;) {
			const found = await uploads.find_later(undefined, { end, limit: page_size, ...(after === undefined ? {} : { after }) });
			if (!found.ok) {
				module.log("error", "Could not read which files have expired: %s", found.error.text);
				break;
			}
			const { items } = found.value;
			const deleted = await delete_page(items);
			count += deleted;
			// Only slots that stay can be gone on from
			if (deleted < items.length) after = items.at(-1)?.id;
			if (items.length < page_size || (deleted === 0 && after === undefined)) break;
		}
		module.log("info", "Deleted %d files uploaded earlier than %s", count, datetime(end));
		// Another node may have deleted the slots of files that are here
		await files.sweep(module.log, module.server.cluster === undefined ? undefined : end);
		done();
	}

	async function sum_up(): Promise<void> {
		const done = measure_summary();
		let sum = 0;
		let count = 0;
		const found = await uploads.find_later(undefined);
		if (!found.ok) {
			module.log("error", "Could not read which files there are: %s", found.error.text);
			return;
		}
		for (const item of found.value.items) {
			sum += size_of(item);
			count++;
		}
		module.log("info", "Uploaded files total: %s in %d files", bytes_text(sum), count);
		usage.set_total(sum);
		done();
	}

	if (settings.expiry !== Number.POSITIVE_INFINITY && settings.external_base_url === undefined) {
		module.cron({ name: "Remove expired files", when: "daily", on_each_node: true, run: prune });
	}
	module.weekly("Calculate total storage usage", sum_up);
}
