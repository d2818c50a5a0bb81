// What the types of ws leave out: the two halves of a connection.
import type { Writable } from "node:stream";
import "ws";

declare module "ws" {
	/** Reads frames: emits `message` (data, is_binary), `ping` (data), `pong` (data), `conclude` (code, reason) and `error`. */
	export class Receiver extends Writable {
		constructor(options: {
			/** Reads what a client sends. */
			readonly isServer: boolean;
			/** Most bytes of one message. */
			readonly maxPayload: number;
			/** Most frames of one message. */
			readonly maxFragments: number;
		});
	}
	export const Sender: {
		/** A frame, in pieces. */
		frame(
			data: Buffer,
			options: {
				readonly fin: boolean;
				readonly opcode: number;
				readonly mask: boolean;
				readonly readOnly: boolean;
				readonly rsv1: boolean;
			},
		): Buffer[];
	};
}
