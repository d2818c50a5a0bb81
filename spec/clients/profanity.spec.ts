import { afterAll, beforeAll, describe, it } from "vitest";
import { start_test_server, type TestServer } from "../helper.ts";
import { not_installed } from "../needs.ts";
import { has_profanity, Profanity } from "./profanity.ts";

const no_profanity = not_installed(has_profanity(), "profanity or tmux", "nobody comes to rooms from a terminal");

const room = "balcony@conference.localhost";

// Of archives, avatars of rooms and moderation profanity 0.13 knows nothing; what was said before it gets as history
describe.skipIf(no_profanity)("profanity, in two terminals", () => {
	let server: TestServer;
	let romeo: Profanity;
	let juliet: Profanity;

	beforeAll(async () => {
		server = await start_test_server();
		romeo = new Profanity("romeo", server.port);
		juliet = new Profanity("juliet", server.port);
		for (const person of [romeo, juliet]) await person.shows("logged in successfully");
	});

	afterAll(async () => {
		romeo?.stop();
		juliet?.stop();
		await server?.stop();
	});

	async function juliet_enters(): Promise<void> {
		juliet.type(`/join ${room} nick Juliet`);
		await juliet.shows("You have joined the room as Juliet, role: participant, affiliation: none");
	}

	it("makes a room, configures it by its form, and sets a subject", async () => {
		romeo.type(`/join ${room} nick Romeo`);
		await romeo.shows("You have joined the room as Romeo, role: moderator, affiliation: owner");
		await romeo.shows("Room locked, requires configuration.");
		romeo.type("/room config");
		await romeo.shows("[field1] Title:");
		romeo.type('/field1 "Capulet\'s orchard"');
		await romeo.shows("Capulet's orchard");
		romeo.type("/form submit");
		await romeo.shows("Room configuration successful");
		romeo.type('/subject set "What light?"');
		await romeo.shows("Romeo has set the room subject: What light?");
		romeo.type(`/disco info ${room}`);
		romeo.type("/win 1");
		await romeo.shows("Capulet's orchard text conference");
		romeo.type("/win 2");
	});

	it("invites, enters, and sees what was said before", async () => {
		romeo.type("But soft!");
		await romeo.shows("Romeo: But soft!");
		romeo.type("/invite send juliet@localhost Come here");
		await juliet.shows("Message: Come here");
		await juliet_enters();
		await juliet.shows("Romeo: But soft!");
		await juliet.shows("What light?");
		await romeo.shows(/Participants.*\n.*Juliet/);
	});

	it("talks both ways, in the room and in private", async () => {
		juliet.type("Ay me! <3 & ü 🌹");
		await romeo.shows("Juliet: Ay me! <3 & ü 🌹");
		juliet.type("/msg Romeo Psst");
		await juliet.shows("Psst");
		// Its own window, once there is one
		await romeo.shows("[3]");
		romeo.type("/win 3");
		await romeo.shows("Psst");
		romeo.type("/win 2");
		juliet.type("/win 2");
	});

	it("kicks and bans", async () => {
		romeo.type("/kick Juliet Too early");
		await romeo.shows("Juliet has been kicked from the room by Romeo, reason: Too early");
		await juliet.shows(`Kicked from ${room} by Romeo, reason: Too early`);
		await juliet_enters();
		romeo.type("/ban juliet@localhost For good");
		await romeo.shows("Juliet has been banned from the room by Romeo, reason: For good");
		await juliet.shows(`Banned from ${room} by Romeo, reason: For good`);
		juliet.type(`/join ${room} nick Juliet`);
		await juliet.shows(`Error from ${room}/Juliet: forbidden`);
		romeo.type("/affiliation list outcast");
		await romeo.shows(/Affiliation: outcast\s+[\d:]+ !\s+juliet@localhost/);
	});
});
