import { describe, expect, it } from "vitest";
import { StreamInput } from "../../../host/core/stream_input.ts";
import type { Connection } from "../../../host/core/types.ts";
import { document_framing } from "../../../host/util/framing.ts";
import { Slices } from "../../../host/util/slices.ts";
import { Turn } from "../../../host/util/turn.ts";

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/** A stream whose stanzas with a name of their own are noted, and held by whoever asks for it. */
function open_stream() {
	const handled: string[] = [];
	let is_read = true;
	let release = (): void => undefined;
	let by: "work" | "handler" | undefined;
	const conn: Pick<Connection, "ondata" | "pause" | "resume" | "destroy" | "ip"> = {
		ondata: () => undefined,
		pause: () => {
			is_read = false;
		},
		resume: () => {
			is_read = true;
		},
		destroy: () => undefined,
		ip: "192.0.2.1",
	};
	const slices = new Slices(new Turn(() => expect.unreachable()));
	// However busy the machine is, nothing is put off
	slices.session_time = 1_000_000;
	const input = new StreamInput(
		conn,
		slices,
		() => undefined,
		document_framing,
		(bytes) => bytes,
		{
			streamopened: () => undefined,
			streamclosed: () => handled.push("closed"),
			handlestanza: (stanza) => {
				handled.push(stanza.attr["id"] ?? "");
				if (by !== undefined) release = input.hold(by);
				input.handled();
			},
			error: (fault) => handled.push(fault.kind),
		},
		{ default_ns: "jabber:client", stanza_size_limit: 1024 * 256 },
	);
	const send = (text: string): void => conn.ondata(Buffer.from(text));
	send(header);
	return {
		input,
		handled,
		send,
		is_read: () => is_read,
		hold(holder: "work" | "handler" | undefined) {
			by = holder;
		},
		release: () => release(),
	};
}

const message = (id: string, size = 0): string => `<message id='${id}'><body>${"x".repeat(size)}</body></message>`;

describe("the input of a session whose handler waits", () => {
	it("ends at once, and what came behind is dropped, also when the handler goes on", () => {
		const stream = open_stream();
		stream.hold("handler");
		stream.send(message("one") + message("two"));
		let ended = 0;
		stream.input.end(() => ended++);
		expect(ended).toBe(1);
		stream.hold(undefined);
		stream.release();
		expect(stream.handled).toEqual(["one"]);
		expect(ended).toBe(1);
	});

	it("is read a little further, and no more than that, until the handler goes on", () => {
		const stream = open_stream();
		stream.hold("handler");
		stream.send(message("first"));
		expect(stream.is_read()).toBe(true);
		let sent = 0;
		while (stream.is_read() && sent < 1000) stream.send(message(`${sent++}`, 1000));
		expect(sent).toBeGreaterThan(10);
		expect(sent).toBeLessThan(100);
		stream.hold(undefined);
		stream.release();
		expect(stream.handled).toHaveLength(sent + 1);
		expect(stream.is_read()).toBe(true);
	});

	it("is read no further in many small pieces", () => {
		const stream = open_stream();
		stream.hold("handler");
		stream.send(message("first"));
		let sent = 0;
		while (stream.is_read() && sent < 10000) {
			stream.send(" ");
			sent++;
		}
		expect(sent).toBeLessThan(2000);
	});

	it("waits at its end for work that ends soon", () => {
		const stream = open_stream();
		stream.hold("work");
		stream.send(message("one") + message("two"));
		expect(stream.is_read()).toBe(false);
		let ended = 0;
		stream.input.end(() => ended++);
		expect(ended).toBe(0);
		stream.hold(undefined);
		stream.release();
		expect(stream.handled).toEqual(["one", "two"]);
		expect(ended).toBe(1);
	});

	it("ends where a handler waits only after the connection's end was seen", () => {
		const stream = open_stream();
		stream.hold("work");
		stream.send(message("one") + message("two") + message("three"));
		let ended = 0;
		stream.input.end(() => ended++);
		stream.hold("handler");
		stream.release();
		expect(stream.handled).toEqual(["one", "two"]);
		expect(ended).toBe(1);
	});
});
