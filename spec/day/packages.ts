// The packages that the machine of an administrator gets by hand.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const builder = resolve(import.meta.dirname, "../../tools/debian/build.mjs");

/** Builds the package of Enjamb into a folder; answers with its file. */
export function build_enjamb(folder: string): string {
	execFileSync(process.execPath, [builder, folder], { stdio: "pipe" });
	const file = readdirSync(folder).find((name) => name.startsWith("enjamb_"));
	if (file === undefined) throw new Error("expected the package of Enjamb");
	return join(folder, file);
}

/** Makes a package of the Node that runs this, as a Debian has it that is new enough; answers with its file. */
export function build_node(folder: string): string {
	const tree = mkdtempSync(join(tmpdir(), "enjamb-node-"));
	try {
		mkdirSync(join(tree, "DEBIAN"));
		mkdirSync(join(tree, "usr/bin"), { recursive: true });
		copyFileSync(process.execPath, join(tree, "usr/bin/node"));
		const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
		writeFileSync(
			join(tree, "DEBIAN/control"),
			`Package: nodejs
Version: ${process.versions.node}
Architecture: ${architecture}
Maintainer: Nobody <nobody@localhost>
Depends: libc6, libstdc++6
Description: the Node of the machine that tests this
`,
		);
		const file = join(folder, "nodejs.deb");
		execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, file], { stdio: "pipe" });
		return file;
	} finally {
		rmSync(tree, { recursive: true, force: true });
	}
}
