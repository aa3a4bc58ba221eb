/** Preloaded into the children of `npm start`: whatever becomes of the parent, no child outlives it. */
process.once("disconnect", () => process.exit());
