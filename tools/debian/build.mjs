// Builds a Debian package out of dist/: `node tools/debian/build.mjs [FOLDER]` writes it into the folder, the current one when not given.

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const root = join(import.meta.dirname, "../..");
const { version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Native parts run on the version of Node that they were built for. */
const major = Number(process.versions.node.split(".")[0]);
const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();

/** What of the packages in node_modules/ the built program does not contain; native parts are those of this machine. */
const libraries = {
	"better-sqlite3": ["package.json", "lib", "build/Release/better_sqlite3.node", "LICENSE"],
	bindings: ["package.json", "bindings.js", "LICENSE.md"],
	"file-uri-to-path": ["package.json", "index.js", "LICENSE"],
	fengari: ["package.json", "src", "LICENSE"],
	"readline-sync": ["package.json", "lib", "LICENSE"],
	"sprintf-js": ["package.json", "src", "LICENSE"],
	tmp: ["package.json", "lib", "LICENSE"],
	esbuild: ["package.json", "lib", "LICENSE.md"],
	[`@esbuild/linux-${process.arch}`]: ["package.json", "bin"],
	"node-unix-socket": ["package.json", "js", "LICENSE"],
	[`node-unix-socket-linux-${process.arch}-gnu`]: ["."],
};

/** Copies a file or folder, as root would have made it. */
function put(folder, from, to) {
	const target = join(folder, to);
	mkdirSync(dirname(target), { recursive: true });
	cpSync(from, target, { recursive: true, dereference: true });
}

function put_libraries(folder) {
	for (const [name, parts] of Object.entries(libraries)) {
		const from = join(root, "node_modules", name);
		if (!existsSync(from)) throw new Error(`expected ${from}: npm ci installs it`);
		for (const part of parts) {
			if (part.startsWith("LICENSE") && !existsSync(join(from, part))) continue;
			put(folder, join(from, part), join("usr/lib/enjamb/node_modules", name, part));
		}
	}
}

function put_program(folder) {
	if (!existsSync(join(root, "dist/enjamb.js"))) throw new Error("expected dist/enjamb.js: npm run build makes it");
	put(folder, join(root, "dist"), "usr/lib/enjamb/dist");
	put(folder, join(root, "package.json"), "usr/lib/enjamb/package.json");
	mkdirSync(join(folder, "usr/bin"));
	symlinkSync("../lib/enjamb/dist/enjamb.js", join(folder, "usr/bin/enjamb"));
}

function put_documents(folder) {
	const manual = join(folder, "usr/share/man/man1/enjamb.1.gz");
	mkdirSync(dirname(manual), { recursive: true });
	writeFileSync(manual, gzipSync(readFileSync(join(import.meta.dirname, "enjamb.1")), { level: 9 }));
	put(folder, join(root, "LICENSE"), "usr/share/doc/enjamb/copyright");
	put(folder, join(root, "README.md"), "usr/share/doc/enjamb/README.md");
	put(folder, join(root, "host/ADMINISTRATION.md"), "usr/share/doc/enjamb/ADMINISTRATION.md");
	put(folder, join(root, "tools/grafana/enjamb.json"), "usr/share/doc/enjamb/grafana.json");
}

function put_service(folder) {
	put(folder, join(import.meta.dirname, "enjamb.service"), "lib/systemd/system/enjamb.service");
	put(folder, join(import.meta.dirname, "enjamb.cfg.lua"), "etc/enjamb/enjamb.cfg.lua");
	mkdirSync(join(folder, "etc/enjamb/certs"));
}

/** Rights that do not depend on whoever builds: everything can be read, and programs run; but for the configuration. */
function set_modes(folder) {
	execFileSync("chmod", ["-R", "u=rwX,go=rX", folder]);
	chmodSync(join(folder, "etc/enjamb/enjamb.cfg.lua"), 0o640);
	chmodSync(join(folder, "etc/enjamb/certs"), 0o750);
}

function put_control(folder) {
	const control = join(folder, "DEBIAN");
	mkdirSync(control);
	const size = execFileSync("du", ["-sk", folder], { encoding: "utf8" }).split("\t")[0];
	writeFileSync(
		join(control, "control"),
		`Package: enjamb
Version: ${version}
Architecture: ${architecture}
Maintainer: The maintainers of Enjamb <enjamb@localhost>
Installed-Size: ${size}
Depends: nodejs (>= ${major}), nodejs (<< ${major + 1}), adduser, procps, libc6, libstdc++6
Suggests: prosody
Section: net
Priority: optional
Description: XMPP server with rooms, for people who run Prosody
 ${description}.
`,
	);
	writeFileSync(join(control, "conffiles"), "/etc/enjamb/enjamb.cfg.lua\n");
	for (const script of ["postinst", "prerm", "postrm"]) {
		put(folder, join(import.meta.dirname, script), join("DEBIAN", script));
		chmodSync(join(control, script), 0o755);
	}
}

const to = resolve(process.argv[2] ?? ".");
const folder = mkdtempSync(join(tmpdir(), "enjamb-deb-"));
try {
	const file = join(to, `enjamb_${version}_${architecture}.deb`);
	for (const part of [put_program, put_libraries, put_documents, put_service, set_modes, put_control]) part(folder);
	chmodSync(folder, 0o755);
	execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--build", folder, file], {
		stdio: ["ignore", "ignore", "inherit"],
	});
	console.log(`${basename(file)}: install it with apt install ./${basename(file)}`);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
