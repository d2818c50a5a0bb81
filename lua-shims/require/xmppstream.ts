// Counterpart: util/xmppstream.lua

import type { Attributes } from "../../host/util/stanza.ts";
import { xml_escape } from "../../host/util/stanza.ts";
import { type StreamFault, stream_header, XmppStream } from "../../host/util/xmppstream.ts";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	boolean_value,
	bytes_at,
	is_none,
	is_string,
	is_true,
	kept,
	make_library,
	number_at,
	optional_number_at,
	optional_text_at,
	table_at,
} from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { is_function, nil, string_value } from "../vm/live_table.ts";

const separator = "\u0001";
const default_size_limit = 1024 * 1024;

/** One stream that Lua reads. */
class LuaStream {
	private stream: XmppStream | undefined;
	private fault: string | undefined;
	private is_new = true;

	/**
	 * @param session what the callbacks get first
	 * @param callbacks a table with them, and with the names of the stream
	 */
	constructor(
		private readonly host: LuaContext,
		private session: TValue,
		private readonly callbacks: TValue,
		private size_limit: number,
	) {}

	private option(name: string): string | undefined {
		const value = this.host.vm.index(this.callbacks, string_value(name));
		return is_string(value) ? optional_text_at([value], 1, name) : undefined;
	}

	private call(name: string, ...args: readonly TValue[]): void {
		const { vm } = this.host;
		const callback = vm.index(this.callbacks, string_value(name));
		if (is_function(callback)) vm.call(callback, [this.session, ...args]);
		else if (name === "error") {
			const [kind = nil, data] = args;
			throw new Error(`XML stream error: ${vm.to_string(kind)}${is_none(data) ? "" : `: ${vm.to_string(data)}`}`);
		}
	}

	/** Reports an error; errors of the XML itself are returned by {@link feed}. */
	private refuse(fault: StreamFault): void {
		switch (fault.kind) {
			case "no-stream":
				this.call("error", string_value("no-stream"), string_value(`${fault.xmlns}${separator}${fault.name}`));
				this.fault = "no-stream";
				break;
			case "stream-error":
				this.call("error", string_value("stream-error"), this.host.border.to_lua(fault.stanza));
				break;
			case "stanza-too-large":
			case "wrong-content":
				this.fault = fault.kind;
				break;
			case "restricted-xml":
				this.call("error", string_value("parse-error"), string_value("restricted-xml"), string_value(fault.text));
				this.fault = fault.text;
				break;
			default:
				this.fault = fault.text;
		}
	}

	private start(): XmppStream {
		const { vm, border } = this.host;
		const stream_ns = this.option("stream_ns");
		const stream_tag = this.option("stream_tag") ?? "stream";
		let is_silent = false;
		const stream = new XmppStream(
			{
				streamopened: (attr: Attributes) => {
					if (is_silent) is_silent = false;
					else this.call("streamopened", border.deep_table({ ...attr }));
				},
				streamclosed: () => this.call("streamclosed"),
				handlestanza: (stanza) => this.call("handlestanza", border.to_lua(stanza)),
				error: (fault) => this.refuse(fault),
			},
			{
				default_ns: this.option("default_ns") ?? "",
				...(stream_ns === undefined ? {} : { stream_ns }),
				stream_tag,
				any_content: true,
				stanza_size_limit: this.size_limit,
			},
		);
		if (!is_true(vm.index(this.session, string_value("notopen")))) {
			// the header came in another way: stanzas are next
			is_silent = true;
			const prefixed = `<s:${stream_tag} xmlns:s='${xml_escape(stream_ns ?? "http://etherx.jabber.org/streams")}' xmlns='${xml_escape(this.option("default_ns") ?? "")}'>`;
			stream.feed(Buffer.from(prefixed));
		}
		return stream;
	}

	feed(data: Buffer): readonly TValue[] {
		if (this.is_new) {
			this.is_new = false;
			this.stream = this.start();
		}
		this.stream?.feed(data);
		return this.fault === undefined ? [boolean_value(true), nil] : [nil, string_value(this.fault)];
	}

	/** Expects a new header. */
	reset(): void {
		this.fault = undefined;
		if (this.stream === undefined || this.stream.is_stopped) this.is_new = true;
		else this.stream.reset();
	}

	set_session(session: TValue): void {
		this.session = session;
	}

	set_size_limit(limit: number): void {
		this.size_limit = limit;
		this.stream?.set_stanza_size_limit(limit);
	}
}

/** `session.open_stream`, as a stream puts it on its session: sends the header. */
function open_stream(host: LuaContext, callbacks: TValue) {
	const { vm } = host;
	return (args: Arguments): TValue => {
		const session = table_at(args, 1, "open_stream");
		const field = (name: string): TValue => vm.index(session, string_value(name));
		const text = (value: TValue | undefined): string | undefined =>
			is_string(value) ? optional_text_at([value], 1, "") : undefined;
		const version = field("version");
		const send = [field("sends2s"), field("send")].find(is_function);
		const default_ns = vm.index(callbacks, string_value("default_ns"));
		const header = stream_header({
			xmlns: text(default_ns) ?? "",
			from: text(args[1]) ?? text(field("host")),
			to: text(args[2]),
			id: text(field("streamid")) ?? "",
			version: typeof version.value === "number" && version.value > 0 ? "1.0" : undefined,
		});
		if (send) vm.call(send, [string_value(header)]);
		return boolean_value(true);
	};
}

/** `util.xmppstream`, over the host's own reader of streams. */
export function xmppstream_library(host: LuaContext): TValue {
	const { vm } = host;
	return make_library(host.vm, {
		ns_separator: string_value(separator),
		ns_pattern: string_value(`^([^${separator}]*)${separator}?(.*)$`),
		new(args) {
			const session = table_at(args, 1, "new");
			const callbacks = table_at(args, 2, "new");
			const stream = new LuaStream(host, session, callbacks, optional_number_at(args, 3, "new", default_size_limit));
			vm.set_index(session, string_value("open_stream"), vm.native(open_stream(host, callbacks)));
			return make_library(host.vm, {
				feed: (given) => stream.feed(bytes_at(given, 2, "feed")),
				reset() {
					stream.reset();
					return undefined;
				},
				set_session(given) {
					stream.set_session(kept(given[1]));
					return undefined;
				},
				set_stanza_size_limit(given) {
					stream.set_size_limit(number_at(given, 2, "set_stanza_size_limit"));
					return undefined;
				},
			});
		},
	});
}
