// Counterpart: util/time.c, util/timer.lua

import type { LuaContext } from "../context.ts";
import { type Arguments, boolean_value, function_at, kept, make_library, number_at } from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { nil, number_value, tags } from "../vm/live_table.ts";

/** A time that may have a fraction: always a float in Lua. */
function float_value(number: number): TValue {
	return new TValue(tags.float, number);
}

/** `util.time`. */
export function time_library(host: LuaContext): TValue {
	return make_library(host.vm, {
		now: () => float_value(Date.now() / 1000),
		monotonic: () => float_value(performance.now() / 1000),
	});
}

interface Task {
	readonly callback: TValue;
	readonly param: TValue;
	timeout: NodeJS.Timeout | undefined;
}

/** Longer delays overflow in Node's timers; in milliseconds. */
const longest_delay = 2 ** 31 - 1;

/** `util.timer`: tasks are known by a number. What still waits when the server has stopped is dropped. */
export function timer_library(host: LuaContext): TValue {
	const { vm, server } = host;
	const log = server.logger("timer");
	const tasks = new Map<number, Task>();
	let last_id = 0;

	/** Runs a task after so many seconds. */
	function start(id: number, task: Task, delay: number): void {
		let left = Number.isNaN(delay) ? 0 : Math.max(0, delay * 1000);
		const wait = (): void => {
			const part = Math.min(left, longest_delay);
			left -= part;
			task.timeout = setTimeout(left > 0 ? wait : () => run(id, task), part);
		};
		wait();
	}

	function run(id: number, task: Task): void {
		task.timeout = undefined;
		try {
			const [again] = vm.call(task.callback, [float_value(Date.now() / 1000), number_value(id), task.param]);
			// it may have been stopped, or started anew, by its own callback
			if (tasks.get(id) !== task || task.timeout !== undefined) return;
			if (typeof again?.value === "number") start(id, task, again.value);
			else tasks.delete(id);
		} catch (error) {
			if (task.timeout === undefined && tasks.get(id) === task) tasks.delete(id);
			log("error", "Error in timer: %s", error instanceof Error ? (error.stack ?? error.message) : String(error));
		}
	}

	function task_of(args: Arguments): { id: number; task: Task | undefined } {
		const id = Number(args[0]?.value);
		return { id, task: tasks.get(id) };
	}

	server.events.add_handler("server-stopped", () => {
		for (const { timeout } of tasks.values()) clearTimeout(timeout);
		tasks.clear();
		return undefined;
	});

	return make_library(host.vm, {
		add_task(args) {
			const delay = number_at(args, 1, "add_task");
			const task: Task = { callback: function_at(args, 2, "add_task"), param: kept(args[2]), timeout: undefined };
			const id = ++last_id;
			tasks.set(id, task);
			start(id, task, delay);
			return number_value(id);
		},
		stop(args) {
			const { id, task } = task_of(args);
			if (!task) return nil;
			clearTimeout(task.timeout);
			tasks.delete(id);
			return boolean_value(true);
		},
		reschedule(args) {
			const { id, task } = task_of(args);
			const delay = number_at(args, 2, "reschedule");
			if (!task) return nil;
			clearTimeout(task.timeout);
			start(id, task, delay);
			return number_value(id);
		},
	});
}
