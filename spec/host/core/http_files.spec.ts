import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FilesOptions, serve } from "../../../host/core/http_files.ts";
import type { ModuleDefinition } from "../../../host/core/types.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { RawHttp, request } from "../raw_http.ts";

const is_root = process.getuid?.() === 0;
if (is_root) console.warn("Run by root, who may read everything: forbidden files are not tried");

let folder: string;
let running: TestServer | undefined;
let client: RawHttp | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-files-"));
	const root = join(folder, "root");
	mkdirSync(join(root, "sub dir"), { recursive: true });
	mkdirSync(join(root, "empty"));
	writeFileSync(join(folder, "secret"), "secret");
	writeFileSync(join(root, "index.html"), "<p>root</p>");
	writeFileSync(join(root, "a.txt"), "text");
	writeFileSync(join(root, "ü %41.weird"), "odd name");
	writeFileSync(join(root, "nothing.txt"), "");
	writeFileSync(join(root, "large.bin"), Buffer.alloc(200_000, "large"));
	writeFileSync(join(root, "sub dir", "index.htm"), "<p>sub</p>");
	for (const name of ["a.txt", "large.bin"]) utimesSync(join(root, name), 1e9, 1e9);
});

afterEach(async () => {
	client?.destroy();
	await running?.stop();
	running = undefined;
	rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<FilesOptions> = {}) {
	const files: ModuleDefinition = {
		name: "files",
		load(module) {
			module.depends("http");
			const { http_server } = module.server;
			const mime_map = (extension: string) => (extension === "txt" ? "text/plain" : undefined);
			const whole = serve(http_server, { path: join(folder, "root"), mime_map, ...options });
			const single = serve(http_server, { path: join(folder, "root", "a.txt"), mime_map });
			module.provides("http", { route: { "GET /*": whole, "GET /single": single } });
			http_server.add_handler("directory-index", ({ path, full_path }) => `list of ${path} in ${full_path.slice(folder.length)}`);
		},
	};
	const config = { http_ports: [0], https_ports: [], http_interfaces: ["127.0.0.1"], modules_enabled: ["files"] };
	running = await start_test_server({ config: { "*": config }, modules: [files] });
	const port = running.server.addresses().find(({ service }) => service === "http")?.port ?? 0;
	const connected = await RawHttp.connect(port);
	client = connected;
	return async (target: string, headers: readonly string[] = [], method = "GET") => {
		const answer = await connected.ask(request(method, target, headers));
		if (answer === undefined) throw new Error(`${target} was not answered`);
		return answer;
	};
}

describe("files", () => {
	it("are served with type, tag and date", async () => {
		const ask = await start();
		const { status, headers, body } = await ask("/files/a.txt");
		expect([status, body, headers.get("content-type")]).toEqual([200, "text", "text/plain"]);
		expect(headers.get("last-modified")).toBe("Sun, 09 Sep 2001 01:46:40 GMT");
		expect(headers.get("etag")).toMatch(/^"[0-9a-f]+-4-3b9aca00"$/);
		expect((await ask("/files/%c3%bc%20%2541.weird")).body).toBe("odd name");
		expect((await ask("/files/nothing.txt")).headers.get("content-length")).toBe("0");
	});

	it("are not sent to who has them", async () => {
		const ask = await start();
		const tag = (await ask("/files/a.txt")).headers.get("etag") ?? "";
		const date = "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT";
		expect((await ask("/files/a.txt", [`If-None-Match: ${tag}`])).status).toBe(304);
		expect((await ask("/files/a.txt", [date])).status).toBe(304);
		expect((await ask("/files/a.txt", [date, 'If-None-Match: "other"'])).status).toBe(200);
	});

	it("are read anew when they change", async () => {
		const ask = await start();
		expect((await ask("/files/a.txt")).body).toBe("text");
		writeFileSync(join(folder, "root", "a.txt"), "changed");
		expect((await ask("/files/a.txt")).body).toBe("changed");
		rmSync(join(folder, "root", "a.txt"));
		expect((await ask("/files/a.txt")).status).toBe(404);
	});

	it("are sent piece by piece where they are large", async () => {
		const ask = await start();
		const { headers, body } = await ask("/files/large.bin");
		expect([headers.get("content-length"), body]).toEqual(["200000", "large".repeat(40_000)]);
		const head = await ask("/files/large.bin", [], "HEAD");
		expect([head.status, head.headers.get("content-length")]).toEqual([200, "200000"]);
	});

	it("may be one single file", async () => {
		const ask = await start();
		expect((await ask("/files/single")).body).toBe("text");
	});

	it.skipIf(is_root)("that may not be read are forbidden", async () => {
		chmodSync(join(folder, "root", "a.txt"), 0);
		expect((await (await start())("/files/a.txt")).status).toBe(403);
	});

	it("that are none are not opened", async () => {
		symlinkSync("/dev/zero", join(folder, "root", "zero"));
		const ask = await start();
		expect([
			(await ask("/files/zero")).status,
			(await ask("/files/a.txt/")).status,
			(await ask("/files/a.txt/x")).status,
		]).toEqual([403, 403, 404]);
	});
});

describe("folders", () => {
	it("are their index files", async () => {
		const ask = await start();
		expect((await ask("/files/")).body).toBe("<p>root</p>");
		expect((await ask("/files/sub%20dir/")).body).toBe("<p>sub</p>");
		expect((await ask("/files/empty/")).status).toBe(403);
	});

	it("are those of other names, where that is wanted", async () => {
		const ask = await start({ index_files: ["a.txt"] });
		expect((await ask("/files/")).body).toBe("text");
	});

	it("have a slash at the end", async () => {
		const ask = await start();
		const { status, headers } = await ask("/files/sub%20dir");
		expect([status, headers.get("location")]).toEqual([301, "/files/sub%20dir/"]);
	});

	it("are listed where somebody does that", async () => {
		const ask = await start({ directory_index: true });
		expect((await ask("/files/empty/")).body).toBe("list of /files/empty/ in /root/empty/");
		expect((await ask("/files/")).body).toBe("<p>root</p>");
	});
});

describe("the world outside of the folder", () => {
	it.each([
		"/files/../secret",
		"/files/%2e%2e/secret",
		"/files/%2e%2e%2fsecret",
		"/files/..%5csecret",
		"/files/sub%20dir/../../secret",
		"/files//../secret",
		"/files/./../secret",
		"/files/..",
		"/files/a.txt%00.html",
		"/files/%252e%252e/secret",
		"/files/\\..\\secret",
	])("is not reached by %s", async (target) => {
		const answer = await (await start())(target);
		expect(answer.body).not.toBe("secret");
		expect(answer.status).toBeGreaterThanOrEqual(400);
	});

	it("is not reached in any way", async () => {
		const ask = await start();
		const part = fc.constantFrom(
			"..",
			".",
			"%2e%2e",
			"%2E.",
			"sub%20dir",
			"/",
			"//",
			"%2f",
			"%5c",
			"\\",
			"secret",
			"a.txt",
			"%00",
			"%ff",
		);
		await fc.assert(
			fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
				const answer = await ask(`/files/${parts.join("/")}/secret`);
				expect(answer.body).not.toBe("secret");
			}),
			{ numRuns: 200 },
		);
	});
});
