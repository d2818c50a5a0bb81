// Counterpart: LuaSec's ssl.lua and x509.c, as far as modules look at certificates. Connections are encrypted by the host.

import { X509Certificate } from "node:crypto";
import { certificate_value } from "../certificate.ts";
import type { LuaContext } from "../context.ts";
import { type Arguments, make_library, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";

/** Reads a certificate in PEM; nil and the reason for anything else. */
function load(host: LuaContext, args: Arguments): TValue | readonly TValue[] {
	const text = text_at(args, 1, "load");
	try {
		return certificate_value(host, new X509Certificate(text));
	} catch (error) {
		return [nil, string_value(error instanceof Error ? error.message : String(error))];
	}
}

/** `ssl.x509`. */
export function x509_certificates_library(host: LuaContext): TValue {
	return make_library(host.vm, { load: (args) => load(host, args) });
}

/** `ssl`. */
export function ssl_library(host: LuaContext): TValue {
	const refused = (): readonly TValue[] => [nil, string_value("connections are encrypted by the server, not by a module")];
	return make_library(host.vm, {
		_VERSION: string_value("1.3.2"),
		loadcertificate: (args) => load(host, args),
		newcontext: refused,
		wrap: refused,
		x509: host.libraries.get("ssl.x509"),
		config: {},
	});
}
