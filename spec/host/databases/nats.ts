// Specs and benchmarks start the same one.

export { find_nats, start_nats, start_nats_cluster, type TestNats } from "../../../tools/nats_server.ts";
