// The same words of SASL2 to a real Prosody with the community's modules and to ours, and what both answer.

import { describe, expect, it } from "vitest";
import {
	missing_here,
	module_folders,
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
	comparable,
	elements,
	open,
	plain,
	register,
	request_token,
	sasl2,
	scram,
	token_in,
	with_token,
} from "../sasl2_client.ts";

const no_prosody = without_prosody();
const no_prosody_13 = without_prosody_13();

const troupe = {
	accounts: ["presence", "message", "iq", "register", "carbons", "csi", "sasl2", "sasl2_bind2"],
	options: 'authentication = "internal_hashed"\nallow_registration = true\ninsecure_sasl_mechanisms = {}',
};
/** What a Prosody 0.12 lacks: it does not tell modules whose stream it is, nor lets them enable stream management. */
const with_tokens = { ...troupe, accounts: [...troupe.accounts, "sasl2_fast"] };
const with_smacks = {
	accounts: [...troupe.accounts, "smacks", "sasl2_sm"],
	options: troupe.options,
	// An older smacks lies among the community's modules
	folders: module_folders.slice(-1),
};
/** What there is on either server. */
const everything = { options: with_tokens, alone: no_prosody_13 };

/** One stream, and what is answered to each text on it. */
async function stream(port: number, texts: readonly string[], name = "user"): Promise<string[][]> {
	const [client] = await open(port, name);
	const answers: string[][] = [];
	for (const text of texts) answers.push(comparable(await ask(client, text)).map(without_features));
	client.destroy();
	return answers;
}

/** What features follow a login is other modules' matter. */
function without_features(element: string): string {
	return element.startsWith("<features") ? "<features>" : element;
}

async function both(
	play: (stage: Stage) => Promise<unknown>,
	{ options, alone = no_prosody }: { options?: Troupe; alone?: boolean } = {},
): Promise<unknown> {
	const [ours, prosodys] = await on_both(options ?? troupe, alone, async (stage) => {
		await register(stage.port);
		return play(stage);
	});
	expect(ours).toEqual(prosodys);
	return ours;
}

describe.skipIf(missing_here("sasl2"))("SASL2 beside a real Prosody", () => {
	it("offers the same", async () => {
		const offered = await both(async ({ port }) => {
			const [client, said] = await open(port);
			client.destroy();
			const authentication = elements(said)[0]?.get_child("authentication", sasl2);
			// Here nobody gets tokens of OAuth, which Prosody 13 takes of itself
			authentication?.maptags((tag) => (tag.get_text() === "OAUTHBEARER" ? undefined : tag));
			return comparable(String(authentication));
		}, everything);
		expect(JSON.stringify(offered)).toContain("HT-SHA-256-NONE");
	});

	it("answers good logins alike", async () => {
		const answers = await both(async ({ port }) => [
			await stream(port, [plain()]),
			await stream(port, [plain(agent() + bind())]),
			await stream(port, [plain(bind("<enable xmlns='urn:xmpp:carbons:2'/>"))]),
			await stream(port, [plain(agent() + bind("<inactive xmlns='urn:xmpp:csi:0'/>", ""))]),
			await stream(port, [plain("<bind xmlns='urn:xmpp:bind:0'/>")]).then((said) =>
				JSON.parse(JSON.stringify(said).replace(/localhost\/[\w-]+</, "localhost/…<")),
			),
			await stream(port, [plain()], "nobody"),
			await stream(port, [plain()], ""),
		]);
		expect(JSON.stringify(answers)).not.toContain("failure");
	});

	it("takes SCRAM in two steps", async () => {
		const answer = await both(async ({ port }) => {
			const [client] = await open(port);
			const said = comparable(await scram(client, "SCRAM-SHA-1", { inside: agent() + bind() })).map(without_features);
			client.destroy();
			return said;
		});
		expect(JSON.stringify(answer)).toContain("<success");
	});

	it.each<[string, string]>([
		["a wrong password", plain("", "user", "pen")],
		["an unknown account", plain("", "nobody")],
		["an unknown mechanism", authenticate("X-UNKNOWN", "x")],
		["no base64", `<authenticate xmlns='${sasl2}' mechanism='PLAIN'><initial-response>*</initial-response></authenticate>`],
		["an empty response", authenticate("SCRAM-SHA-1", "")],
		["half a message of PLAIN", authenticate("PLAIN", "user")],
		["half a message of SCRAM", authenticate("SCRAM-SHA-1", "n,,n=user")],
		["a response before anything", `<response xmlns='${sasl2}'>AAAA</response>`],
		["a name that cannot be", plain("", "us er")],
		["a mechanism of tokens without any", authenticate("HT-SHA-256-NONE", "user\0x", agent())],
	])("refuses %s alike", async (_what, text) => {
		const answers = await both(({ port }) => stream(port, [text]));
		expect(JSON.stringify(answers)).toContain("<failure");
	});

	it.each<[string, string]>([
		["a wrong token", with_token("secret-token:fast-x")],
		["a token without any name in it", with_token("x", { name: "" })],
	])("refuses %s alike", async (_what, text) => {
		const answers = await both(({ port }) => stream(port, [text]), everything);
		expect(JSON.stringify(answers)).toContain("<failure");
	});

	it("gives tokens, and takes them, alike", async () => {
		const answers = await both(async ({ port }) => {
			const said: unknown[] = [];
			const log_in = async (text: string): Promise<string> => {
				const [client] = await open(port);
				const answer = await ask(client, text);
				client.destroy();
				said.push(comparable(answer).map(without_features));
				return token_in(answer);
			};
			const first = await log_in(plain(agent() + request_token()));
			await log_in(with_token(first, { inside: bind() }));
			await log_in(with_token(first));
			await log_in(with_token(first, { id: "another" }));
			await log_in(with_token(first, { name: "nobody" }));
			const second = await log_in(with_token(first, { inside: request_token() }));
			await log_in(with_token(first));
			await log_in(with_token(second));
			await log_in(with_token(first));
			await log_in(with_token(second, { attributes: "invalidate='true'" }));
			await log_in(with_token(second));
			await log_in(plain(request_token()));
			return said;
		}, everything);
		expect(JSON.stringify(answers).match(/<success/g)?.length).toBe(8);
	});

	it.each([
		["old", "sasl2_fast_token_min_ttl = -1"],
		["expired", "sasl2_fast_token_ttl = -10"],
	])("treats tokens that are %s alike", async (_what, option) => {
		await both(
			async ({ port }) => {
				const said: unknown[] = [];
				for (let times = 0, secret = ""; times < 4; times++) {
					const [client] = await open(port);
					const answer = await ask(client, secret === "" ? plain(agent() + request_token()) : with_token(secret));
					client.destroy();
					said.push(comparable(answer).map(without_features));
					secret = token_in(answer) || secret;
				}
				return said;
			},
			{ ...everything, options: { ...with_tokens, options: `${troupe.options}\n${option}` } },
		);
	});

	it("goes on with sessions alike", async () => {
		const answers = await both(
			async ({ port }) => {
				const said: unknown[] = [];
				const log_in = async (inside: string): Promise<[RawClient, string]> => {
					const [client] = await open(port);
					const answer = await ask(client, plain(inside));
					said.push(comparable(answer).map(without_features));
					return [client, /<enabled [^>]*id=["']([^"']+)/.exec(answer)?.[1] ?? ""];
				};
				const enable = bind("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
				const [first, id] = await log_in(agent() + enable);
				first.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>");
				await first.until(() => /id=["']p1["']/.test(first.said));
				const resume = (previd: string, h: number): string => `<resume xmlns='urn:xmpp:sm:3' previd='${previd}' h='${h}'/>`;
				const [second] = await log_in(agent() + bind() + resume(id, 1));
				const [third] = await log_in(agent() + enable + resume("unknown", 0));
				const [fourth] = await log_in(bind("<enable xmlns='urn:xmpp:sm:3'/>"));
				for (const client of [first, second, third, fourth]) client.destroy();
				return said;
			},
			{ options: with_smacks, alone: no_prosody_13 },
		);
		expect(JSON.stringify(answers)).toContain("<resumed");
	});
});
