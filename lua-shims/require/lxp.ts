// Counterpart: LuaExpat's lxplib.c

import { Utf8Decoder } from "../../host/util/utf8_decoder.ts";
import { TooManyAttributes, XmlError } from "../../host/util/xml_errors.ts";
import { Namespaces } from "../../host/util/xml_namespaces.ts";
import { XmlTokenizer } from "../../host/util/xml_tokenizer.ts";
import type { LuaContext } from "../context.ts";
import { type Arguments, boolean_value, bytes_at, is_none, make_library, optional_text_at, table_at } from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { is_function, nil, number_value, string_value, tags } from "../vm/live_table.ts";

const attribute_limit = 1000;
const depth_limit = 500;

/** One document that Lua reads. Comments, processing instructions and document types are refused, as anywhere in XMPP. */
class Parser {
	private readonly tokenizer: XmlTokenizer;
	private readonly namespaces: Namespaces | undefined;
	private readonly decoder = new Utf8Decoder();
	private readonly open: string[] = [];
	private pending = "";
	private failed: string | undefined;
	private stopped = false;
	/** The first argument of the handlers. */
	value: TValue = nil;
	/** How many bytes the current event has. */
	bytes = 0;

	/**
	 * @param callbacks functions by expat's names
	 * @param separator comes between a namespace and a name; without one, namespaces are not handled
	 */
	constructor(
		private readonly host: LuaContext,
		private readonly callbacks: TValue,
		private readonly separator: string | undefined,
	) {
		this.namespaces = separator === undefined ? undefined : new Namespaces();
		this.tokenizer = new XmlTokenizer(attribute_limit);
	}

	private tell(name: string, ...args: readonly TValue[]): void {
		if (this.stopped) return;
		const { vm } = this.host;
		const callback = vm.index(this.callbacks, string_value(name));
		if (is_function(callback)) vm.call(callback, [this.value, ...args]);
	}

	private tell_text(): void {
		const { pending } = this;
		this.pending = "";
		if (pending !== "") this.tell("CharacterData", string_value(pending));
	}

	private qualified(xmlns: string, name: string): string {
		return xmlns === "" ? name : `${xmlns}${this.separator}${name}`;
	}

	private element_opens(): void {
		const { name: written, attributes } = this.tokenizer;
		if (this.open.length >= depth_limit) throw new XmlError(`more than ${depth_limit} levels`);
		this.tell_text();
		this.bytes = this.tokenizer.bytes;
		const { vm } = this.host;
		const attr = vm.new_table();
		let count = 0;
		const add = (name: string, value: string): void => {
			vm.raw_set(attr, ++count, string_value(name));
			vm.raw_set(attr, name, string_value(value));
		};
		let name = written;
		if (this.namespaces) {
			const resolved = this.namespaces.open(written, attributes);
			name = this.qualified(resolved.xmlns, resolved.name);
			for (const [key, value] of Object.entries(resolved.attr)) {
				const known = key.startsWith("xml:") ? `http://www.w3.org/XML/1998/namespace\u0001${key.slice(4)}` : key;
				add(known.replace("\u0001", this.separator ?? ""), value ?? "");
			}
		} else {
			for (let index = 0; index < attributes.length; index += 2) add(attributes[index] ?? "", attributes[index + 1] ?? "");
		}
		this.open.push(name);
		this.tell("StartElement", string_value(name), new TValue(tags.table, attr));
	}

	private element_closes(): void {
		this.tell_text();
		this.bytes = this.tokenizer.bytes;
		this.namespaces?.close();
		this.tell("EndElement", string_value(this.open.pop() ?? ""));
	}

	private problem(text: string): readonly TValue[] {
		this.failed = text;
		return [nil, string_value(text), number_value(1), number_value(1), number_value(1)];
	}

	private read(): void {
		while (!this.stopped) {
			const token = this.tokenizer.next();
			if (token === undefined) return;
			if (token === "open") this.element_opens();
			else if (token === "close") this.element_closes();
			else {
				this.bytes = this.tokenizer.bytes;
				this.pending += this.tokenizer.text;
			}
		}
	}

	/** Reads a piece; nil is the end of the document. */
	parse(data: Buffer | undefined): TValue | readonly TValue[] {
		if (this.failed !== undefined) return this.problem(this.failed);
		try {
			if (data === undefined) {
				this.tell_text();
				return this.tokenizer.is_complete ? this.host.border.to_lua(true) : this.problem("no element found");
			}
			const text = this.decoder.decode(data);
			if (text === undefined) return this.problem("not well-formed (invalid token)");
			this.tokenizer.write(text);
			this.read();
			this.tell_text();
		} catch (error) {
			if (error instanceof XmlError || error instanceof TooManyAttributes) return this.problem(error.message);
			throw error;
		}
		return this.stopped ? this.problem("parsing aborted") : this.value;
	}

	stop(): void {
		this.stopped = true;
	}
}

/** `lxp`: documents piece by piece. */
export function lxp_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		_VERSION: string_value("LuaExpat 1.5.1"),
		new(args: Arguments) {
			const callbacks = table_at(args, 1, "new");
			const separator = optional_text_at(args, 2, "new");
			const parser = new Parser(host, callbacks, separator);
			parser.value = make_library(host.vm, {
				parse: (given) => parser.parse(is_none(given[1]) ? undefined : bytes_at(given, 2, "parse")),
				close: () => parser.value,
				stop() {
					parser.stop();
					return boolean_value(true);
				},
				getcallbacks: () => callbacks,
				getcurrentbytecount: () => number_value(parser.bytes),
				pos: () => [number_value(1), number_value(1), number_value(1)],
				setencoding: () => boolean_value(true),
			});
			return parser.value;
		},
	});
}
