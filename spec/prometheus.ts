// Programs of others that read metrics.

import { spawnSync } from "node:child_process";
import { not_installed } from "./needs.ts";

const debian_python = "/usr/bin/python3";

const strict_parser = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, family.unit, sample.name, sorted(sample.labels.items()), sample.value)
`;

/** Whether there is no strict parser of OpenMetrics, that of Prometheus' client for Python. Says so. */
export function no_strict_parser(): boolean {
	const found = spawnSync(debian_python, ["-c", "import prometheus_client.openmetrics.parser"]).status === 0;
	return not_installed(found, "python3-prometheus-client", "metrics are not given to a strict parser");
}

/** The samples of a text, one in a line with kind, unit, name, labels and value; and what is wrong with it. */
export function read_strictly(text: string): { readonly samples: string[]; readonly problem: string } {
	const { stdout, stderr } = spawnSync(debian_python, ["-c", strict_parser], { input: text, encoding: "utf8" });
	return { samples: stdout.split("\n").filter((line) => line !== ""), problem: stderr };
}
