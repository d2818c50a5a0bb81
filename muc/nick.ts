// Counterpart: plugins/muc/muc.lib.lua (which nicks are none)

/** Whether anything of a nick can be seen. Divergence: in Prosody, nicks that nobody may use can still be reserved. */
export function is_visible_nick(nick: string): boolean {
	return /[^ \t-\r]/.test(nick);
}
