import { describe, expect, it } from "vitest";
import * as hashes from "../../../host/util/hashes.ts";

describe("hashes", () => {
	it.each([
		["md5", hashes.md5, "900150983cd24fb0d6963f7d28e17f72"],
		["sha1", hashes.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"],
		["sha224", hashes.sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"],
		["sha256", hashes.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
		["sha384", hashes.sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"],
		[
			"sha512",
			hashes.sha512,
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		],
		["sha3_256", hashes.sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"],
		[
			"sha3_512",
			hashes.sha3_512,
			"b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
		],
		["blake2s256", hashes.blake2s256, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"],
		[
			"blake2b512",
			hashes.blake2b512,
			"ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
		],
	])("%s of `abc`", (_, hash, hex) => {
		expect(hash("abc", true)).toBe(hex);
		expect(hash(Buffer.from("abc"))).toEqual(Buffer.from(hex, "hex"));
	});

	it.each([
		["hmac_md5", hashes.hmac_md5, "750c783e6ab0b503eaa86e310a5db738"],
		["hmac_sha1", hashes.hmac_sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
		["hmac_sha224", hashes.hmac_sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"],
		["hmac_sha256", hashes.hmac_sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
		[
			"hmac_sha384",
			hashes.hmac_sha384,
			"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
		],
		[
			"hmac_sha512",
			hashes.hmac_sha512,
			"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
		],
		["hmac_sha3_256", hashes.hmac_sha3_256, "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5"],
		[
			"hmac_sha3_512",
			hashes.hmac_sha3_512,
			"5a4bfeab6166427c7a3647b747292b8384537cdb89afb3bf5665e4c5e709350b287baec921fd7ca0ee7a0c31d022a95e1fc92ba9d77df883960275beb4e62024",
		],
		["hmac_blake2s256", hashes.hmac_blake2s256, "90b6281e2f3038c9056af0b4a7e763cae6fe5d9eb4386a0ec95237890c104ff0"],
		[
			"hmac_blake2b512",
			hashes.hmac_blake2b512,
			"6ff884f8ddc2a6586b3c98a4cd6ebdf14ec10204b6710073eb5865ade37a2643b8807c1335d107ecdb9ffeaeb6828c4625ba172c66379efcd222c2de11727ab4",
		],
	])("%s of the second case of RFC 4231", (_, hmac, hex) => {
		expect(hmac("Jefe", "what do ya want for nothing?", true)).toBe(hex);
		expect(hmac(Buffer.from("Jefe"), "what do ya want for nothing?", false)).toEqual(Buffer.from(hex, "hex"));
	});

	it("takes the UTF-8 of strings", () => {
		expect(hashes.sha1("é")).toEqual(hashes.sha1(Buffer.from([0xc3, 0xa9])));
	});

	it("derives keys from passwords as RFC 6070 has it", () => {
		expect(hashes.pbkdf2_hmac_sha1("password", "salt", 2).toString("hex")).toBe("ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
		expect(hashes.pbkdf2_hmac_sha256("password", Buffer.from("salt"), 4096).toString("hex")).toBe(
			"c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a",
		);
	});

	it("derives keys from keys as RFC 5869 has it", () => {
		const input = Buffer.alloc(22, 0x0b);
		const salt = Buffer.from("000102030405060708090a0b0c", "hex");
		const info = Buffer.from("f0f1f2f3f4f5f6f7f8f9", "hex");
		expect(hashes.hkdf_hmac_sha256(42, input, salt, info).toString("hex")).toBe(
			"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
		);
		expect(hashes.hkdf_hmac_sha256(42, input, undefined, "").toString("hex")).toBe(
			"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
		);
		// RFC 5869 has no case for SHA-384; this is what Python's hmac makes of its formula
		expect(hashes.hkdf_hmac_sha384(42, input, salt, info).toString("hex")).toBe(
			"9b5097a86038b805309076a44b3a9f38063e25b516dcbf369f394cfab43685f748b6457763e4f0204fc5",
		);
		expect(hashes.hkdf_hmac_sha384(256, input, salt, info)).toHaveLength(256);
		expect(() => hashes.hkdf_hmac_sha256(257, input, salt, info)).toThrow(RangeError);
	});

	it("compares secrets", () => {
		expect(hashes.equals("secret", Buffer.from("secret"))).toBe(true);
		expect(hashes.equals("secret", "secreT")).toBe(false);
		expect(hashes.equals("secret", "secret ")).toBe(false);
		expect(hashes.equals("", "")).toBe(true);
	});
});
