// Counterpart: plugins/muc/muc.lib.lua (which nicks are none)

/** Whether a nick has anything that can be seen in it. Divergence: in Prosody a nick that nobody may use can be reserved. */
export function is_visible_nick(nick: string): boolean {
	return /[^ \t-\r]/.test(nick);
}
