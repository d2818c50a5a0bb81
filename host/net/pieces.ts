// Counterpart: net/server_epoll.lua (onwriteable)

import type { Duplex } from "node:stream";
import type { Piece } from "../util/out_buffer.ts";

/** Writes text or bytes to a stream. */
export function write_piece(stream: Duplex, piece: Piece, written?: () => void): void {
	if (piece instanceof Uint8Array) stream.write(piece, written);
	// To copy bytes is quicker than to encode characters
	else stream.write(piece.text, piece.is_ascii ? "latin1" : "utf8", written);
}

/** Writes several pieces in one go. */
export function write_pieces(stream: Duplex, pieces: readonly Piece[]): void {
	if (pieces.length > 1) stream.cork();
	for (const piece of pieces) write_piece(stream, piece);
	if (pieces.length > 1) stream.uncork();
}
