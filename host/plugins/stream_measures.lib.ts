// Counterpart: plugins/mod_c2s.lua, plugins/mod_s2s.lua (metrics)

import type { Connection, MeasuredFamily, ModuleApi } from "../core/types.ts";

/** Counts encrypted connections by protocol and cipher; called once for each. */
export function measure_encryption(module: ModuleApi): (info: ReturnType<Connection["ssl_info"]>) => void {
	const encrypted = module.metric("counter", "encrypted", {
		description: "Encrypted connections",
		labels: ["protocol", "cipher"],
	});
	return (info) => {
		if (info !== undefined) encrypted.with_labels(info.protocol, info.cipher).add(1);
	};
}

/** What is counted of a stream. */
export interface CountedStream {
	readonly host: string | undefined;
	readonly type: string;
	readonly ip: string;
}

/** A gauge of streams by host, type and version of IP. */
export function stream_gauge(module: ModuleApi, name: string, description: string): MeasuredFamily<"gauge"> {
	return module.metric("gauge", name, { description, labels: ["host", "type", "ip_family"] });
}

/** Counts a stream there; both versions of IP get a metric, which makes queries easier. */
export function count_stream(gauge: MeasuredFamily<"gauge">, { host = "", type, ip }: CountedStream): void {
	const is_ipv6 = ip.includes(":");
	gauge.with_labels(host, type, "ipv4").add(is_ipv6 ? 0 : 1);
	gauge.with_labels(host, type, "ipv6").add(is_ipv6 ? 1 : 0);
}
