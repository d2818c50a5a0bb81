// Counterpart: plugins/mod_s2s.lua (events)

import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { Stanza } from "../../core/types.ts";
import type { Target } from "../../util/resolver.ts";

interface StreamEvent {
	session: ServerStreamSession;
}

declare module "../../core/types.ts" {
	interface EventMap {
		/** A stream with another server has begun, in either direction. */
		"s2s-created": StreamEvent;
		"s2s-connected": StreamEvent;
		"s2sin-connected": StreamEvent;
		"s2sout-connected": StreamEvent;
		/** Where another server is was looked up; handlers may change it. */
		"s2sout-pre-connect": { from_host: string; to_host: string; targets: Target[] };
		/** The stream is encrypted: is the certificate good enough? False where the stream was closed for it. Priorities as in Prosody. */
		"s2s-check-certificate": StreamEvent & { host: string | undefined };
		/** Features for a server that connected to us. */
		"s2s-stream-features": { origin: ServerStreamSession; features: Stanza };
		/** Another server of a version before XMPP 1.0 gives no features. */
		"s2sout-authenticate-legacy": { origin: ServerStreamSession };
		/** A stream has proved that it is of a domain. */
		"s2s-authenticated": StreamEvent & { host: string; mechanism: string };
		"s2sin-established": StreamEvent;
		"s2sout-established": StreamEvent;
		"s2sin-destroyed": StreamEvent & { reason: string | undefined };
		"s2sout-destroyed": StreamEvent & { reason: string | undefined };
		"s2s-closed": StreamEvent;
		/** Another server was silent for `network_settings.read_timeout`; the connection lives on where a handler answers true. */
		"s2s-read-timeout": StreamEvent;
	}
}
