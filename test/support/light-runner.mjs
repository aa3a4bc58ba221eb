import LightRunner from "jest-light-runner";
import Tinypool from "../../node_modules/tinypool/dist/index.js";

/**
 * The runner answers the first process that asks for its configuration to all processes, and then forgets them. A process
 * that was still loading would wait for ever. So each process gets the answer to its own question.
 */
const { run } = Tinypool.prototype;
Tinypool.prototype.run = function runAlone(path, { channel, ...options } = {}) {
  if (channel === undefined) return run.call(this, path, options);
  let listener;
  const own = {
    onMessage: (added) => {
      listener = added;
    },
    postMessage: (message) => {
      channel.onMessage(listener);
      channel.postMessage(message);
    },
  };
  return run.call(this, path, { ...options, channel: own });
};

// biome-ignore lint/style/noDefaultExport: Jest calls the default export of a runner
export default LightRunner;
