// No counterpart: the thread that talks to a database over the network, so that others can wait for it or not.

import { workerData } from "node:worker_threads";
import { Desk } from "./desk.ts";
import type { Request, WorkerData } from "./messages.ts";

const { address, port, signal }: WorkerData = workerData;
const desk = new Desk(address, (answer) => {
	port.postMessage(answer);
	Atomics.add(signal, 0, 1);
	Atomics.notify(signal, 0);
});
port.on("message", (request: Request) => desk.take(request));
