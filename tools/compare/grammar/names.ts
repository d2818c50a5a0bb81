// No counterpart: part of `enjamb compare`.

/** An unusual spelling of a name, with a description. */
export interface OddName {
	readonly kind: string;
	readonly name: string;
	/** The prepared name, where servers accept it. */
	readonly becomes?: string;
}

/**
 * Nicks that resourceprep changes or refuses, that look like others, or that are hard to write (RFC 6122 appendix B).
 * A tab is not among them: it cannot be in an attribute, where XML makes a space of it. Nor is what resourceprep leaves nothing of,
 * such as a zero-width space alone: Prosody makes a JID of it that it then cannot read itself, and fails with a Lua error when it
 * looks for the room.
 */
export const odd_nicks: readonly OddName[] = [
	{ kind: "blank", name: " " },
	{ kind: "several blanks", name: "   " },
	{ kind: "no-break space", name: "\u00a0" },
	{ kind: "em space inside", name: "Ro\u2003meo", becomes: "Ro meo" },
	{ kind: "zero width inside", name: "Ro\u200bmeo", becomes: "Romeo" },
	{ kind: "soft hyphen inside", name: "Jul\u00adiet", becomes: "Juliet" },
	{ kind: "full width", name: "Ｒｏｍｅｏ", becomes: "Romeo" },
	{ kind: "ligature", name: "ﬁona", becomes: "fiona" },
	{ kind: "confusable", name: "Rоmeo", becomes: "Rоmeo" },
	{ kind: "Cyrillic", name: "Ромео", becomes: "Ромео" },
	{ kind: "Chinese", name: "羅密歐", becomes: "羅密歐" },
	{ kind: "composed", name: "Rom\u00e9o", becomes: "Rom\u00e9o" },
	{ kind: "decomposed", name: "Rome\u0301o", becomes: "Rom\u00e9o" },
	{ kind: "emoji", name: "🌹" },
	{ kind: "joined emoji", name: "👩\u200d🚀" },
	{ kind: "unassigned", name: "Ro\u0378meo" },
	{ kind: "private use", name: "Ro\ue000meo" },
	{ kind: "control", name: "Ro\u0085meo" },
	{ kind: "right to left", name: "רומיאו", becomes: "רומיאו" },
	{ kind: "both directions", name: "Romeo רומיאו" },
	{ kind: "as long as may be", name: "a".repeat(1023), becomes: "a".repeat(1023) },
	{ kind: "overlong", name: "a".repeat(1024) },
	{ kind: "much too long", name: "a".repeat(3000) },
	{ kind: "slash inside", name: "Montague/Romeo", becomes: "Montague/Romeo" },
	{ kind: "quotes", name: "Ro'm\"eo", becomes: "Ro'm\"eo" },
	{ kind: "markup", name: "<Romeo & Juliet>", becomes: "<Romeo & Juliet>" },
	{ kind: "like a JID", name: "romeo@localhost", becomes: "romeo@localhost" },
	{ kind: "blanks around", name: " Romeo ", becomes: " Romeo " },
	{ kind: "upper case", name: "ROMEO", becomes: "ROMEO" },
	{ kind: "Lua pattern", name: "%S+[", becomes: "%S+[" },
];

/**
 * The nick that admins of a room reserve for an account. It is reserved for nobody else: Prosody lets admins give one nick to two, and
 * which of them then has it depends on the order of a Lua table.
 */
export function seat(owner: string): string {
	return `Seat of ${owner}`;
}

/** Whether a nick may be registered by an account without coming into two hands. */
export function may_register(nick: string, jid: string): boolean {
	return !nick.startsWith(seat("")) || nick === seat(jid);
}

/** Nodes of room JIDs; `#` stands for what keeps plays apart. */
export const odd_nodes: readonly OddName[] = [
	{ kind: "spaces", name: "the garden#" },
	{ kind: "ampersand", name: "garden&#" },
	{ kind: "quotes", name: "gar'den\"#" },
	{ kind: "colon", name: "garden:#" },
	{ kind: "angle brackets", name: "<garden>#" },
	{ kind: "full width", name: "ｇａｒｄｅｎ#" },
	{ kind: "zero width", name: "gar\u200bden#" },
	{ kind: "Cyrillic", name: "сад#" },
	{ kind: "emoji", name: "🌹#" },
	{ kind: "escapes", name: "garden\\27\\20#" },
	{ kind: "overlong", name: `${"g".repeat(1024)}#` },
	{ kind: "emptiness", name: "" },
];

/** JIDs that nobody can have. */
export const invalid_jids: readonly OddName[] = [
	{ kind: "empty node", name: "@localhost" },
	{ kind: "empty host", name: "tybalt@" },
	{ kind: "space in node", name: "ty balt@localhost" },
	{ kind: "two at signs", name: "tybalt@@localhost" },
	{ kind: "empty resource", name: "tybalt@localhost/" },
];

/** Lines to say; each message adds its number, so that no two are the same. */
export const lines: readonly string[] = [
	"But, soft! what light through yonder window breaks?",
	"It is the east, and Juliet is the sun.",
	"O Romeo, Romeo! wherefore art thou Romeo?",
	"A plague o' both your houses!",
	'<Good night, good night!> parting is such sweet "sorrow" & pain',
	"Ångström, Œuvre, ß, Ромео, 羅密歐, 🌹👩\u200d🚀",
	"  two blanks before,\nand a line break",
];
