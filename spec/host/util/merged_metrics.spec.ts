import { describe, expect, it } from "vitest";
import { merge_metrics } from "../../../host/util/merged_metrics.ts";

describe("metrics of several processes", () => {
	it("are one text, in which each family is once and each sample has the name of its process", () => {
		const one = '# TYPE a gauge\n# HELP a What it is\na{x="{1} }"} 1\n# TYPE b counter\nb_total 2\n# EOF\n';
		const two = "# TYPE b counter\nb_total 3\nb_created{} 1.5\n# TYPE a gauge\n# HELP a What it is\na 4\n# EOF\n";
		const merged = merge_metrics(
			new Map([
				["w-1", one],
				["w-2", two],
			]),
			"worker",
		);
		expect(merged.split("\n")).toEqual([
			"# TYPE a gauge",
			"# HELP a What it is",
			'a{x="{1} }",worker="w-1"} 1',
			'a{worker="w-2"} 4',
			"# TYPE b counter",
			'b_total{worker="w-1"} 2',
			'b_total{worker="w-2"} 3',
			'b_created{worker="w-2"} 1.5',
			"# EOF",
			"",
		]);
	});
});
