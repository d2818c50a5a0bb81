import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { free_port } from "../../tools/reference.ts";
import { not_installed } from "../needs.ts";
import { type Newcomer, start_newcomer } from "./newcomer.ts";
import { has_profanity, Profanity } from "./profanity.ts";

const no_profanity = not_installed(has_profanity(), "profanity or tmux", "nobody uses accounts from a terminal, by TLS");

/** Seconds after which it tries to connect again. */
const reconnects = "[connection]\nreconnect=1\n";
const room = "garden@conference.localhost";

// The server that `npm start -- --tls` runs
describe.skipIf(no_profanity)("profanity on a newcomer's server, by TLS", () => {
	let folder: string;
	let newcomer: Newcomer;
	let ports: Record<string, number>;
	let romeo: Profanity;
	let juliet: Profanity;
	const others: Profanity[] = [];

	const start = (): Promise<Newcomer> => start_newcomer({ tls_only: true, data: join(folder, "data"), ports });

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-profanity-"));
		writeFileSync(join(folder, "sonnet.txt"), "Sweet sorrow");
		ports = { c2s: await free_port(), https: await free_port() };
		newcomer = await start();
		romeo = new Profanity("romeo", ports["c2s"] ?? 0, reconnects, "trust");
		juliet = new Profanity("juliet", ports["c2s"] ?? 0, reconnects, "trust");
		for (const person of [romeo, juliet]) {
			await person.shows("logged in successfully");
			await person.shows("[TLS]");
		}
	});

	afterAll(async () => {
		for (const person of [romeo, juliet, ...others]) person?.stop();
		await newcomer?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	it("adds contacts, who see each other", async () => {
		romeo.type("/roster add juliet@localhost Juliet");
		await romeo.shows("Roster item added: juliet@localhost (Juliet)");
		romeo.type("/sub request juliet@localhost");
		await juliet.shows("Received authorization request from romeo@localhost");
		juliet.type("/sub allow romeo@localhost");
		await juliet.shows("Accepted subscription for romeo@localhost");
		await romeo.shows(/Juliet .*is online/);
	});

	it("talks, and a second client hears it, too", async () => {
		for (const person of [romeo, juliet]) {
			person.type("/carbons on");
			await person.shows("Message carbons preference enabled.");
		}
		romeo.type("/msg juliet@localhost But soft!");
		await juliet.shows("romeo@localhost/terminal");
		juliet.type("/msg romeo@localhost Ay me!");
		await romeo.shows("Ay me!");
		const second = new Profanity("juliet", ports["c2s"] ?? 0, reconnects, "trust", "second");
		others.push(second);
		await second.shows("logged in successfully");
		second.type("/carbons on");
		await second.shows("Message carbons preference enabled.");
		romeo.type("/msg juliet@localhost O, speak again");
		// In a window of its own, which it tells of
		await second.shows(/<< chat message: romeo@localhost|O, speak again/);
		second.type("/msg romeo@localhost From the second");
		await second.shows("O, speak again");
		await romeo.shows("From the second");
	});

	it("sends a file", async () => {
		romeo.type("/msg juliet@localhost");
		romeo.type(`/sendfile ${join(folder, "sonnet.txt")}`);
		await romeo.shows(new RegExp(`https://localhost:${ports["https"]}/file_share/`));
	});

	it("makes a room that others enter at once, and finds it again once the server was restarted", async () => {
		romeo.type(`/join ${room} nick Romeo`);
		await romeo.shows("You have joined the room as Romeo, role: moderator, affiliation: owner");
		expect(juliet.warnings()).toEqual([]);
		// Whoever is no owner asks for lists of affiliations nevertheless, and is refused
		juliet.type(`/join ${room} nick Juliet`);
		await juliet.shows("You have joined the room as Juliet, role: participant, affiliation: none");
		romeo.type("/bookmark add");
		await romeo.shows(`Bookmark added for ${room}.`);
		expect(romeo.warnings()).toEqual([]);
		await newcomer.stop();
		await romeo.shows("Lost connection.");
		newcomer = await start();
		await romeo.shows("Connection re-established.");
		await juliet.shows("Connection re-established.");
		romeo.type("Here I am");
		await juliet.shows("Romeo: Here I am");
		// Their sessions have outlived the restart
		for (const person of [romeo, juliet]) expect(person.warnings().join("\n")).not.toContain("SM error");
	});
});
