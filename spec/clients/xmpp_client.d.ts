/** What spec/clients/xmpp_js.ts uses of https://www.npmjs.com/package/@xmpp/client, which has no types of its own. */
declare module "@xmpp/client" {
	import type { EventEmitter } from "node:events";
	import type { Element } from "ltx";

	export interface Options {
		/** URI of the server to connect to. */
		readonly service: string;
		readonly domain: string;
		readonly username: string;
		readonly password: string;
		readonly resource?: string;
		/** How long the server may take to open and close a stream, in milliseconds. */
		readonly timeout?: number;
	}

	/** Events: `stanza` with an Element, `error` with an Error, and others. */
	export interface Client extends EventEmitter {
		readonly reconnect: { stop(): void };
		/** Whether the stream is encrypted. */
		isSecure(): boolean;
		/** Logs in; answers with the full JID. */
		start(): Promise<{ toString(): string }>;
		stop(): Promise<unknown>;
		send(element: Element): Promise<void>;
	}

	export function client(options: Options): Client;
	export function xml(name: string, attrs?: Readonly<Record<string, string>>, ...children: (Element | string)[]): Element;
}
