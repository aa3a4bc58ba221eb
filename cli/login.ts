import { askText } from "./ask-user.ts";
import type { Deployment, Door } from "./connect.ts";
import { EXIT, Failure } from "./failure.ts";
import { isInteractive, say } from "./terminal.ts";

/** Asks for the login of Evo Voice, and writes it into the secret that the worker reads. It is nowhere else. */
export async function writeLogin(door: Door, deployment: Deployment): Promise<number> {
  const { environment, loginSecret, putSecret } = door;
  if (deployment.function)
    throw refuse(
      "login finds the secret by the stack: name it with --stack, without --function and without CUTOVER_FUNCTION",
    );
  if (loginSecret === undefined)
    throw refuse(`stack ${environment} does not name its secret (output LoginSecret): deploy this version first`);
  if (!isInteractive()) throw refuse("login asks for the password, so it needs a terminal");
  const userName = await askText("user name in Evo Voice");
  const password = await askText("password", { hidden: true });
  const bad = Object.entries({ userName, password }).filter(([, value]) => value === "" || value !== value.trim());
  if (bad.length > 0) throw refuse(`the ${bad.map(([name]) => name).join(" and ")} is empty or has a space at an end`);
  await putSecret(loginSecret, JSON.stringify({ userName, password }));
  say({
    text: `written to ${loginSecret}. The next sign-in uses it; a session that Evo Voice still accepts goes on.`,
    style: "green",
  });
  return EXIT.asWanted;
}

function refuse(why: string): Failure {
  return new Failure(`${why}; nothing was written`, { exitCode: EXIT.refused });
}
