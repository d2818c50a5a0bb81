// Counterpart: LuaSec's ssl.c (what modules ask the socket of a connection), net/server_epoll.lua (ssl_…)

import type { Connection } from "../host/core/types.ts";
import { certificate_value } from "./certificate.ts";
import type { LuaContext } from "./context.ts";
import type { TValue } from "./vm/fengari.ts";
import { bytes_value, nil, text_of_string } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

type Answer = ReturnType<NativeFunction>;

/** What Lua may ask about TLS. */
export interface TlsQuestions {
	/** The other end's certificate. */
	certificate(): Answer;
	/** Whether it is trusted; what is wrong, by the position in the chain. */
	verification(): Answer;
	/** The first Finished message of TLS 1.2. */
	finished(): Answer;
	/** A value that both ends can derive for a label of channel binding. */
	exported(label: string | undefined): Answer;
}

/** How a connection answers them. */
export function tls_questions(host: LuaContext, conn: Connection): TlsQuestions {
	const { border } = host;
	const bytes = (data: Buffer | undefined): TValue => (data === undefined ? nil : bytes_value(data));
	return {
		certificate() {
			const shown = conn.peer_certificate?.();
			return shown === undefined ? nil : certificate_value(host, shown.certificate);
		},
		verification() {
			const problem = conn.peer_certificate?.()?.problem;
			if (problem === undefined) return border.to_lua(true);
			return [border.to_lua(false), border.deep_table([[problem.toLowerCase().replaceAll("_", " ")]])];
		},
		finished: () => bytes(conn.channel_binding?.("tls-unique")),
		exported: (label) => bytes(label === "EXPORTER-Channel-Binding" ? conn.channel_binding?.("tls-exporter") : undefined),
	};
}

/** The socket of a connection. Without TLS it has fewer methods, which modules check for. */
export function socket_value(host: LuaContext, conn: Connection): TValue {
	const { vm, border } = host;
	const info = conn.ssl_info();
	if (info === undefined) return border.table({});
	const ask = tls_questions(host, conn);
	return border.table({
		info: vm.native(() => border.deep_table({ ...info })),
		compression: vm.native(() => nil),
		getpeercertificate: vm.native(() => ask.certificate()),
		getpeerverification: vm.native(() => ask.verification()),
		getpeerfinished: vm.native(() => ask.finished()),
		exportkeyingmaterial: vm.native(([, label]) => ask.exported(label === undefined ? undefined : text_of_string(label))),
	});
}
