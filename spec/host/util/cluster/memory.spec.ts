import { describe, expect, it } from "vitest";
import { MemoryBroker } from "../../../../host/util/cluster/memory.ts";
import { eventually } from "../../../helper.ts";
import { behaves_as_bus } from "./behaviour.ts";

describe("a broker in memory", () => {
	const broker = new MemoryBroker();
	behaves_as_bus(async () => {
		const client = broker.connect("any");
		return { bus: client, bucket: async (name) => client.bucket(name) };
	});

	it("loses messages of those who are cut off, and tells them later how buckets have changed", async () => {
		const [one, other] = [broker.connect("one"), broker.connect("other")];
		const heard: string[] = [];
		other.subscribe("news", (data) => heard.push(Buffer.from(data).toString()));
		const seen: string[] = [];
		const bucket = one.bucket("cut");
		const revision = (await bucket.create("gone", Buffer.from(""))) ?? 0;
		other.bucket("cut").watch("", (key, entry) => seen.push(`${key} ${entry !== undefined}`));
		await eventually(() => expect(seen).toEqual(["gone true"]));
		other.cut();
		one.publish("news", Buffer.from("lost"));
		await bucket.delete("gone", revision);
		await bucket.create("new", Buffer.from(""));
		await expect(other.bucket("cut").get("new")).rejects.toThrow("no connection");
		other.mend();
		one.publish("news", Buffer.from("heard"));
		await eventually(() => expect(heard).toEqual(["heard"]));
		await eventually(() => expect(seen).toEqual(["gone true", "gone false", "new true"]));
	});
});
