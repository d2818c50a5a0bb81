import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../../host/core/config/config.ts";
import { connect } from "../../../../host/core/network_sql/connect.ts";
import { read_address } from "../../../../host/plugins/storage_sql/network.ts";
import { self_signed_certificate } from "../../../../host/util/x509.ts";
import { folder_for, type Runner, unprivileged } from "../../../../tools/daemon.ts";
import { eventually } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_mariadb, start_mariadb } from "../../databases/mariadb.ts";
import { find_postgresql, start_postgresql } from "../../databases/postgresql.ts";
import type { TestDatabase } from "../../databases/types.ts";

/** A certificate that the database can read, for a name; its own signer. */
function certificate_for(name: string, runner: Runner, folder: string): { certificate: string; key: string } {
	const made = self_signed_certificate([name], 2);
	const files = { certificate: join(folder, "db.crt"), key: join(folder, "db.key") };
	writeFileSync(files.certificate, made.certificate);
	writeFileSync(files.key, made.key, { mode: 0o600 });
	if (runner.uid !== undefined && runner.gid !== undefined) {
		for (const path of [files.certificate, files.key]) chownSync(path, runner.uid, runner.gid);
	}
	return files;
}

const engines = [
	{
		name: "PostgreSQL",
		user: "postgres",
		program: find_postgresql(),
		start: (files?: { certificate: string; key: string }) =>
			start_postgresql(files && ["ssl=on", `ssl_cert_file=${files.certificate}`, `ssl_key_file=${files.key}`]),
		asks: "SELECT CASE WHEN ssl THEN 'yes' ELSE '' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
		column: 0,
		reload: "SELECT pg_reload_conf()",
	},
	{
		name: "MariaDB",
		user: "mysql",
		program: find_mariadb(),
		start: (files?: { certificate: string; key: string }) =>
			start_mariadb(files && [`--ssl-cert=${files.certificate}`, `--ssl-key=${files.key}`]),
		asks: "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
		column: 1,
		reload: "FLUSH SSL",
	},
] as const;

for (const { name, user, program, start, asks, column, reload } of engines) {
	describe.skipIf(not_installed(program, name, "nobody sees whether connections to it are encrypted"))(
		`a connection to ${name}`,
		() => {
			let server: TestDatabase;
			let files: { certificate: string; key: string };
			let folder: string;
			const runner = program === undefined ? {} : unprivileged(user);

			beforeAll(async () => {
				folder = folder_for(runner, "enjamb-encryption-");
				files = certificate_for("localhost", runner, folder);
				server = await start(files);
			});
			afterAll(() => server?.remove());

			/** Whether a connection is encrypted; rejects where there is none. */
			async function is_encrypted(option: Record<string, ConfigValue>, of = server): Promise<boolean> {
				const address = read_address(of.driver, { ...of.sql, ...option });
				if (!address.ok) throw new Error(address.error);
				const client = await connect(address.value);
				try {
					const [answer] = await client.run([{ sql: asks, values: [] }], 10_000);
					return String(answer?.rows[0]?.[column] ?? "") !== "";
				} finally {
					client.end();
				}
			}

			it("is plain on this machine, and encrypted to others", async () => {
				expect(await is_encrypted({ host: "127.0.0.1" })).toBe(false);
				// Another address of this machine
				expect(await is_encrypted({ host: "0.0.0.0" })).toBe(true);
			});

			it("is made where the certificate is signed by whom it has to be", async () => {
				expect(await is_encrypted({ host: "localhost", ca: files.certificate })).toBe(true);
				const other = join(folder, "other.crt");
				writeFileSync(other, self_signed_certificate(["localhost"], 2).certificate);
				await expect(is_encrypted({ host: "localhost", ca: other })).rejects.toThrow(/certificate/);
				await expect(is_encrypted({ host: "localhost", ca: join(folder, "none.crt") })).rejects.toThrow(/cannot be read: ENOENT/);
				await expect(is_encrypted({ host: "127.0.0.1", ca: other })).rejects.toThrow(/host has to be the name/);
			});

			it("is not made to whoever has another name", async () => {
				const elsewhere = certificate_for("elsewhere.example", runner, folder);
				await server.query(reload);
				await eventually(() =>
					expect(is_encrypted({ host: "localhost", ca: elsewhere.certificate })).rejects.toThrow(
						/does not match certificate's altnames/,
					),
				);
			});

			it("is plain where the server cannot do otherwise, unless its certificate has to be looked at", async () => {
				const plain = await start();
				try {
					expect(await is_encrypted({ host: "0.0.0.0" }, plain)).toBe(false);
					await expect(is_encrypted({ host: "localhost", ca: files.certificate }, plain)).rejects.toThrow(
						/SSL|secure connection/,
					);
				} finally {
					await plain.remove();
				}
			});
		},
	);
}
