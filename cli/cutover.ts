#!/usr/bin/env node
import { run } from "./run.ts";

// A reader may close the pipe early (`cutover customers | head`). That is not a crash.
process.stdout.on("error", () => process.exit());

process.exitCode = await run(process.argv);
