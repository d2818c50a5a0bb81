// Processes as they are seen from outside.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { is_alive } from "../../../host/util/processes.ts";
import { eventually } from "../../helper.ts";

describe.skipIf(!existsSync("/proc/self/stat"))("a process", () => {
	it("that runs is alive; one whose number was never given is not", () => {
		expect(is_alive(process.pid)).toBe(true);
		expect(is_alive(2 ** 30)).toBe(false);
	});

	it("that has ended is not alive, though its parent has not asked how", async () => {
		// What takes the place of the shell knows of no children
		const parent = spawn("sh", ["-c", "sleep 600 & echo $!; exec sleep 600"], { stdio: ["ignore", "pipe", "ignore"] });
		const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
		try {
			expect(is_alive(pid)).toBe(true);
			// The shell itself would ask
			await eventually(() => expect(readFileSync(`/proc/${parent.pid}/comm`, "latin1")).toBe("sleep\n"));
			process.kill(pid, "SIGKILL");
			await eventually(() => expect(is_alive(pid)).toBe(false));
			expect(existsSync(`/proc/${pid}`)).toBe(true);
		} finally {
			parent.kill("SIGKILL");
		}
	});
});
