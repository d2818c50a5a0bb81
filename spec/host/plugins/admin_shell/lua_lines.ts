// What is typed for the commands of spec/lua/mod_shell_words.lua.

import type { TypedLine } from "./lines.ts";

const only_13 = "modules cannot offer commands";
const who = "romeo@localhost";

const of_one_gone = ["words", "said", who, "gone"];

export const lua_lines: readonly TypedLine[] = [
	"help words",
	`words:said("${who}", "hello")`,
	`words:said("${who}")`,
	`words:said("${who}", 5)`,
	'words:said("romeo@away.example", "hello")',
	"words:said()",
	`words:value("${who}")`,
	`words:nothing("${who}")`,
	`words:refused("${who}")`,
	`words:thrown("${who}")`,
	`words:later("${who}")`,
	`words:never("${who}")`,
	`words:table("${who}", { "a", "b" })`,
	`words:table("${who}")`,
	`words:asked("${who}")`,
	["words", "said", who, "hello"],
	["words", "flagged", who, "word"],
	["words", "flagged", who, "word", "more", "--quiet", "--name=Romeo", "--tag", "a", "--tag", "b"],
	["words", "flagged", who, "-q", "word"],
	["words", "flagged", who, "--no-quiet", "word"],
	["words", "flagged", who, "--unknown"],
	["words", "flagged", who, "--name"],
	["help", "words"],
	'module:unload("shell_words", "localhost")',
	of_one_gone,
	'module:load("shell_words", "localhost")',
	["words", "said", who, "again"],
].map((line) => ({
	line,
	only_13,
	...(line === of_one_gone ? { differs: "Prosody still runs the commands of a host's module that is gone" } : {}),
}));
