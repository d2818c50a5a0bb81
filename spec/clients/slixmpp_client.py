"""A chat client built on slixmpp that does what it is told, for spec/clients.spec.ts.

Each line of standard input is an order, `{"id": 1, "do": "join", …}`. Each line of standard output is either the answer to one,
`{"id": 1, "result": …}` or `{"id": 1, "error": "…"}`, or something that happened, `{"event": "message", …}`. It ends with its input.
"""

import asyncio
import base64
import json
import logging
import sys

from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout, PresenceError

# slixmpp prints what it is debugging; nothing but our lines may reach whoever reads them.
replies = sys.stdout
sys.stdout = sys.stderr


def tell(**line):
    replies.write(json.dumps(line) + "\n")
    replies.flush()


class Complaints(logging.Handler):
    """Reports what the library warns of."""

    def emit(self, record):
        tell(event="complaint", level=record.levelname, text=record.getMessage())


def seen_of(presence):
    """What a presence of a room says about somebody in it."""
    muc = presence["muc"]
    return {
        "nick": presence["from"].resource,
        "type": presence["type"],
        "affiliation": muc["affiliation"],
        "role": muc["role"],
        "codes": sorted(muc["status_codes"]),
    }


class Client(ClientXMPP):
    """A client of a server on this machine, which no name server has to know."""

    async def get_dns_records(self, domain, port=None):
        return []


class Person:
    """One account, and the orders that it understands: its methods whose names begin with `do_`."""

    def __init__(self):
        self.client = None

    def muc(self):
        return self.client["xep_0045"]

    async def do_login(self, jid, password, port, certificate, comes_back=False):
        """Logs in over STARTTLS, which must show this certificate; it may come back whenever its connection ends (XEP-0198)."""
        client = self.client = Client(jid, password)
        if comes_back:
            self.come_back(client, port)
        for plugin in (
            "xep_0030",
            "xep_0045",
            "xep_0054",
            "xep_0084",
            "xep_0191",
            "xep_0199",
            "xep_0280",
            "xep_0313",
            "xep_0359",
            "xep_0363",
            "xep_0425",
        ):
            client.register_plugin(plugin)
        client.ca_certs = certificate
        # The name that the certificate is to show; connecting to an address leaves it empty.
        client.default_domain = client.boundjid.domain
        over = asyncio.get_running_loop().create_future()

        def settle(failure=None):
            if over.done():
                return
            if failure is None:
                over.set_result(None)
            else:
                over.set_exception(RuntimeError(failure))

        client.add_event_handler("session_start", lambda _: settle())
        for event in ("failed_all_auth", "connection_failed", "ssl_invalid_chain", "disconnected"):
            client.add_event_handler(event, lambda data, event=event: settle(f"{event}: {data}"))
        client.add_event_handler("message", self.on_chat)
        client.add_event_handler("carbon_received", lambda carbon: self.on_carbon("received", carbon["carbon_received"]))
        client.add_event_handler("carbon_sent", lambda carbon: self.on_carbon("sent", carbon["carbon_sent"]))
        client.add_event_handler("groupchat_message", self.on_message)
        client.add_event_handler("groupchat_presence", self.on_presence)
        client.add_event_handler("groupchat_config_status", self.on_status)
        client.add_event_handler("moderated_message", self.on_moderated)
        client.connect(("127.0.0.1", port))
        await over
        await client.get_roster()
        client.send_presence()
        return {
            "jid": client.boundjid.full,
            "mechanism": client["feature_mechanisms"].mech.name,
            "encryption": client.transport.get_extra_info("ssl_object").version(),
        }

    def come_back(self, client, port):
        """Has it connect again, and go on where it was."""
        client.register_plugin("xep_0198")
        client.add_event_handler("message", self.on_chat)
        client.add_event_handler("session_resumed", lambda _: tell(event="resumed"))
        client.add_event_handler("sm_failed", lambda _: tell(event="not resumed"))

        def again(_):
            asyncio.get_running_loop().call_later(0.1, lambda: client.connect(("127.0.0.1", port)))

        def begun(_):
            client.add_event_handler("disconnected", again)
            client.add_event_handler("connection_failed", again)
            client.del_event_handler("sm_enabled", begun)
            tell(event="managed")

        client.add_event_handler("sm_enabled", begun)

    def on_chat(self, message):
        if message["type"] == "chat":
            tell(event="chat", sender=message["from"].bare, body=message["body"])

    def on_message(self, message):
        tell(
            event="message",
            room=message["from"].bare,
            nick=message["from"].resource,
            body=message["body"],
            stanza_id=message["stanza_id"]["id"],
        )

    def on_chat(self, message):
        if message["type"] == "chat" and message["body"]:
            tell(event="chat", sender=message["from"].bare, body=message["body"])

    def on_carbon(self, kind, message):
        tell(event="carbon", kind=kind, sender=message["from"].bare, to=message["to"].bare, body=message["body"])

    def on_presence(self, presence):
        tell(event="presence", room=presence["from"].bare, **seen_of(presence))

    def on_status(self, message):
        codes = sorted(int(status.get("code")) for status in message["muc"].xml.iter("{http://jabber.org/protocol/muc#user}status"))
        tell(event="status", room=message["from"].bare, codes=codes)

    def on_moderated(self, message):
        tell(event="moderated", room=message["from"].bare, stanza_id=message["apply_to"]["id"])

    async def do_befriend(self, jid):
        """Asks for somebody's presence, and grants one's own; the other one does the same by itself."""
        self.client.send_presence_subscription(pto=jid)

    async def do_contacts(self):
        """Contacts with their subscriptions, and those of them who are there."""
        roster = self.client.client_roster
        return {
            jid: {"subscription": roster[jid]["subscription"], "online": len(roster[jid].resources) > 0}
            for jid in roster
            if JID(jid).bare != self.client.boundjid.bare
        }

    async def do_chat(self, to, body):
        self.client.send_message(mto=to, mbody=body, mtype="chat")

    async def do_carbons(self):
        await self.client["xep_0280"].enable()

    async def do_block(self, jid):
        """Blocks somebody; answers with all who are blocked."""
        await self.client["xep_0191"].block([JID(jid)])
        blocked = await self.client["xep_0191"].get_blocked()
        return sorted(str(jid) for jid in blocked["blocklist"]["items"])

    async def do_set_avatar(self, data):
        """Publishes a picture, whose data are in Base64; answers with its id."""
        avatars = self.client["xep_0084"]
        picture = base64.b64decode(data)
        await avatars.publish_avatar(picture)
        number = avatars.generate_id(picture)
        await avatars.publish_avatar_metadata({"id": number, "type": "image/png", "bytes": len(picture)})
        return number

    async def do_get_avatar(self, jid, number):
        found = await self.client["xep_0084"].retrieve_avatar(JID(jid), number)
        (item,) = found["pubsub"]["items"]
        return base64.b64encode(item["avatar_data"]["value"]).decode()

    async def do_slot(self, service, name, size):
        """Asks for a place for a file. The library's own search for the service does not work with Python 3.11."""
        slot = await self.client["xep_0363"].request_slot(JID(service), name, size)
        return {"put": slot["http_upload_slot"]["put"]["url"], "get": slot["http_upload_slot"]["get"]["url"]}

    async def do_join(self, room, nick, history=0):
        own, subject, occupants, old = await self.muc().join_muc_wait(room, nick, maxstanzas=history)
        return {
            "history": [{"nick": message["from"].resource, "body": message["body"]} for message in old],
            "self": seen_of(own),
            "subject": subject["subject"],
            "occupants": [presence["from"].resource for presence in occupants],
        }

    async def do_leave(self, room, nick):
        self.muc().leave_muc(room, nick)

    async def do_invite(self, room, jid, reason):
        self.muc().invite(JID(room), JID(jid), reason=reason)

    async def do_configure(self, room, values):
        """Fills in the room's form; answers with the names of all its fields."""
        form = await self.muc().get_room_config(room)
        names = list(form.get_fields())
        form["values"] = values
        await self.muc().set_room_config(room, form)
        return names

    async def do_say(self, room, body):
        self.client.send_message(mto=room, mbody=body, mtype="groupchat")

    async def do_write(self, to, body):
        self.client.send_message(mto=to, mbody=body, mtype="chat")

    async def do_kick(self, room, nick, reason):
        await self.muc().set_role(room, nick, "none", reason=reason)

    async def do_ban(self, room, jid, reason):
        await self.muc().set_affiliation(room, "outcast", jid=jid, reason=reason)

    async def do_banned(self, room):
        return [str(jid) for jid in await self.muc().get_affiliation_list(room, "outcast")]

    async def do_set_picture(self, room, type, data):
        """Gives the room a picture, whose data are in Base64."""
        iq = self.client.make_iq_set(ito=room)
        photo = iq["vcard_temp"]["PHOTO"]
        photo["TYPE"] = type
        photo["BINVAL"] = base64.b64decode(data)
        await iq.send()

    async def do_get_picture(self, room):
        iq = await self.client["xep_0054"].get_vcard(JID(room))
        return base64.b64encode(iq["vcard_temp"]["PHOTO"]["BINVAL"]).decode()

    async def do_moderate(self, room, stanza_id, reason):
        await self.client["xep_0425"].moderate(JID(room), stanza_id, reason)

    async def do_features(self, jid):
        info = await self.client["xep_0030"].get_info(jid=jid)
        return sorted(info["disco_info"]["features"])

    async def do_archive(self, room, page):
        """All that the archive of a room has, or without one that of the account, read in pages of this size."""
        found = []
        async for message in self.client["xep_0313"].iterate(room, rsm={"max": page}):
            forwarded = message["mam_result"]["forwarded"]
            found.append(
                {
                    "id": message["mam_result"]["id"],
                    "nick": forwarded["stanza"]["from"].resource,
                    "body": forwarded["stanza"]["body"],
                    "stamp": forwarded["delay"]["stamp"].isoformat(),
                }
            )
        return found

    async def obey(self, order):
        number = order.pop("id")
        try:
            result = await getattr(self, "do_" + order.pop("do"))(**order)
        except (IqError, PresenceError) as error:
            tell(id=number, error=error.condition)
        except IqTimeout:
            tell(id=number, error="no answer")
        except Exception as error:
            tell(id=number, error=f"{type(error).__name__}: {error}")
        else:
            tell(id=number, result=result)


async def main():
    logging.getLogger().addHandler(Complaints(logging.WARNING))
    person = Person()
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    under_way = set()
    while line := await orders.readline():
        task = asyncio.create_task(person.obey(json.loads(line)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if person.client is not None and person.client.is_connected():
        await person.client.disconnect()


asyncio.run(main())
