// No counterpart: how commands read the numbers of their options.

import { InvalidArgumentError } from "commander";

export function port_number(text: string): number {
	const port = Number(text);
	if (!Number.isInteger(port) || port < 1 || port > 65535) throw new InvalidArgumentError("expected a port from 1 to 65535");
	return port;
}

export function seconds(text: string): number {
	const value = Number(text);
	if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds above 0");
	return value;
}

export function whole_number(text: string): number {
	if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
	return Number(text);
}
