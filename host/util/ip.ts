// Counterpart: util/ip.lua (what lists of addresses need)

import { BlockList, isIP } from "node:net";

function family(address: string): "ipv4" | "ipv6" | undefined {
	const version = isIP(address);
	return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}

/** Addresses and networks, such as `127.0.0.1` and `10.0.0.0/8`. */
export class AddressSet {
	private readonly list = new BlockList();
	/** The last answer: the same is asked again and again, for each request of a proxy. */
	private last: { readonly address: string; readonly is_in: boolean | undefined } | undefined;
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
		if (this.last?.address === address) return this.last.is_in;
		const type = family(address);
		const is_in = type === undefined ? undefined : this.list.check(address, type);
		this.last = { address, is_in };
		return is_in;
	}
}
