// Counterpart: lopcodes.h of Lua 5.3, in which fengari compiles

/** Opcodes of Lua 5.3, in which fengari compiles. */
export const op = {
	move: 0,
	loadk: 1,
	loadkx: 2,
	loadbool: 3,
	loadnil: 4,
	getupval: 5,
	gettabup: 6,
	gettable: 7,
	settabup: 8,
	setupval: 9,
	settable: 10,
	newtable: 11,
	self: 12,
	add: 13,
	sub: 14,
	mul: 15,
	mod: 16,
	pow: 17,
	div: 18,
	idiv: 19,
	band: 20,
	bor: 21,
	bxor: 22,
	shl: 23,
	shr: 24,
	unm: 25,
	bnot: 26,
	not: 27,
	len: 28,
	concat: 29,
	jmp: 30,
	eq: 31,
	lt: 32,
	le: 33,
	test: 34,
	testset: 35,
	call: 36,
	tailcall: 37,
	return: 38,
	forloop: 39,
	forprep: 40,
	tforcall: 41,
	tforloop: 42,
	setlist: 43,
	closure: 44,
	vararg: 45,
} as const;

/** The bit of an operand that names a constant, not a register. */
export const constant_bit = 256;
export const call_status = { lua: 2, fresh: 8, tail: 32 } as const;
/** Hooks of `debug.sethook` by line and by count. */
export const line_or_count = 4 | 8;
/** The metamethod of the first operator; the others follow in order. */
export const first_event = 6;
/** How many items of a table's constructor come in one instruction. */
export const items_per_flush = 50;
export const multiple_results = -1;
/** The longest string that joining may make, in bytes. */
export const max_length = 2 ** 28;
