// Counterpart: plugins/mod_http_file_share.lua (uploads and downloads)

import { closeSync } from "node:fs";
import { FileSource, open_file } from "../../core/file_source.ts";
import type { ArchiveStore, HttpEvent, HttpRequest, ModuleApi } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import { now } from "../../util/datetime.ts";
import { urlencode } from "../../util/http.ts";
import type { Files, Incoming } from "./files.ts";
import { type Range, read_range } from "./range.ts";
import { errors, has_type, type UploadSettings } from "./settings.ts";
import { type Allowed, read_token } from "./slots.ts";
import { bytes_text } from "./usage.ts";

/** What is known of a file that can be downloaded. */
interface Upload {
	readonly name: string;
	readonly type: string | undefined;
	/** Seconds since 1970. */
	readonly time: number;
}

/** Anything else could be more than a type in a header (RFC 9110 §8.3). */
const media_type = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *; *[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[\w !#$&^.+-]*"))*$/;

/** What browsers must not do with what somebody else has uploaded. */
const protection = {
	cache_control: "max-age=31556952, immutable",
	content_security_policy: "default-src 'none'; media-src 'self'; frame-ancestors 'none';",
	strict_transport_security: "max-age=31556952",
	x_content_type_options: "nosniff",
	x_frame_options: "DENY",
	x_xss_protection: "1; mode=block",
} as const;

export interface Transfers {
	put(event: HttpEvent, path: string | undefined): unknown;
	get(event: HttpEvent, path: string | undefined): unknown;
	/** Forgets what is known of a file. */
	forget(slot: string): void;
	readonly cached: number;
}

function slot_in(path: string | undefined): string {
	return /^[^/]+/.exec(path ?? "")?.[0] ?? "";
}

/** Bounds of sizes that are counted: each four times the one before, up to the largest size that is allowed. */
function size_bounds(limit: number): number[] {
	const all = Array.from({ length: 16 }, (_, step) => 2 ** (10 + 2 * step));
	const last = all.findIndex((bound) => bound >= limit);
	return last < 0 ? all : all.slice(0, last + 1);
}

/** Takes files that a token allows, and gives them to whoever asks. */
export function create_transfers(module: ModuleApi, settings: UploadSettings, uploads: ArchiveStore, files: Files): Transfers {
	const known = new Cache<string, Upload>(1024);
	const hit = module.measure("download_cache_hit", "rate");
	const miss = module.measure("download_cache_miss", "rate");
	const measure_upload = module.measure("upload", "sizes", { buckets: size_bounds(settings.size_limit) });
	/** Requests whose content is on its way, with where it goes. */
	const under_way = new WeakMap<HttpRequest, { readonly allowed: Allowed; readonly incoming: Incoming }>();

	function check({ request, response }: HttpEvent, path: string | undefined): Allowed | (typeof errors)[keyof typeof errors] {
		const token = /^Bearer (.*)/.exec(request.headers["authorization"] ?? "")?.[1];
		if (token === undefined) {
			response.headers["www_authenticate"] = "Bearer";
			return errors.authzmalformed;
		}
		const allowed = read_token(settings, token);
		if (typeof allowed === "string" || allowed.slot !== slot_in(path)) {
			module.log("debug", "Unauthorized or invalid token: %s", typeof allowed === "string" ? allowed : "another slot");
			return errors.unauthz;
		}
		// Content of unknown size is measured as it comes
		const size = request.body === false ? request.body_length : request.body.length;
		if (size !== undefined && size !== allowed.filesize) return errors.filesize;
		return files.has(allowed.slot) ? errors.alreadycompleted : allowed;
	}

	/** Begins to take a file; the rest comes with the same request. */
	function begin(event: HttpEvent, path: string | undefined): unknown {
		const allowed = check(event, path);
		if (!("slot" in allowed)) return allowed;
		const { request, response } = event;
		module.log("debug", "Preparing to receive an upload, expecting %s", bytes_text(allowed.filesize));
		try {
			const incoming = files.receive(allowed.slot, allowed.filesize);
			under_way.set(request, { allowed, incoming });
			response.on_destroy = () => incoming.discard();
			if (request.body === false) {
				request.body_sink = incoming;
				return true;
			}
			if (!incoming.write(request.body)) {
				incoming.discard();
				return errors.filesize;
			}
		} catch (error) {
			module.log("error", "Could not open file for writing: %s", error);
			return errors.writefail;
		}
		return finish(event);
	}

	async function finish({ request, response }: HttpEvent): Promise<unknown> {
		const upload = under_way.get(request);
		if (upload === undefined) return errors.writefail;
		const { allowed, incoming } = upload;
		response.on_destroy = () => incoming.discard();
		try {
			const outcome = await incoming.finish();
			if (outcome !== "done") return outcome === "size" ? errors.filesize : errors.alreadycompleted;
		} catch (error) {
			module.log("error", "Could not write an upload: %s", error);
			incoming.discard();
			return errors.writefail;
		}
		measure_upload(allowed.filesize);
		known.set(allowed.slot, { name: allowed.filename, type: allowed.filetype, time: now() });
		return 201;
	}

	function find(slot: string): Upload | undefined {
		const cached = known.get(slot);
		if (cached !== undefined) {
			hit();
			known.set(slot, cached);
			return cached;
		}
		miss();
		const stored = slot === "" ? undefined : uploads.get(undefined, slot);
		if (stored?.ok === false) module.log("error", "Could not read an upload slot: %s", stored.error.text);
		const item = stored?.ok ? stored.value : undefined;
		const { filename, "content-type": type } = item?.stanza.attr ?? {};
		if (item === undefined || filename === undefined) return undefined;
		const upload = { name: filename, type, time: item.when };
		known.set(slot, upload);
		return upload;
	}

	function send({ response }: HttpEvent, upload: Upload, path: string, wanted: string | undefined): unknown {
		const opened = open_file(path);
		// The slot was never used, or the file is gone
		if (opened === undefined) return 410;
		const range: Range | "none" | undefined = read_range(wanted, opened.size);
		if (range === "none") {
			closeSync(opened.file);
			response.headers["content_range"] = `bytes */${opened.size}`;
			return 416;
		}
		const { start, end } = range ?? { start: 0, end: opened.size - 1 };
		const type = upload.type !== undefined && media_type.test(upload.type) ? upload.type : "application/octet-stream";
		const disposition = has_type(settings.safe_types, type) ? "inline" : "attachment";
		if (range !== undefined) {
			response.status_code = 206;
			response.headers["content_range"] = `bytes ${start}-${end}/${opened.size}`;
		}
		Object.assign(response.headers, protection, {
			accept_ranges: "bytes",
			content_length: end - start + 1,
			content_type: type,
			content_disposition: `${disposition}; filename*=UTF-8''${urlencode(upload.name)}`,
		});
		return response.send_file(new FileSource(opened.file, end - start + 1, start));
	}

	return {
		put: (event, path) => (under_way.has(event.request) ? finish(event) : begin(event, path)),
		get(event, path) {
			const slot = slot_in(path);
			const upload = find(slot);
			if (upload === undefined) return 404;
			const last_modified = new Date(Math.floor(upload.time) * 1000).toUTCString();
			const { if_modified_since, range, if_range } = event.request.headers;
			if (if_modified_since === last_modified) return 304;
			event.response.headers["last_modified"] = last_modified;
			return send(event, upload, files.path_of(slot), if_range === undefined || if_range === last_modified ? range : undefined);
		},
		forget: (slot) => void known.set(slot, undefined),
		get cached() {
			return known.count();
		},
	};
}
