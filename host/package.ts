// No counterpart: what the package gives to others: module authors, and programs that start a server.

/// <reference types="node" preserve="true" />
/// <reference path="./types/ltx.d.ts" preserve="true" />

export type * from "../muc/events.ts";
export type { AffiliationData, Room, RoomData } from "../muc/features.ts";
export type { Affiliation, Occupant, Whois } from "../muc/types.ts";
export * from "./api.ts";
