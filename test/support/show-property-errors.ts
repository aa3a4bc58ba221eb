import fc from "fast-check";

/** The runner prints the message of an error without its cause, and the cause says what was wrong with the counterexample. */
fc.configureGlobal({ includeErrorInReport: true });
