// No counterpart: OpenSSL does the handshake and then steps back.

import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { TlsContext } from "../core/types.ts";
import { channel_binding } from "./channel_binding.ts";
import { chosen_suite } from "./client_hello.ts";
import { type TlsInfo, type TlsNames, tls_names } from "./tls.ts";
import { content } from "./tls_ciphers.ts";
import { type KeyStore, type Suite, suite_of } from "./tls_keys.ts";
import { is_record_head, type RecordOwner, record_length, TlsRecords } from "./tls_records.ts";

/** What the secrets of both directions are called in a log of keys, seen from the side that accepted (RFC 8446 §7.1). */
const secret_names = { read: "CLIENT_TRAFFIC_SECRET_0", write: "SERVER_TRAFFIC_SECRET_0" } as const;

/** What is known of a connection once both ends agree. */
export interface Agreed {
	readonly records: TlsRecords;
	readonly info: TlsInfo;
	readonly names: TlsNames;
	/** The binding of that name to the server's certificate. */
	readonly end_point: Buffer | undefined;
}

/** Who is told of what becomes of a handshake. */
export interface HandshakeOwner extends RecordOwner {
	/**
	 * Both ends agree.
	 * @param rest what the other end has sent since
	 */
	tls_agreed(agreed: Agreed, rest: Buffer): void;
	/** Bytes have to be sent. */
	tls_send(bytes: Buffer): void;
	/**
	 * OpenSSL has to go on with this connection: nothing was sent yet.
	 * @param said what the other end has sent
	 */
	tls_unsuitable(said: Buffer): void;
}

/** Whether the server can go on without OpenSSL: not where it asks for certificates, and not before TLS 1.3. */
export function may_step_back({ options, verification }: TlsContext): boolean {
	return verification === undefined && options.requestCert !== true && options.maxVersion === "TLSv1.3";
}

/** What OpenSSL reads and writes while the handshake lasts. */
class Between extends Duplex {
	constructor(private readonly written: (bytes: Buffer) => void) {
		super();
	}

	/** OpenSSL reads this before it returns. */
	bring(bytes: Buffer): void {
		this.emit("data", bytes);
	}

	override _read(): void {}

	override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
		this.written(bytes);
		done();
	}
}

/**
 * The handshake of TLS 1.3 on a connection that was accepted. OpenSSL does it, certificate, names and protocols included; once both
 * ends agree, {@link TlsRecords} goes on with the keys, and what OpenSSL keeps for the connection is given back.
 *
 * Records come to OpenSSL one by one, so that those after the handshake do not. It may still send tickets then; how many is seen by
 * asking it for the end of the connection, which comes last and stays here.
 */
export class TlsHandshake {
	private readonly between: Between;
	private readonly tls: TLSSocket;
	private readonly secrets = new Map<string, Buffer>();
	private suite: Suite | undefined;
	private agreed: Agreed | undefined;
	private state: "begun" | "goes on" | "agreed" | "over" = "begun";
	/** What came and is not handled yet. */
	private unread: Buffer;
	/** What OpenSSL writes in answer to one record, and after both ends agree. */
	private written: Buffer[] = [];
	private is_answering = false;
	/** The beginning of a record that OpenSSL has written. */
	private unsent = Buffer.alloc(0);

	/** @param said the other end's first message, as far as it came */
	constructor(
		private readonly context: TlsContext,
		private readonly keys: KeyStore,
		private readonly said: Buffer,
		private readonly owner: HandshakeOwner,
	) {
		this.unread = said;
		this.between = new Between((bytes) => this.openssl_wrote(bytes));
		this.tls = new TLSSocket(this.between, { ...context.options, isServer: true });
		this.tls.on("keylog", (line: Buffer) => {
			const [name, , secret] = line.toString("latin1").trim().split(" ");
			if (name !== undefined && secret !== undefined) this.secrets.set(name, Buffer.from(secret, "hex"));
		});
		this.tls.on("secure", () => this.carefully(() => this.agree()));
		this.tls.on("_tlsError", (error: Error) => this.fail(error.message));
		this.tls.on("error", (error: Error) => this.fail(error.message));
	}

	/** Takes bytes that came since. */
	read(bytes: Buffer): void {
		this.unread = this.unread.length === 0 ? bytes : Buffer.concat([this.unread, bytes]);
		this.go_on();
	}

	/** Hands OpenSSL what came. */
	go_on(): void {
		while (this.state === "begun" || this.state === "goes on") {
			const length = record_length(this.unread);
			if (length === undefined) return;
			const is_record = is_record_head(this.unread);
			if (is_record && this.unread.length < length) return;
			// OpenSSL knows what to answer to anything else
			const record = this.unread.subarray(0, is_record ? length : undefined);
			this.unread = this.unread.subarray(record.length);
			this.is_answering = true;
			this.between.bring(record);
			this.is_answering = false;
			this.carefully(() => this.answered());
			// Not before OpenSSL has written its tickets
			if (this.agreed !== undefined) this.tls.end();
		}
	}

	/** Gives up what OpenSSL keeps for the connection. */
	close(): void {
		if (this.state === "over") return;
		this.agreed?.records.close();
		this.end();
	}

	private end(): void {
		this.state = "over";
		this.forget_secrets();
		// OpenSSL may be in the middle of writing
		setImmediate(() => {
			this.tls.destroy();
			this.between.destroy();
		});
	}

	private forget_secrets(): void {
		for (const secret of this.secrets.values()) secret.fill(0);
		this.secrets.clear();
	}

	private fail(reason: string): void {
		if (this.state === "over") return;
		this.close();
		this.owner.tls_failed(reason);
	}

	private agree(): void {
		const { suite, context, keys } = this;
		const [read, write] = [this.secrets.get(secret_names.read), this.secrets.get(secret_names.write)];
		const { tls } = this;
		const exporter = channel_binding(tls, "tls-exporter");
		if (suite === undefined || read === undefined || write === undefined || exporter === undefined) {
			this.fail("the keys are not known");
			return;
		}
		const end_point = keys.end_point(context, () => channel_binding(tls, "tls-server-end-point"));
		this.agreed = {
			records: new TlsRecords(suite, keys, { read, write, exporter }, this.owner),
			info: suite.info,
			names: tls_names(tls),
			end_point,
		};
		this.forget_secrets();
		this.state = "agreed";
	}

	private openssl_wrote(bytes: Buffer): void {
		if (this.state === "over") return;
		this.written.push(bytes);
		if (!this.is_answering) this.carefully(() => this.answered());
	}

	/** What goes wrong here ends this connection, and no other. */
	private carefully(work: () => void): void {
		try {
			work();
		} catch (error) {
			this.fail(error instanceof Error ? error.message : String(error));
		}
	}

	/** OpenSSL has written what it writes for now. */
	private answered(): void {
		if (this.state === "over" || this.written.length === 0) return;
		const bytes = Buffer.concat(this.written);
		this.written = [];
		if (this.state === "begun" && bytes[0] === content.handshake) {
			const number = chosen_suite(bytes);
			this.suite = number === undefined ? undefined : suite_of(number);
			if (this.suite === undefined) {
				this.close();
				this.owner.tls_unsuitable(this.said);
				return;
			}
			this.state = "goes on";
		}
		if (this.agreed === undefined) this.owner.tls_send(bytes);
		else this.hand_over(bytes, this.agreed);
	}

	/** Sends what OpenSSL still has to say, and then needs it no more. */
	private hand_over(bytes: Buffer, agreed: Agreed): void {
		this.unsent = Buffer.concat([this.unsent, bytes]);
		for (;;) {
			const length = record_length(this.unsent);
			if (length === undefined || this.unsent.length < length) return;
			const record = this.unsent.subarray(0, length);
			this.unsent = this.unsent.subarray(length);
			if (agreed.records.is_last_of_openssl(record)) {
				this.end();
				this.owner.tls_agreed(agreed, this.unread);
				return;
			}
			this.owner.tls_send(record);
		}
	}
}
