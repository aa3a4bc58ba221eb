import { type FunctionUrlHandler, startFunctionUrl } from "../../local/aws/function-url.ts";

/** A process of its own for a built webhook: the bundle that is uploaded, behind a Function URL on loopback. */
const [file = ""] = process.argv.slice(2);
const { handler } = (await import(file)) as { readonly handler: FunctionUrlHandler };
const { address } = await startFunctionUrl(handler);
process.on("disconnect", () => process.exit());
process.send?.({ address });
