// Counterpart: plugins/mod_http_file_share.lua (slots, XEP-0363)

import type { ArchiveStore, HttpError, ModuleApi, StanzaEvent } from "../../core/types.ts";
import { now } from "../../util/datetime.ts";
import { urlencode } from "../../util/http.ts";
import { bare, host } from "../../util/jid.ts";
import * as jwt from "../../util/jwt.ts";
import * as st from "../../util/stanza.ts";
import { tonumber } from "../../util/tonumber.ts";
import { errors, has_type, namespace, type UploadSettings } from "./settings.ts";
import { bytes_text, type Usage } from "./usage.ts";

/** How long a token is valid, in seconds. */
const token_time = 600;

/** What somebody wants to upload. */
export interface Wish {
	readonly uploader: string;
	readonly filename: string | undefined;
	/** In bytes; undefined for what is no number. */
	readonly filesize: number | undefined;
	readonly filetype: string;
}

/** What a token allows. */
export interface Allowed {
	readonly slot: string;
	readonly filename: string;
	readonly filesize: number;
	readonly filetype: string;
}

/** Reads a token of a slot; the error says why it does not count. */
export function read_token(settings: UploadSettings, token: string): Allowed | string {
	const read = jwt.verify(settings.secret, token, now());
	if (!read.ok) return read.error;
	const { slot, filename, filesize, filetype } = read.value;
	const is_whole = typeof slot === "string" && typeof filename === "string" && typeof filesize === "number";
	return is_whole && typeof filetype === "string" ? { slot, filename, filesize, filetype } : "incorrect-claims";
}

function create_token({ secret, expiry }: UploadSettings, slot: string, wish: Wish): string {
	const { uploader: sub, filename, filesize, filetype } = wish;
	const expires = expiry === Number.POSITIVE_INFINITY ? undefined : now() + expiry;
	return jwt.sign(secret, { sub, slot, expires, filename, filesize, filetype }, token_time, now());
}

/** The reply to who may not upload that. */
function refusal(stanza: st.Stanza, error: HttpError, size_limit: number): st.Stanza {
	const reply = st.error_reply(stanza, error.type, error.condition, error.text);
	if (error === errors.filesize) {
		const element = reply.get_child("error");
		element?.reset();
		element?.tag("file-too-large", { xmlns: namespace }).text_tag("max-file-size", String(size_limit)).up();
	}
	return reply;
}

/** Gives out slots. */
export function load_slots(module: ModuleApi, settings: UploadSettings, uploads: ArchiveStore, usage: Usage): void {
	const { size_limit, global_quota, daily_quota, allowed_types, access } = settings;

	function may_upload({ uploader, filename, filesize, filetype }: Wish): HttpError | undefined {
		const is_listed = access.has(uploader) || access.has(host(uploader));
		if (!is_listed && !module.may(":upload", uploader)) return errors.access;
		// Divergence: names that lead out of a folder, which no client could ask for
		if (filename === undefined || filename.includes("/") || filename === "." || filename === "..") return errors.filename;
		if (filesize === undefined || !Number.isInteger(filesize) || filesize < 0) return errors.filesizefmt;
		if (filesize > size_limit) return errors.filesize;
		if (usage.total !== undefined && usage.total + filesize > global_quota) {
			module.log("warn", "Global storage quota reached, at %s / %s!", bytes_text(usage.total), bytes_text(global_quota));
			return errors.outofdisk;
		}
		const used = usage.of(uploader);
		if (!used.ok) {
			module.log("error", "Could not read what %s has uploaded: %s", uploader, used.error);
			return errors.writefail;
		}
		if (used.value + filesize > daily_quota) return errors.quota;
		return allowed_types.size === 0 || has_type(allowed_types, filetype) ? undefined : errors.filetype;
	}

	function url_of(slot: string, filename: string): string {
		const base = (settings.external_base_url ?? module.http_url()).replace(/\/$/, "");
		return `${base}/${urlencode(slot)}/${urlencode(filename)}`;
	}

	module.hook(`iq-get/host/${namespace}:request`, answer);

	function answer({ origin, stanza }: StanzaEvent): true {
		const asked = stanza.first_tag;
		const uploader = bare(stanza.attr["from"]);
		if (asked === undefined || uploader === undefined) return true;
		const { filename, size, "content-type": filetype = "application/octet-stream" } = asked.attr;
		const filesize = tonumber(size);
		const wish: Wish = { uploader, filename, filesize, filetype };
		const refused = may_upload(wish);
		if (refused !== undefined || filename === undefined || filesize === undefined) {
			origin.send(refusal(stanza, refused ?? errors.filename, size_limit));
			return true;
		}
		module.log("info", "Issuing upload slot to %s for %s", uploader, bytes_text(filesize));
		const slot = uploads.append(undefined, undefined, st.stanza("request", { ...asked.attr }), now(), uploader);
		if (!slot.ok) {
			module.log("error", "Could not store an upload slot: %s", slot.error.text);
			origin.send(refusal(stanza, errors.writefail, size_limit));
			return true;
		}
		usage.add(uploader, filesize);
		const url = url_of(slot.value, filename);
		const reply = st.reply(stanza).tag("slot", { xmlns: namespace });
		reply.tag("get", { url }).up();
		reply.tag("put", { url }).text_tag("header", `Bearer ${create_token(settings, slot.value, wish)}`, { name: "Authorization" });
		origin.send(reply.reset());
		return true;
	}
}
