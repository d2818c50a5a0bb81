// Counterpart: net/http/files.lua

import { type Stats, statSync } from "node:fs";
import { extname } from "node:path";
import { Cache } from "../util/cache.ts";
import { urlencode } from "../util/http.ts";
import { FileSource, open_file } from "./file_source.ts";
import type { HttpBody, HttpEvent, HttpHandler, HttpServer } from "./types.ts";

/** What is served, and how; names are Prosody's. */
export interface FilesOptions {
	/** The folder, or for a route without `*` the file. */
	readonly path: string;
	/** The type of files that end in `.EXTENSION`; undefined where that is not known. Only `html` is without. */
	readonly mime_map?: (extension: string) => string | undefined;
	/** How many files are kept in memory. Default: 256. */
	readonly cache_size?: number;
	/** How large such files may be, in bytes. Default: 1024. */
	readonly cache_max_file_size?: number;
	/** What stands for a folder. Default: `index.html`, `index.htm`. */
	readonly index_files?: readonly string[];
	/** Whether the event `directory-index` is fired, so that others can list a folder. */
	readonly directory_index?: boolean;
}

interface Cached {
	readonly etag: string;
	readonly content_type: string | undefined;
	readonly data: HttpBody;
}

/** A path without `.`, `..` and empty parts; undefined where it leads out of the folder, or cannot be that of a file. */
function sanitize_path(path: string): string | undefined {
	const parts: string[] = [];
	for (const part of path.split("/")) {
		if (/[\\\0]/.test(part)) return undefined;
		if (part === "..") {
			if (parts.pop() === undefined) return undefined;
		} else if (part !== "" && part !== ".") parts.push(part);
	}
	return `/${parts.join("/")}${path.endsWith("/") && parts.length > 0 ? "/" : ""}`;
}

function stat(path: string): Stats | undefined {
	try {
		return statSync(path, { throwIfNoEntry: false });
	} catch {
		// Such as a file where a folder is expected, or a folder that this user may not read.
		return undefined;
	}
}

/** An ETag for this version of a file, made as Prosody makes it, so that browsers need not load it again. */
function etag_of({ ctimeMs: ctime_ms, size, mtimeMs: mtime_ms }: Stats): string {
	return `"${[Math.floor(ctime_ms / 1000), size, Math.floor(mtime_ms / 1000)].map((part) => part.toString(16)).join("-")}"`;
}

/**
 * Makes a handler of requests for the files of a folder.
 * @returns for a route such as `GET /files/*`
 */
export function serve(http_server: HttpServer, options: FilesOptions): HttpHandler {
	const { path: base_path, index_files = ["index.html", "index.htm"], cache_max_file_size = 1024 } = options;
	const mime_map = options.mime_map ?? ((extension: string) => (extension === "html" ? "text/html" : undefined));
	const cache = new Cache<string, Cached>(options.cache_size ?? 256);

	/** The page of a folder that has no index file. */
	function directory_index(event: HttpEvent, full_path: string, etag: string): Cached | undefined {
		if (options.directory_index !== true) return undefined;
		const data = http_server.fire_event("directory-index", { path: event.request.path, full_path });
		if (typeof data !== "string" && !(data instanceof Uint8Array)) return undefined;
		return { etag, content_type: mime_map("html"), data };
	}

	function index_file(full_path: string): string | undefined {
		return index_files.find((name) => stat(`${full_path}${name}`)?.isFile());
	}

	function serve_file(event: HttpEvent, path: string | undefined): unknown {
		const { request, response } = event;
		const sanitized = path === undefined ? "" : sanitize_path(path);
		const key = sanitize_path(request.path);
		if (sanitized === undefined || key === undefined) return 400;
		const full_path = `${base_path}${sanitized}`;
		const found = stat(full_path.replace(/(?<=.)\/+$/, ""));
		if (found === undefined) return 404;
		const { headers } = response;
		const last_modified = found.mtime.toUTCString();
		const etag = etag_of(found);
		headers["last_modified"] = last_modified;
		headers["etag"] = etag;
		const { if_none_match, if_modified_since } = request.headers;
		if (etag === if_none_match || (if_none_match === undefined && last_modified === if_modified_since)) return 304;

		let content = cache.get(key);
		if (content?.etag !== etag) content = undefined;
		if (content === undefined && found.isDirectory() && path !== undefined) {
			if (!full_path.endsWith("/")) {
				headers["location"] = `${key.split("/").map(urlencode).join("/")}/`;
				return 301;
			}
			const index = index_file(full_path);
			if (index !== undefined) return serve_file(event, `${sanitized}${index}`);
			content = directory_index(event, full_path, etag);
			if (content === undefined) return 403;
		}
		if (content === undefined) {
			const opened = found.isFile() ? open_file(full_path) : undefined;
			if (opened === undefined) return 403;
			const extension = extname(full_path).slice(1);
			const content_type = extension === "" ? undefined : mime_map(extension);
			const source = new FileSource(opened.file, opened.size);
			if (opened.size > cache_max_file_size) {
				headers["content_type"] = content_type;
				headers["content_length"] = opened.size;
				return response.send_file(source);
			}
			try {
				content = { etag, content_type, data: source.read(opened.size) ?? "" };
			} finally {
				source.close();
			}
		}
		cache.set(key, content);
		headers["content_type"] = content.content_type;
		response.send(content.data);
		return true;
	}
	return serve_file;
}
