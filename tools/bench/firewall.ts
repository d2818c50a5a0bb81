// No counterpart: rules of mod_firewall, which look at each stanza that reaches a client.

/** Where Debian puts the community's modules. */
export const firewall_module = "/usr/lib/prosody/modules/mod_firewall";

/** Which rules a load is put through: such that only look at stanzas, or one more that counts each of them. */
export type Firewall = "looking" | "counting";

/** Ten rules of the kinds that administrators write; none of them holds for what a load sends. */
const ten_rules = `
%ZONE elsewhere: spam.example, flood.example
%LIST spammers: memory (limit: 1000)
%RATE everything: 1000000000

::deliver

FROM: <*>@spam.example
DROP.

TO: nobody@localhost
BOUNCE=item-not-found

KIND: message
TYPE: headline
DROP.

TYPE: groupchat
PAYLOAD: urn:xmpp:attention:0
DROP.

INSPECT: body#~=https?://spam%.example
LOG=[info] Advertising from $<@from|bare>
DROP.

INSPECT: body#/=cheap watches
BOUNCE=policy-violation (No advertising)

CHECK LIST: spammers contains $<@from|bare>
DROP.

ENTERING: elsewhere
DROP.

KIND: presence
TYPE: subscribe
NOT IN ROSTER?
DROP.

FROM EXACTLY: postmaster@localhost
NOT TO: <*>@localhost
REDIRECT=admin@localhost
`;

const counting_rule = `
LIMIT: everything
DROP.
`;

/** The text of a script for mod_firewall. */
export function firewall_script(firewall: Firewall): string {
	return firewall === "looking" ? ten_rules : ten_rules + counting_rule;
}
