// The thread behind `cutter.ts`.

import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { Cutting } from "./cutter.ts";

const target: number = workerData;
const pairs = new Set<Socket>();
let cutting: Cutting = { mode: "pass" };
let cuts = 0;
/** What was held back, in order. */
const held: (() => void)[] = [];

function accept(client: Socket): void {
	if (cutting.mode === "refuse") {
		client.destroy();
		return;
	}
	const database = connect({ port: target, host: "127.0.0.1", noDelay: true });
	pairs.add(client);
	let is_cut = false;
	const end = (): void => {
		pairs.delete(client);
		client.destroy();
		// What has come must come through
		if (is_cut) database.end();
		else database.destroy();
	};
	for (const socket of [client, database]) {
		socket.on("error", () => undefined);
		socket.on("close", end);
	}
	client.on("data", (data) => {
		if (cutting.mode === "stall") return;
		if (cutting.mode === "hold") {
			held.push(() => database.write(data));
			return;
		}
		const { behind, before } = cutting;
		if (before !== undefined && data.includes(before)) {
			cutting = { mode: "pass" };
			cuts++;
			end();
			return;
		}
		database.write(data);
		if (behind !== undefined && data.includes(behind)) {
			cutting = { mode: "pass" };
			cuts++;
			is_cut = true;
			end();
		}
	});
	database.on("data", (data) => {
		if (cutting.mode === "hold") held.push(() => client.write(data));
		else if (cutting.mode !== "stall") client.write(data);
	});
}

const server = createServer({ noDelay: true }, accept);
server.listen(0, "127.0.0.1", () => {
	const address = server.address();
	parentPort?.postMessage(typeof address === "object" ? address?.port : undefined);
});
parentPort?.on("message", (order: Cutting | "cut" | "count") => {
	if (order === "cut") for (const client of pairs) client.destroy();
	else if (order !== "count") {
		cutting = order;
		if (order.mode !== "hold") for (const pass of held.splice(0)) pass();
	}
	parentPort?.postMessage(cuts);
});
