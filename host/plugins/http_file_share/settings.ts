// Counterpart: plugins/mod_http_file_share.lua (its options, and its errors)

import type { HttpError, ModuleApi } from "../../core/types.ts";
import { long as new_secret } from "../../util/id.ts";

export const namespace = "urn:xmpp:http:upload:0";

/** What may be uploaded, by whom, and how much; sizes in bytes, times in seconds. */
export interface UploadSettings {
	readonly secret: string;
	/** Where files are served instead of here. */
	readonly external_base_url: string | undefined;
	readonly size_limit: number;
	readonly allowed_types: ReadonlySet<unknown>;
	/** Types that browsers show; others are saved. */
	readonly safe_types: ReadonlySet<unknown>;
	/** Infinity keeps files for ever. */
	readonly expiry: number;
	readonly daily_quota: number;
	readonly global_quota: number;
	/** JIDs and hosts that may upload beside those who have the permission. */
	readonly access: ReadonlySet<unknown>;
}

export function read_settings(module: ModuleApi): UploadSettings {
	const size_limit = module.get_option_integer("http_file_share_size_limit", 10_485_760, 0);
	const expiry = module.get_option_period("http_file_share_expires_after", "1w");
	const usual_secret = module.server.cluster?.secret(`http_file_share ${module.host}`) ?? new_secret();
	return {
		secret: module.get_option_string("http_file_share_secret", usual_secret),
		external_base_url: module.get_option_string("http_file_share_base_url"),
		size_limit,
		allowed_types: module.get_option_set("http_file_share_allowed_file_types", []),
		safe_types: module.get_option_set("http_file_share_safe_file_types", ["image/*", "video/*", "audio/*", "text/plain"]),
		// COMPAT: how Prosody 0.12 says for ever
		expiry: expiry < 0 ? Number.POSITIVE_INFINITY : expiry,
		daily_quota: module.get_option_integer("http_file_share_daily_quota", size_limit * 10, 0),
		global_quota: module.get_option_integer("http_file_share_global_quota", Number.POSITIVE_INFINITY, 0),
		access: module.get_option_set("http_file_share_access", []),
	};
}

/** Whether a type, or all of its kind, is in a list. */
export function has_type(types: ReadonlySet<unknown>, type: string): boolean {
	return types.has(type) || types.has(type.replace(/\/.*/s, "/*"));
}

/** What is wrong with an upload; `code` is the status of HTTP. */
export const errors = {
	access: { type: "auth", condition: "forbidden" },
	filename: { type: "modify", condition: "bad-request", text: "Invalid filename" },
	filetype: { type: "modify", condition: "not-acceptable", text: "File type not allowed" },
	filesize: { code: 413, type: "modify", condition: "not-acceptable", text: "File too large" },
	filesizefmt: { type: "modify", condition: "bad-request", text: "File size must be positive integer" },
	quota: { type: "wait", condition: "resource-constraint", text: "Daily quota reached" },
	outofdisk: { type: "wait", condition: "resource-constraint", text: "Server global storage quota reached" },
	authzmalformed: {
		code: 401,
		type: "auth",
		condition: "not-authorized",
		text: "Missing or malformed Authorization header",
	},
	unauthz: { code: 403, type: "auth", condition: "forbidden", text: "Unauthorized or invalid token" },
	alreadycompleted: { code: 409, type: "cancel", condition: "conflict", text: "Upload already completed" },
	writefail: { code: 500, type: "wait", condition: "internal-server-error" },
} as const satisfies { readonly [name: string]: HttpError };
