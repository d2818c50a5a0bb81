// Counterpart: plugins/mod_cron.lua

import type { MapStore, ModuleApi, ModuleDefinition, Task } from "../core/types.ts";
import { format_table } from "../util/human/table.ts";
import { show_date } from "./admin_shell/columns.ts";
import { command, optional_text, result } from "./admin_shell/command.ts";

/** A task may run a little early, so that its time does not drift with each check. */
const tolerance = 0.995;
const longest_period = 86_400 * 7 * 53;

function seconds_now(): number {
	return Math.floor(Date.now() / 1000);
}

/** The name for a task's last run in the store, and for the option of its period. */
function task_id(source: string, name: string): string {
	return `${source}/${name.replace(/[^A-Za-z0-9]/g, "_").toLowerCase()}`;
}

/** A task with its last run, in seconds since 1970. */
interface Planned {
	readonly task: Task;
	readonly id: string;
	/** Seconds between its runs. */
	readonly period: number;
	last: number | undefined;
	running: boolean;
}

/** The tasks of one host; when they last ran is kept in its store `cron`. */
class HostTasks {
	private readonly planned = new Map<Task, Planned>();

	constructor(
		private readonly module: ModuleApi,
		private readonly last_run_times: MapStore,
	) {}

	add(source: string, task: Task): void {
		const plain_id = task.id ?? task_id(source, task.name ?? task.when);
		const { own } = this.module.server.nodes;
		const id = task.on_each_node && own !== "" ? `${plain_id}@${own}` : plain_id;
		const default_period = { hourly: "1 hour", daily: "1 day", weekly: "1 week" }[task.when];
		const period = this.module.get_option_period(`${plain_id.replace("/", "_")}_period`, default_period, 60, longest_period);
		this.planned.set(task, { task, id, period, last: undefined, running: false });
		this.module.log("debug", "%s task %s added", task.when, id);
	}

	remove(task: Task): void {
		this.planned.delete(task);
	}

	/** All tasks, with when they last ran. */
	list(): Planned[] {
		return [...this.planned.values()].map((planned) => ({ ...planned, last: planned.last ?? this.restore(planned.id) }));
	}

	/**
	 * Runs the tasks that are due. An error in one does not affect the others.
	 * @param for_all whether this node does what one of a cluster does for all
	 */
	async run(for_all: boolean): Promise<void> {
		const own = [...this.planned.values()].filter(({ task }) => for_all || task.on_each_node);
		await Promise.all(own.map((planned) => this.run_one(planned)));
	}

	private async run_one(planned: Planned): Promise<void> {
		const { task, id, period } = planned;
		// Another node may have done it since
		if (planned.last === undefined || this.module.server.cluster !== undefined) planned.last = this.restore(id);
		const started_at = seconds_now();
		if (planned.running || (planned.last !== undefined && planned.last + period * tolerance > started_at)) return;
		planned.running = true;
		try {
			await task.run(started_at);
			planned.last = started_at;
			const saved = this.last_run_times.set(undefined, id, started_at);
			if (!saved.ok) this.module.log("warn", "Could not store when task %s last ran: %s", id, saved.error.text);
		} catch (error) {
			this.module.log("error", "Error in task %s: %s", id, error instanceof Error ? error.stack : error);
		} finally {
			planned.running = false;
		}
	}

	private restore(id: string): number | undefined {
		const stored = this.last_run_times.get(undefined, id);
		return stored.ok && typeof stored.value === "number" ? stored.value : undefined;
	}
}

/**
 * Runs the tasks that modules offer as items `task`, by `module.hourly`, `daily` and `weekly`, when their time has come.
 * Options: `cron_initial_delay`, `cron_check_delay`, `cron_spread_factor`, and `MODULE_TASK_period` of each task.
 */
export const definition: ModuleDefinition = {
	name: "cron",
	global: true,
	load(module) {
		const initial_delay = module.get_option_number("cron_initial_delay", 1);
		const check_delay = module.get_option_number("cron_check_delay", 3600);
		const spread_factor = module.get_option_number("cron_spread_factor", 0);
		const hosts = new Map<string, HostTasks>();

		module.add_host = (host_module) => {
			const tasks = new HostTasks(host_module, host_module.open_store("cron", "map"));
			hosts.set(host_module.host, tasks);
			host_module.handle_items(
				"task",
				({ source, item }) => tasks.add(source.name, item),
				({ item }) => tasks.remove(item),
			);
			host_module.unload = () => void hosts.delete(host_module.host);
		};

		module.add_item("shell-command", {
			section: "cron",
			section_desc: "View and manage recurring tasks",
			...command("tasks()", "View registered tasks", (shell, [given]) => {
				const wanted = optional_text(given, "the host");
				const rows = [...hosts]
					.filter(([host]) => wanted === undefined || host === wanted)
					.sort(([a], [b]) => (a < b ? -1 : 1))
					.flatMap(([host, tasks]) => tasks.list().map((planned) => ({ host, ...planned })));
				const table = format_table<(typeof rows)[number]>(
					[
						{ title: "Host", width: "2p", value: ({ host }) => host },
						{ title: "Task", width: "3p", value: ({ id }) => id },
						{ title: "Desc", width: "3p", value: ({ task }) => task.name },
						{ title: "When", width: "1p", value: ({ task }) => task.when },
						{ title: "Last run", width: 20, value: ({ last }) => (last === undefined ? "never" : show_date(last)) },
					],
					shell.width,
				);
				shell.print(table.titles());
				for (const row of rows) shell.print(table.row(row));
				return result(undefined);
			}),
		});

		async function run(): Promise<void> {
			const { cluster } = module.server;
			const for_all = cluster === undefined || (await cluster.leads("cron"));
			for (const tasks of hosts.values()) void tasks.run(for_all);
		}

		module.add_timer(initial_delay, () => {
			module.log("info", "Running periodic tasks");
			void run();
			return check_delay * (1 - spread_factor + 2 * spread_factor * Math.random());
		});
	},
};
