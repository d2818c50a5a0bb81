export * from "../host/testing.ts";
