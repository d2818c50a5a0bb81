import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alerts } from "../../../host/net/tls_ciphers.ts";
import { expand_label, KeyStore, type Suite, suite_of } from "../../../host/net/tls_keys.ts";
import { record_length, TlsRecords } from "../../../host/net/tls_records.ts";

const suites = [0x1301, 0x1302, 0x1303].map((number) => {
	const suite = suite_of(number);
	if (suite === undefined) throw new RangeError(`${number} is no suite`);
	return suite;
});
const [aes_128] = suites;
if (aes_128 === undefined) throw new RangeError("there are no suites");

/** What one end hears. */
class Ear {
	readonly data: Buffer[] = [];
	ends = 0;
	readonly failures: { readonly reason: string; readonly alert: number | undefined }[] = [];

	tls_data(bytes: Buffer): void {
		this.data.push(Buffer.from(bytes));
	}

	tls_ended(): void {
		this.ends++;
	}

	tls_failed(reason: string, alert?: number): void {
		this.failures.push({ reason, alert });
	}

	get text(): string {
		return Buffer.concat(this.data).toString();
	}
}

/** Two ends that know each other's secrets. */
function ends(suite: Suite, records_per_key?: number) {
	const secrets = [1, 2].map((seed) => Buffer.alloc(suite.hash_length, seed));
	const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = secrets;
	const exporter = Buffer.alloc(32, 7);
	const store = new KeyStore();
	const [near_ear, far_ear] = [new Ear(), new Ear()];
	const near = new TlsRecords(suite, store, { read: one, write: other, exporter }, near_ear, records_per_key);
	const far = new TlsRecords(suite, store, { read: other, write: one, exporter }, far_ear, records_per_key);
	return { near, far, near_ear, far_ear, store };
}

function text(value: string) {
	return { text: value, is_ascii: Buffer.byteLength(value) === value.length };
}

/** What an end says, as it goes over the wire: in bytes of its own. */
function said_by(end: TlsRecords, ...pieces: Parameters<TlsRecords["protect"]>[0]): Buffer {
	return Buffer.from(end.protect(pieces));
}

/** The records that some bytes are. */
function records_in(wire: Buffer): Buffer[] {
	const records: Buffer[] = [];
	for (let at = 0; at < wire.length; at += records.at(-1)?.length ?? 0) {
		records.push(wire.subarray(at, at + (record_length(wire.subarray(at)) ?? 0)));
	}
	return records;
}

/** A record as the far end would send it, whatever its content. */
function record_of(far: TlsRecords, type: number, data: Uint8Array): Buffer {
	const record: unknown = Reflect.apply(Reflect.get(far, "record"), far, [type, data]);
	return Buffer.isBuffer(record) ? record : Buffer.alloc(0);
}

describe("keys of TLS 1.3", () => {
	it("come from the secrets as in RFC 8448 §3", () => {
		const hex = (value: string): Buffer => Buffer.from(value.replaceAll(" ", ""), "hex");
		const secret = hex("a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43");
		expect(expand_label("sha256", secret, "key", 16)).toEqual(hex("9f 02 28 3b 6c 9c 07 ef c2 6b b9 f2 ac 92 e3 56"));
		expect(expand_label("sha256", secret, "iv", 12)).toEqual(hex("cf 78 2b 88 dd 83 54 9a ad f1 e9 84"));
	});

	it("are forgotten when a connection is gone, and their place is used again", () => {
		const { near, far, store } = ends(aes_128);
		far.close();
		near.close();
		const place = store.take();
		expect(place.slab.every((byte) => byte === 0)).toBe(true);
		expect(near.protect([text("never said")])).toHaveLength(0);
		near.close();
		expect(store.take()).not.toBe(place);
	});
});

describe.each(suites)("records with $info.cipher", (suite) => {
	it("bring what was said, however it is cut", () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.string({ maxLength: 3 }), fc.uint8Array()), { maxLength: 8 }),
				fc.integer({ min: 1, max: 40 }),
				(said, size) => {
					const { near, far, near_ear } = ends(suite);
					const wire = said_by(far, ...said.map((item) => (typeof item === "string" ? text(item) : item)));
					for (let at = 0; at < wire.length; at += size) near.read(wire.subarray(at, at + size));
					expect(near_ear.failures).toEqual([]);
					expect(Buffer.concat(near_ear.data)).toEqual(Buffer.concat(said.map((item) => Buffer.from(item))));
				},
			),
			{ numRuns: 60 },
		);
	});

	it("carry no more than 16 KiB each", () => {
		const { near, far, near_ear } = ends(suite);
		const said = "0123456789".repeat(10_000);
		const wire = said_by(far, text(said), Buffer.from(said), text(`${said}ü`));
		const records = records_in(wire);
		expect(records).toHaveLength(19);
		for (const record of records) expect(record.length).toBeLessThanOrEqual(5 + 16_384 + 17);
		near.read(wire);
		expect(near_ear.text).toBe(`${said}${said}${said}ü`);
	});

	it("are refused where one bit differs, one is missing or comes twice", () => {
		fc.assert(
			fc.property(fc.nat(), (bit) => {
				const { near, far, near_ear } = ends(suite);
				const wire = said_by(far, text("a secret"));
				// The length decides where a record ends, and more may follow
				const at = bit % (wire.length * 8);
				if (at >> 3 === 3 || at >> 3 === 4) return;
				wire[at >> 3] = (wire[at >> 3] ?? 0) ^ (1 << (at & 7));
				near.read(wire);
				expect(near_ear.data).toEqual([]);
				expect(near_ear.failures).toHaveLength(1);
				expect(near_ear.failures[0]?.alert).toBeGreaterThan(0);
			}),
			{ numRuns: 200 },
		);
		const [first, second] = [1, 2].map((number) => text(`number ${number}`));
		const replay = ends(suite);
		const once = said_by(replay.far, first ?? text(""));
		replay.near.read(Buffer.concat([once, once]));
		expect(replay.near_ear.text).toBe("number 1");
		expect(replay.near_ear.failures[0]?.alert).toBe(alerts.bad_record_mac);
		const gap = ends(suite);
		gap.far.protect([first ?? text("")]);
		gap.near.read(said_by(gap.far, second ?? text("")));
		expect(gap.near_ear.data).toEqual([]);
		expect(gap.near_ear.failures[0]?.alert).toBe(alerts.bad_record_mac);
	});

	it("go on with new keys where the other end wants that, and after many records", () => {
		const { near, far, near_ear, far_ear } = ends(suite, 3);
		for (let number = 0; number < 20; number++) {
			near.read(said_by(far, text(`${number} `)));
			far.read(said_by(near, text(`${number} `)));
		}
		const all = Array.from({ length: 20 }, (_, number) => `${number} `).join("");
		expect([near_ear.text, far_ear.text]).toEqual([all, all]);
		// "update_requested"
		near.read(record_of(far, 22, Uint8Array.of(24, 0, 0, 1, 1)));
		expect(near_ear.failures).toEqual([]);
		far.read(said_by(near, text("after")));
		expect(far_ear.text).toBe(`${all}after`);
	});
});

describe("the other end", () => {
	it("ends its side, and what comes after that is not read", () => {
		const { near, far, near_ear } = ends(aes_128);
		near.read(Buffer.concat([said_by(far, text("bye")), far.alert(alerts.close_notify), said_by(far, text("and?"))]));
		expect(near_ear.text).toBe("bye");
		expect(near_ear.ends).toBe(1);
		expect(near_ear.failures).toEqual([]);
	});

	it("is answered once and with data, however often it asks for other keys", () => {
		const { near, far, near_ear, far_ear } = ends(aes_128);
		for (let round = 0; round < 100; round++) {
			near.read(record_of(far, 22, Uint8Array.of(24, 0, 0, 1, 1)));
			Reflect.apply(Reflect.get(far, "change_key"), far, []);
			// The far end's number and key go on without what it would have said of it
			near.read(said_by(far, text("x")));
		}
		expect(near_ear.failures).toEqual([]);
		expect(near_ear.text).toBe("x".repeat(100));
		const wire = said_by(near, text("answer"));
		expect(records_in(wire)).toHaveLength(2);
		far.read(wire);
		far.read(said_by(near, text(" and more")));
		expect(far_ear.failures).toEqual([]);
		expect(far_ear.text).toBe("answer and more");
	});

	it("is not read any more after its end or its fault, also where more comes later", () => {
		const ended = ends(aes_128);
		ended.near.read(ended.far.alert(alerts.close_notify));
		ended.near.read(Buffer.concat([said_by(ended.far, text("and?")), ended.far.alert(alerts.close_notify)]));
		expect(ended.near_ear).toMatchObject({ data: [], ends: 1, failures: [] });
		const faulty = ends(aes_128);
		faulty.near.read(Buffer.from([23, 3, 3, 0, 17, ...Array<number>(17).fill(1)]));
		faulty.near.read(said_by(faulty.far, text("and?")));
		expect(faulty.near_ear).toMatchObject({ data: [], failures: [{ alert: alerts.bad_record_mac }] });
	});

	it.each([
		["another alert", 21, [2, alerts.internal_error], undefined],
		["half an alert", 21, [2], alerts.decode_error],
		["a message of a new handshake", 22, [1, 0, 0, 0], alerts.unexpected_message],
		["an empty message of the handshake", 22, [], alerts.unexpected_message],
		["two changes of keys at once", 22, [24, 0, 0, 1, 0, 24, 0, 0, 1, 0], alerts.unexpected_message],
		["a change of keys that is none", 22, [24, 0, 0, 1, 2], alerts.decode_error],
		["a change of ciphers", 20, [1], alerts.unexpected_message],
		["nothing but padding", 0, [0, 0, 0], alerts.unexpected_message],
	])("is told of %s", (_, type, data, alert) => {
		const { near, far, near_ear } = ends(aes_128);
		near.read(Buffer.concat([record_of(far, type, Uint8Array.from(data)), said_by(far, text("and more"))]));
		expect(near_ear.data).toEqual([]);
		expect(near_ear.failures.map((failure) => failure.alert)).toEqual([alert]);
	});

	it("may pad what it says, cut a change of keys in two, and be slow", () => {
		const { near, far, near_ear } = ends(aes_128);
		near.read(record_of(far, 0, Buffer.from("padded\u0017\0\0\0")));
		near.read(record_of(far, 22, Uint8Array.of(24, 0)));
		near.read(record_of(far, 22, Uint8Array.of(0, 1, 0)));
		expect(near_ear.failures).toEqual([]);
		expect(near_ear.text).toBe("padded");
	});

	it.each([
		["a record without protection", [22, 3, 3, 0, 40, ...Array<number>(40).fill(1)], alerts.unexpected_message],
		["a record that is too long", [23, 3, 3, 0x41, 1], alerts.record_overflow],
		["a record that is too short", [23, 3, 3, 0, 16, ...Array<number>(16).fill(1)], alerts.decode_error],
		["another version", [23, 2, 0, 0, 40, ...Array<number>(40).fill(1)], alerts.protocol_version],
	])("is told of %s", (_, bytes, alert) => {
		const { near, near_ear } = ends(aes_128);
		near.read(Buffer.from(bytes));
		expect(near_ear.failures.map((failure) => failure.alert)).toEqual([alert]);
	});

	it("is told of content that is too long", () => {
		const { near, far, near_ear } = ends(aes_128);
		near.read(record_of(far, 23, Buffer.alloc(16_385)));
		expect(near_ear.failures[0]?.alert).toBe(alerts.record_overflow);
	});

	it.each([
		["empty records", 23, []],
		["alerts without effect", 21, [1, alerts.user_canceled]],
	])("does not keep the server busy with %s", (_, type, data) => {
		const { near, far, near_ear } = ends(aes_128);
		for (let round = 0; round < 2; round++) {
			for (let count = 0; count < 32; count++) near.read(record_of(far, type, Uint8Array.from(data)));
			near.read(said_by(far, text("x")));
		}
		expect(near_ear.failures).toEqual([]);
		expect(near_ear.text).toBe("xx");
		for (let count = 0; count < 33; count++) near.read(record_of(far, type, Uint8Array.from(data)));
		expect(near_ear.failures[0]?.alert).toBe(alerts.unexpected_message);
	});

	it("hears nothing more once its connection is closed in the midst of what it said", () => {
		const { near, far, near_ear } = ends(aes_128);
		near_ear.tls_data = () => near.close();
		near.read(Buffer.concat([said_by(far, text("one")), said_by(far, text("two"))]));
		expect(near_ear.failures).toEqual([]);
	});
});
