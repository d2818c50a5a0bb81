// A room that clients of several nodes enter and talk in, by what they write.

import { ns } from "../../../../host/util/ns.ts";
import type { RawClient } from "../../raw_client.ts";

export const room = "tearoom@conference.localhost";
export const in_room = (id: string): string => `<message to='${room}' type='groupchat' id='${id}'><body>${id}</body></message>`;

export async function enter(client: RawClient, nick: string): Promise<void> {
	client.send(`<presence to='${room}/${nick}'><x xmlns='${ns.muc}'/></presence>`);
	await client.until(() => client.said.includes("<subject"));
}
