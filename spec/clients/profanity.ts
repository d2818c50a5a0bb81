import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../helper.ts";

/** Whether profanity is here, and tmux, which gives it a terminal. */
export function has_profanity(): boolean {
	return [
		["profanity", "--version"],
		["tmux", "-V"],
	].every(([program = "", option = ""]) => spawnSync(program, [option]).status === 0);
}

/** The client profanity in a terminal of its own. */
export class Profanity {
	private readonly folder = mkdtempSync(join(tmpdir(), "enjamb-profanity-"));

	/**
	 * Starts it, and has it log in as somebody of localhost, with any password.
	 * @param further settings, as they stand in its file
	 * @param tls what it does about certificates: its own words, such as "trust" or "disable"
	 * @param resource tells the clients of one account apart
	 */
	constructor(name: string, port: number, further = "", tls = "disable", resource = "terminal") {
		const [settings, data] = ["config/profanity", "data/profanity"].map((path) => {
			mkdirSync(join(this.folder, path), { recursive: true });
			return (file: string, text: string) => writeFileSync(join(this.folder, path, file), text);
		});
		settings?.("profrc", `[ui]\nsplash=false\n${further}`);
		const account = `[${name}]\nenabled=true\njid=${name}@localhost\nresource=${resource}\npassword=any\n`;
		data?.("accounts", `${account}server=127.0.0.1\nport=${port}\ntls.policy=${tls}\n`);
		this.tmux("-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", "60", "profanity", "-l", "DEBUG", "-a", name);
	}

	private tmux(...words: readonly string[]): string {
		const environment = {
			PATH: process.env["PATH"],
			HOME: this.folder,
			XDG_CONFIG_HOME: join(this.folder, "config"),
			XDG_DATA_HOME: join(this.folder, "data"),
			LANG: "C.UTF-8",
			TERM: "xterm",
		};
		const done = spawnSync("tmux", ["-S", join(this.folder, "tmux"), ...words], { encoding: "utf8", env: environment });
		if (done.status !== 0) throw new Error(`tmux ${words[0]}: ${done.error?.message ?? done.stderr}`);
		return done.stdout;
	}

	/** What is on its screen, without blank lines. */
	screen(): string {
		return this.tmux("capture-pane", "-p")
			.replace(/[ \t]+$/gm, "")
			.replace(/\n+/g, "\n");
	}

	/** The lines of its log that warn of something, and are not about itself: its keys, its libraries, what it says of itself. */
	warnings(): string[] {
		const log = readFileSync(join(this.folder, "data/profanity/logs/profanity.log"), "utf8");
		return log
			.split("\n")
			.filter((line) => /^\S+ \w+: (?:WRN|ERR): /.test(line) && !/ stderr: |\[OMEMO\]|\[PGP\]|Generated|Given /.test(line));
	}

	/** Types a line: a command or a message. */
	type(line: string): void {
		this.tmux("send-keys", "-l", line);
		this.tmux("send-keys", "Enter");
	}

	/** Waits until something is on its screen; fails with the screen where it never is. */
	shows(text: string | RegExp): Promise<void> {
		return eventually(() => {
			const screen = this.screen();
			const is_there = typeof text === "string" ? screen.includes(text) : text.test(screen);
			if (!is_there) throw new Error(`expected ${text} on the screen:\n${screen}`);
		});
	}

	/** Ends it with its terminal. */
	stop(): void {
		this.tmux("kill-server");
		rmSync(this.folder, { recursive: true, force: true });
	}
}
