// Counterpart: net/http/server.lua (the event table with wildcards)

import type { HttpEventMap } from "../../core/types/http.ts";
import { Events, type Handler } from "../../util/events.ts";

interface Candidate {
	readonly handler: Handler<unknown>;
	/** The more slashes, the closer to the request. */
	readonly slashes: number;
	readonly is_exact: boolean;
}

function is_wildcard(name: string): boolean {
	return name.endsWith("/*");
}

function count_slashes(name: string): number {
	return name.split("/").length - 1;
}

/**
 * A bus whose events `METHOD path/*` get every request below that path. A longer name goes first, then the one without wildcard, and
 * only among equals does the priority count. So a handler of one path is before those of folders above it, whatever they ask for.
 */
export class HttpEvents extends Events<HttpEventMap> {
	override get_handlers(name: string): readonly Handler<unknown>[] {
		// Else a request for the path `/*` itself would be all requests.
		if (is_wildcard(name)) return [];
		if (!name.includes(" ")) return super.get_handlers(name);
		const candidates: Candidate[] = [];
		for (const { name: other } of this.list()) {
			const is_exact = other === name;
			if (!is_exact && !(is_wildcard(other) && name.startsWith(other.slice(0, -1)))) continue;
			const slashes = count_slashes(other);
			for (const handler of super.get_handlers(other)) candidates.push({ handler, slashes, is_exact });
		}
		// Sorting keeps the order of equals, which is that of their priorities where they are of one name.
		candidates.sort((a, b) => b.slashes - a.slashes || Number(b.is_exact) - Number(a.is_exact));
		return candidates.map(({ handler }) => handler);
	}
}
