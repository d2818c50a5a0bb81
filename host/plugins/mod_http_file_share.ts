// Counterpart: plugins/mod_http_file_share.lua (XEP-0363)

import type { ArchiveQuery, HttpEvent, ModuleDefinition } from "../core/types.ts";
import { new_form } from "../util/dataforms.ts";
import { html_escape } from "../util/html.ts";
import { tonumber } from "../util/tonumber.ts";
import { load_expiry } from "./http_file_share/expiry.ts";
import { Files } from "./http_file_share/files.ts";
import { namespace, read_settings } from "./http_file_share/settings.ts";
import { load_slots } from "./http_file_share/slots.ts";
import { create_transfers } from "./http_file_share/transfer.ts";
import { Usage } from "./http_file_share/usage.ts";

declare module "../core/types.ts" {
	interface ModuleExports {
		http_file_share: {
			/** Compares slots with files; answers with what is wrong, by path. */
			check_files(query?: ArchiveQuery): Promise<ReadonlyMap<string, string>>;
		};
	}
}

const limits_form = new_form({
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: namespace },
		{ name: "max-file-size", type: "text-single", datatype: "xs:integer" },
	],
});

function start_page({ request }: HttpEvent): string {
	const warning = request.secure ? "" : "<p>This endpoint is not considered secure!</p>";
	const title = html_escape("HTTP Upload endpoint");
	return `<!DOCTYPE html>\n<title>${title}</title><h1>${title}</h1><p>Files are uploaded to here, and served from here.</p>${warning}\n`;
}

/** Lets people upload files, which everybody gets who knows their address. Files lie where Prosody has them. */
export const definition: ModuleDefinition = {
	name: "http_file_share",
	load(module) {
		const settings = read_settings(module);
		module.depends("disco");
		if (settings.external_base_url === undefined) module.depends("http");
		module.add_identity("store", "file", module.get_option_string("name", "HTTP File Upload"));
		module.add_feature(namespace);
		module.add_extension(limits_form.form({ "max-file-size": String(settings.size_limit) }, "result"));
		module.default_permission("prosody:registered", ":upload");

		const uploads = module.open_store("uploads", "archive");
		const usage = new Usage(module, uploads);
		const files = new Files(module.server.paths.data, module.host);
		module.unload = () => files.close();
		const transfers = create_transfers(module, settings, uploads, files);
		load_slots(module, settings, uploads, usage);
		load_expiry(module, settings, uploads, files, usage, transfers.forget);

		const measure_uploads = module.measure("upload_cache", "amount");
		const measure_quotas = module.measure("quota_cache", "amount");
		const measure_total = module.measure("total_storage", "amount", { unit: "bytes" });
		module.hook_global("stats-update", () => {
			measure_uploads(transfers.cached);
			measure_quotas(usage.cached);
			if (usage.total !== undefined) measure_total(usage.total);
		});

		if (settings.external_base_url === undefined) {
			module.provides("http", {
				place: "any",
				streaming_uploads: true,
				cors: { enabled: true, credentials: true, headers: { Authorization: true } },
				route: { "PUT /*": transfers.put, "GET /*": transfers.get, "GET /": start_page },
			});
		}

		async function check_files(query: ArchiveQuery = {}): Promise<Map<string, string>> {
			const issues = new Map<string, string>();
			const found = await uploads.find_later(undefined, query);
			if (!found.ok) throw new Error(found.error.text);
			for (const { id, stanza } of found.value.items) {
				const size = await files.size(id);
				if (size === undefined) issues.set(files.path_of(id), "there is no such file");
				else if (size !== tonumber(stanza.attr["size"])) issues.set(files.path_of(id), "file size mismatch");
			}
			return issues;
		}
		return { check_files };
	},
};
