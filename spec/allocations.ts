// What the server's own code allocates while something is done, whatever becomes of it: counted by V8's sampling heap profiler, which also
// counts what is collected meanwhile, and by who allocates it, so that the clients of a spec do not count.

import { type HeapProfiler, Session } from "node:inspector/promises";

/** About how many bytes lie between two samples. */
const interval = 1024;
const flags = { samplingInterval: interval, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };

/** Where a function is, without the folder of the project. */
function place(node: HeapProfiler.SamplingHeapProfileNode): string {
	const { url, functionName: name } = node.callFrame;
	return `${url.replace(/^.*\/(?=(?:host|muc)\/)/, "")} ${name}`;
}

/** Adds up what was allocated below a function, once it is one of the server's. */
function add_up(node: HeapProfiler.SamplingHeapProfileNode, is_ours: boolean, by_place: Map<string, number>): number {
	const own = place(node);
	const counts = is_ours || /^(?:host|muc)\//.test(own);
	let total = counts ? node.selfSize : 0;
	if (total > 0) by_place.set(own, (by_place.get(own) ?? 0) + total);
	for (const child of node.children) total += add_up(child, counts, by_place);
	return total;
}

/** Bytes that the server allocates while work is done, and where most of them come from. */
export async function allocated_by(work: () => Promise<void>): Promise<{ bytes: number; places: [string, number][] }> {
	const session = new Session();
	session.connect();
	try {
		await session.post("HeapProfiler.startSampling", flags);
		await work();
		const { profile } = await session.post("HeapProfiler.stopSampling");
		const by_place = new Map<string, number>();
		const bytes = add_up(profile.head, false, by_place);
		return { bytes, places: [...by_place].sort(([, a], [, b]) => b - a).slice(0, 40) };
	} finally {
		session.disconnect();
	}
}
