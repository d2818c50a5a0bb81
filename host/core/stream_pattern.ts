// Counterpart: plugins/mod_c2s.lua, plugins/mod_s2s.lua, plugins/mod_component.lua (multiplex patterns)

/**
 * What the beginning of a stream of one kind looks like, on a port that several services share.
 * @param xmlns of its stanzas
 */
export function stream_pattern(xmlns: string): RegExp {
	return new RegExp(`^<[\\s\\S]*:stream[\\s\\S]*\\sxmlns\\s*=\\s*(['"])${xmlns}\\1[\\s\\S]*>`);
}
