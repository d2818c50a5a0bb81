// Counterpart: util/ip.lua (what lists of addresses need)

import { BlockList, isIP } from "node:net";

function family(address: string): "ipv4" | "ipv6" | undefined {
	const version = isIP(address);
	return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}

/** Addresses and networks, such as `127.0.0.1` and `10.0.0.0/8`. */
export class AddressSet {
	private readonly list = new BlockList();
	/** The given names that are neither addresses nor networks. */
	readonly unknown: readonly string[];

	constructor(names: Iterable<string>) {
		this.unknown = [...names].filter((name) => !this.add(name));
	}

	private add(name: string): boolean {
		const [address = "", bits] = name.split("/", 2);
		const type = family(address);
		if (type === undefined) return false;
		const longest = type === "ipv4" ? 32 : 128;
		const prefix = bits === undefined ? longest : Number(bits);
		if (!/^\d+$/.test(bits ?? "0") || prefix > longest) return false;
		this.list.addSubnet(address, prefix, type);
		return true;
	}

	/** Whether an address is among these; undefined where it is not an address. */
	has(address: string): boolean | undefined {
		const type = family(address);
		return type === undefined ? undefined : this.list.check(address, type);
	}
}
