import { bundleCommandLine, COMMAND_LINE } from "./bundle-entry.ts";

bundleCommandLine(COMMAND_LINE);
