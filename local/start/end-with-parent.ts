import { rmSync } from "node:fs";

/** Preloaded into the children of `npm start`: a child ends with its parent and removes the run's folder. */
process.once("disconnect", () => {
  const folder = process.env.CUTOVER_RUN_FOLDER;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exit();
});
