// A Debian machine of its own, for a day of its administrator: a root folder by debootstrap, in which Debian's systemd runs.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const boot_script = join(import.meta.dirname, "boot.sh");

/** What a command came to. */
export interface Ran {
	readonly status: number;
	readonly out: string;
}

/** Runs a program; what it prints on both streams is its output. */
function run(program: string, args: readonly string[], input = "", timeout = 300_000): Promise<Ran> {
	return new Promise((resolve) => {
		const child = execFile(program, args, { encoding: "utf8", timeout, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
			const code: unknown = error === null ? 0 : error.code;
			resolve({ status: typeof code === "number" ? code : 1, out: stdout + stderr });
		});
		child.stdin?.on("error", () => {});
		child.stdin?.end(input);
	});
}

/** The same; throws with the output where it fails. */
async function must(program: string, args: readonly string[], timeout?: number): Promise<string> {
	const { status, out } = await run(program, args, "", timeout);
	if (status !== 0) throw new Error(`${program} ${args.join(" ")}: status ${status}: ${out.slice(-2000)}`);
	return out;
}

/** The release that this machine runs, and where its packages come from. */
function own_release(): { readonly codename: string; readonly mirror: string } | undefined {
	const codename = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
	const targets = spawnSync("apt-get", ["indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"], {
		encoding: "utf8",
	});
	const mirror = targets.stdout
		?.split("\n")
		.find((line) => line.endsWith(` ${codename}`))
		?.split(" ")[0];
	return codename === undefined || mirror === undefined ? undefined : { codename, mirror };
}

/** Why no such machine can run here; undefined where it can. */
export function why_no_machine(): string | undefined {
	if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root can make a machine in namespaces";
	const own = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork"];
	const tried = spawnSync("unshare", [...own, "sh", "-c", "d=$(mktemp -d) && mount -t cgroup2 none $d && umount $d && rmdir $d"]);
	return tried.status === 0 ? undefined : "this system lets nobody make namespaces";
}

/** Why none can be made here that could run, since something is not installed. */
export function is_debootstrap_missing(): boolean {
	return spawnSync("debootstrap", ["--version"]).status !== 0;
}

/** Such a machine. It has no network but its own loopback interface. */
export class Machine {
	private readonly forwarders: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];
	private holder: ChildProcess | undefined;
	private groups: string | undefined;
	private readonly group = `enjamb-${process.pid}`;
	private pid = 0;

	private constructor(readonly folder: string) {}

	/** The root folder, as it is seen from here. */
	get root(): string {
		return join(this.folder, "root");
	}

	/** Makes a root folder and installs packages there. */
	static async make(packages: readonly string[]): Promise<Machine> {
		const release = own_release();
		if (release === undefined) throw new Error("expected a Debian that knows where its packages come from");
		const machine = new Machine(mkdtempSync(join(tmpdir(), "enjamb-machine-")));
		try {
			// In memory, since packages are written to the disk file by file
			mkdirSync(machine.root);
			await must("mount", ["-t", "tmpfs", "-o", "size=2g,mode=755", "root", machine.root]);
			await machine.fetch(() =>
				must("debootstrap", ["--variant=minbase", release.codename, machine.root, release.mirror], 600_000),
			);
			await must("cp", ["/etc/resolv.conf", join(machine.root, "etc/resolv.conf")]);
			// Nothing is started before the machine is
			writeFileSync(join(machine.root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
			const apt = "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends";
			await machine.fetch(() =>
				must("chroot", [machine.root, "sh", "-c", `apt-get update -qq && ${apt} ${packages.join(" ")}`], 600_000),
			);
			rmSync(join(machine.root, "usr/sbin/policy-rc.d"));
			return machine;
		} catch (error) {
			machine.remove();
			throw error;
		}
	}

	/** What is fetched from elsewhere may fail to come; a second attempt goes on where the first one ended. */
	private async fetch(work: () => Promise<unknown>): Promise<void> {
		try {
			await work();
		} catch (error) {
			console.warn(`a second attempt: ${error instanceof Error ? error.message : error}`);
			await work();
		}
	}

	/** Writes a file on it. */
	write(path: string, text: string): void {
		const file = join(this.root, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}

	read(path: string): string {
		return readFileSync(join(this.root, path), "utf8");
	}

	/** Starts it, and waits until systemd has started everything. */
	async boot(): Promise<void> {
		this.groups = mkdtempSync(join(tmpdir(), "enjamb-cgroup-"));
		await must("mount", ["-t", "cgroup2", "none", this.groups]);
		const group = join(this.groups, this.group);
		mkdirSync(group);
		this.holder = spawn("bash", [boot_script, this.root, group], { stdio: ["ignore", "ignore", "inherit"] });
		for (;;) {
			this.pid = this.first_process(group);
			const { status, out } = this.pid === 0 ? { status: 1, out: "" } : await this.run("systemctl is-system-running --wait");
			if (status === 0 || /^(running|degraded)/m.test(out)) return;
			if (this.holder.exitCode !== null) throw new Error(`the machine does not start: ${this.holder.exitCode}`);
			await pause(50);
		}
	}

	/** The machine's systemd, as it is numbered here; 0 while it does not run yet. */
	private first_process(group: string): number {
		try {
			return Number(readFileSync(join(group, "init.scope/cgroup.procs"), "utf8").split("\n")[0]);
		} catch {
			return 0;
		}
	}

	/** Runs a line of shell on it, as root. */
	run(line: string, input = ""): Promise<Ran> {
		const enter = ["--target", String(this.pid), "--all", "--root", "--wd", "--"];
		const path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
		return run("nsenter", [...enter, "/usr/bin/env", "-i", path, "HOME=/root", "/bin/sh", "-c", line], input);
	}

	/** The same; throws with the output where it fails. */
	async must(line: string, input = ""): Promise<string> {
		const { status, out } = await this.run(line, input);
		if (status !== 0) throw new Error(`${line}: status ${status}: ${out.slice(-3000)}`);
		return out;
	}

	/** A port here whose connections go to one of the machine's. */
	async forward(port: number): Promise<number> {
		const sockets = new Set<Socket>();
		const code = `const s=require("net").connect(${port},"127.0.0.1");process.stdin.pipe(s);s.pipe(process.stdout);s.on("error",()=>process.exit(1));s.on("close",()=>process.exit(0))`;
		const server = createServer((socket) => {
			sockets.add(socket);
			const child = spawn("nsenter", ["--target", String(this.pid), "--net", "--", process.execPath, "-e", code], {
				stdio: ["pipe", "pipe", "ignore"],
			});
			child.stdin.on("error", () => {});
			socket.on("error", () => {});
			socket.pipe(child.stdin);
			child.stdout.pipe(socket);
			socket.on("close", () => {
				sockets.delete(socket);
				child.kill();
			});
		});
		this.forwarders.push({ server, sockets });
		await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
		const address = server.address();
		return typeof address === "object" && address !== null ? address.port : 0;
	}

	/** Switches it off, and removes it. */
	async stop(): Promise<void> {
		for (const { server, sockets } of this.forwarders) {
			server.close();
			for (const socket of sockets) socket.destroy();
		}
		const { holder, groups } = this;
		if (holder !== undefined && holder.exitCode === null && holder.signalCode === null) {
			const gone = new Promise((resolve) => holder.once("exit", resolve));
			// The first process takes all others with it
			if (this.pid > 0) process.kill(this.pid, "SIGKILL");
			holder.kill("SIGKILL");
			await gone;
		}
		if (groups !== undefined) {
			await run("sh", [
				"-c",
				`find "$1" -depth -type d -path "$1/$2*" -exec rmdir {} \\; ; umount "$1"`,
				"sh",
				groups,
				this.group,
			]);
			rmdirSync(groups);
		}
		this.remove();
	}

	private remove(): void {
		// What debootstrap mounted, where it was stopped half-way
		for (const name of ["proc", "sys", "."]) spawnSync("umount", ["--lazy", join(this.root, name)], { stdio: "ignore" });
		spawnSync("rm", ["-rf", "--one-file-system", this.folder]);
	}
}
