// What is done otherwise on purpose than by Prosody and the community's modules for SASL2: the same words to both, and what each answers.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { create_sasl_client } from "../../../host/util/sasl_client.ts";
import { type LoginDifferenceId, login_differences } from "../../../tools/compare/login_differences.ts";
import {
	missing_here,
	on_both,
	type Stage,
	type Troupe,
	without_prosody,
	without_prosody_13,
} from "../../lua-shims/community/community.ts";
import type { RawClient } from "../raw_client.ts";
import {
	agent,
	ask,
	authenticate,
	bind,
	elements,
	fast,
	open,
	plain,
	register,
	request_token,
	sasl2,
	token_in,
	with_token,
} from "../sasl2_client.ts";

const alone = without_prosody() || missing_here("sasl2");
const alone_13 = without_prosody_13() || missing_here("sasl2");
// Debian has the others
const without_ssdp = missing_here("sasl_ssdp");

/** How a difference shows. A Prosody 0.12 cannot show those of tokens: it does not tell modules whose stream it is. */
interface Shown {
	readonly troupe: Troupe;
	/** What is said on streams to a server, where there is an account `user`; answers with what is compared. */
	play(stage: Stage): Promise<unknown>;
	readonly ours: unknown;
	readonly prosodys: unknown;
}

const accounts = ["presence", "message", "iq", "register", "sasl2", "sasl2_bind2"];

function troupe(further: readonly string[] = [], options = ""): Troupe {
	return {
		accounts: [...accounts, ...further],
		options: `authentication = "internal_plain"\nallow_registration = true\ninsecure_sasl_mechanisms = {}\n${options}`,
	};
}

/** What the first element of an answer is: its name, and what is in a failure. */
function verdict(said: string): string {
	const [first] = elements(said);
	return first?.name === "failure" ? `failure ${first.tags[0]?.name}` : (first?.name ?? "");
}

async function on_stream<Value>({ port }: Stage, play: (client: RawClient, offer: string) => Promise<Value>): Promise<Value> {
	const [client, offer] = await open(port);
	try {
		return await play(client, offer);
	} finally {
		client.destroy();
	}
}

/** One stream with one login on it. */
const log_in = (stage: Stage, text: string): Promise<string> => on_stream(stage, (client) => ask(client, text));

/** Texts of the elements of one name in an offer. */
function offered(said: string, name: string): string[] {
	return [...said.matchAll(new RegExp(`<${name}[^>]*>([^<]*)</${name}>`, "g"))].map(([, text = ""]) => text);
}

const mechanisms = (stage: Stage): Promise<string[]> => on_stream(stage, async (_, offer) => offered(offer, "mechanism"));

const shown: Record<LoginDifferenceId, Shown> = {
	"sasl2-login-tried-again": {
		troupe: troupe(),
		play: (stage) =>
			on_stream(stage, async (client) => [
				verdict(await ask(client, plain("", "user", "wrong"))),
				verdict(await ask(client, plain())),
			]),
		ours: ["failure not-authorized", "success"],
		prosodys: ["failure not-authorized", "failure invalid-mechanism"],
	},
	"sasl2-abort-answered": {
		troupe: troupe(),
		play: (stage) =>
			on_stream(stage, async (client) => {
				const said = await ask(client, authenticate("SCRAM-SHA-1", "n,,n=user,r=nonce"));
				return [verdict(said), verdict(await ask(client, `<abort xmlns='${sasl2}'/>`))];
			}),
		ours: ["challenge", "failure aborted"],
		prosodys: ["challenge", "error"],
	},
	"sasl2-tokens-encrypted": {
		troupe: troupe(["sasl2_fast"], "allow_unencrypted_plain_auth = false"),
		play: (stage) => on_stream(stage, async (_, offer) => [offer.includes(sasl2), offer.includes(fast)]),
		ours: [true, false],
		prosodys: [true, true],
	},
	"sasl2-inline-as-loaded": {
		troupe: troupe(),
		play: (stage) =>
			on_stream(stage, async (client, offer) => {
				const said = await ask(client, plain(bind("<enable xmlns='urn:xmpp:carbons:2'/>")));
				return ["urn:xmpp:carbons:2", "urn:xmpp:csi:0"].map((feature) => [offer.includes(feature), said.includes(feature)]);
			}),
		ours: [
			[false, false],
			[false, false],
		],
		prosodys: [
			[true, true],
			[true, false],
		],
	},
	"ssdp-of-today": {
		troupe: troupe(["sasl_ssdp"]),
		play: (stage) =>
			on_stream(stage, async (client) => {
				const sasl = create_sasl_client({ username: "user", password: "pencil" }, ["SCRAM-SHA-1"]);
				if (!sasl.ok) throw new Error(sasl.error);
				const [challenge] = elements(await ask(client, authenticate("SCRAM-SHA-1", sasl.value.first())));
				const attributes = Buffer.from(challenge?.get_text() ?? "", "base64")
					.toString()
					.split(",");
				return attributes.map((text) => text.slice(0, 1));
			}),
		ours: ["r", "s", "i", "h"],
		prosodys: ["r", "s", "i", "d"],
	},
	"13-oauthbearer": {
		troupe: troupe([], 'authentication = "internal_hashed"'),
		play: async (stage) => (await mechanisms(stage)).includes("OAUTHBEARER"),
		ours: false,
		prosodys: true,
	},
	"scram-sha-512": {
		troupe: troupe(),
		play: async (stage) => {
			const names = await mechanisms(stage);
			return ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"].map((name) => names.includes(name));
		},
		ours: [true, true, true],
		prosodys: [true, true, false],
	},
	"tokens-of-a-hundred-clients": {
		troupe: troupe(["sasl2_fast"]),
		play: async (stage) => {
			const tokens: string[] = [];
			for (let client = 0; client < 101; client++)
				tokens.push(token_in(await log_in(stage, plain(agent(`client-${client}`) + request_token()))));
			const verdicts: string[] = [];
			for (const client of [0, 1, 100])
				verdicts.push(verdict(await log_in(stage, with_token(tokens[client] ?? "", { id: `client-${client}` }))));
			return verdicts;
		},
		ours: ["failure not-authorized", "success", "success"],
		prosodys: ["success", "success", "success"],
	},
	"tokens-go-with-the-password": {
		troupe: troupe(["sasl2_fast"]),
		play: async (stage) => {
			const token = token_in(await log_in(stage, plain(agent() + request_token())));
			// Prosody knows the time of the change in whole seconds
			await sleep(1100);
			await on_stream(stage, async (client) => {
				await ask(client, plain(bind()));
				const query = "<query xmlns='jabber:iq:register'><username>user</username><password>pen</password></query>";
				client.send(`<iq type='set' id='change' to='localhost'>${query}</iq>`);
				await client.until(() => /id=["']change["']/.test(client.said));
			});
			return [verdict(await log_in(stage, plain("", "user", "pen"))), verdict(await log_in(stage, with_token(token)))];
		},
		ours: ["success", "failure not-authorized"],
		prosodys: ["success", "failure credentials-expired"],
	},
};

describe("what is done otherwise on purpose while clients log in", () => {
	it.each(login_differences)("$id", { timeout: 60_000 }, async ({ id, ...difference }) => {
		const { troupe: options, play, ours, prosodys } = shown[id];
		const is_alone = ("reference" in difference ? alone_13 : alone) || (id === "ssdp-of-today" && without_ssdp);
		const answers = await on_both(options, is_alone, async (stage) => {
			await register(stage.port);
			return play(stage);
		});
		expect(answers).toEqual([ours, is_alone ? ours : prosodys]);
	});
});
