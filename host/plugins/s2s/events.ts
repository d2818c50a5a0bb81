// Counterpart: plugins/mod_s2s.lua (events)

import type { X509Certificate } from "node:crypto";
import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { Stanza } from "../../core/types.ts";
import type { Target } from "../../util/resolver.ts";

interface StreamEvent {
	session: ServerStreamSession;
}

declare module "../../core/types.ts" {
	interface EventMap {
		/** A way to another server is wanted, to which there is no connection yet. */
		"s2sout-created": StreamEvent;
		/** A stream with another server has begun, in either direction. */
		"s2s-created": StreamEvent;
		"s2s-connected": StreamEvent;
		"s2sin-connected": StreamEvent;
		"s2sout-connected": StreamEvent;
		/** The same, before that one and on the server's own bus: for what takes the place of the look-up. Not fired by Prosody. */
		"s2sout-targets": { to_host: string; targets: Target[] };
		/** Where another server is was looked up; handlers may change it. */
		"s2sout-pre-connect": StreamEvent & { from_host: string; to_host: string; targets: Target[] };
		/** The stream is encrypted: is the certificate good enough? False where the stream was closed for it. Priorities as in Prosody. */
		"s2s-check-certificate": StreamEvent & { host: string | undefined; cert: X509Certificate | undefined };
		/** Features for a server that connected to us. */
		"s2s-stream-features": { origin: ServerStreamSession; features: Stanza };
		/** Another server of a version before XMPP 1.0 gives no features. */
		"s2sout-authenticate-legacy": { origin: ServerStreamSession };
		/** A stream has proved that it is of a domain. */
		"s2s-authenticated": StreamEvent & { host: string; mechanism: string };
		"s2sin-established": StreamEvent;
		"s2sout-established": StreamEvent;
		/** A stream is over, whatever became of it; the other two come only for those that had proved who they are. */
		"s2s-destroyed": StreamEvent & { reason: string | undefined };
		"s2sin-destroyed": StreamEvent & { reason: string | undefined };
		"s2sout-destroyed": StreamEvent & { reason: string | undefined };
		"s2s-closed": StreamEvent;
		/** Another server took all that had to wait for it. */
		"s2s-ondrain": StreamEvent;
		/** What another server is sent is about to go out; more can be added to it. */
		"s2s-pre-ondrain": StreamEvent;
		/** What is said with the wish for one stream in both directions, in place of features. */
		"s2sout-stream-features": { origin: ServerStreamSession; features: Stanza };
		/** Another server was silent for `network_settings.read_timeout`; the connection lives on where a handler answers true. */
		"s2s-read-timeout": StreamEvent;
	}
}
