import { describe, expect, it } from "vitest";
import { code_name, code_text } from "../../../host/util/http_codes.ts";
import { http_error } from "../../../host/util/http_errors.ts";

describe("status codes", () => {
	it.each([
		[200, "200 OK"],
		[413, "413 Content Too Large"],
		[418, "418 I'm a teapot"],
		[422, "422 Unprocessable Content"],
		[509, "509 Unassigned"],
		[299, "299 Unassigned"],
	])("%d is %s", (code, text) => {
		expect(code_text(code)).toBe(text);
	});

	it("have no name that is not in the registry", () => {
		expect([code_name(404), code_name(509), code_name(999)]).toEqual(["Not Found", undefined, undefined]);
	});
});

describe("errors of requests", () => {
	it("follow the status", () => {
		expect(http_error(404)).toEqual({ code: 404, type: "cancel", condition: "item-not-found", text: "404 Not Found" });
		expect(http_error(299)).toEqual({ code: 299, type: "cancel", condition: "undefined-condition", text: "299 Unassigned" });
	});

	it("follow the reason where there is no status", () => {
		expect(http_error(0, "invalid-url")).toMatchObject({ code: 0, type: "modify", condition: "bad-request" });
		expect(http_error(0, "whatever")).toMatchObject({ code: 0, type: "cancel", condition: "internal-server-error" });
	});
});
