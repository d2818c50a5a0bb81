// A name server for specs: it answers over UDP what it is told to, and that there is no such name to all else.

import type { Socket } from "node:dgram";

type DnsValue =
	| string
	| { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
	| { readonly pref: number; readonly mx: string };

/** By `name TYPE`: values, or the name of a response code. A TXT record has all its values in one. */
export interface Zone {
	readonly [question: string]: readonly DnsValue[] | "REFUSED" | "SERVFAIL";
}

const types: { readonly [number: number]: string } = {
	1: "A",
	12: "PTR",
	15: "MX",
	16: "TXT",
	28: "AAAA",
	33: "SRV",
	5: "CNAME",
};
const codes = { REFUSED: 5, SERVFAIL: 2 } as const;

function encode_name(name: string): Buffer {
	const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
	return Buffer.concat([...labels, Buffer.from([0])]);
}

function short(number: number): Buffer {
	return Buffer.from([number >> 8, number & 255]);
}

/** The bytes of an IPv6 address. */
function ipv6_bytes(address: string): Buffer {
	const [before = "", after = ""] = address.split("::");
	const groups = (text: string): number[] => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
	const [head, tail] = [groups(before), groups(after)];
	const middle = Array.from({ length: 8 - head.length - tail.length }, () => 0);
	return Buffer.concat([...head, ...middle, ...tail].map(short));
}

function encode(type: string, value: DnsValue): Buffer {
	if (typeof value !== "string") {
		if ("mx" in value) return Buffer.concat([short(value.pref), encode_name(value.mx)]);
		return Buffer.concat([short(value.priority), short(value.weight), short(value.port), encode_name(value.target)]);
	}
	if (type === "A") return Buffer.from(value.split(".").map(Number));
	if (type === "AAAA") return ipv6_bytes(value);
	if (type === "TXT") return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
	return encode_name(value);
}

/** Answers what comes to a socket. */
export function answer_dns(socket: Socket, zone: Zone): void {
	socket.on("message", (message, { port, address }) => {
		let at = 12;
		const labels: string[] = [];
		while (message[at] !== 0) {
			const length = message[at] ?? 0;
			labels.push(message.toString("latin1", at + 1, at + 1 + length));
			at += length + 1;
		}
		const type_number = message.readUInt16BE(at + 1);
		const question = message.subarray(12, at + 5);
		const type = types[type_number] ?? "";
		const known = zone[`${labels.join(".").toLowerCase()} ${type}`];
		const code = typeof known === "string" ? codes[known] : known === undefined ? 3 : 0;
		const values = typeof known === "object" ? known.map((value) => encode(type, value)) : [];
		const records = type === "TXT" && values.length > 0 ? [Buffer.concat(values)] : values;
		const answers = records.map((data) =>
			Buffer.concat([Buffer.from([0xc0, 12]), short(type_number), short(1), short(0), short(60), short(data.length), data]),
		);
		const header = [
			message.subarray(0, 2),
			Buffer.from([0x81, 0x80 | code]),
			short(1),
			short(answers.length),
			short(0),
			short(0),
		];
		socket.send(Buffer.concat([...header, question, ...answers]), port, address);
	});
}
