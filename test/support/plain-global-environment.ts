import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";

/**
 * Jest's environment for Node, with a global object like any other. Its own is a sandbox that is asked for every name that
 * is not a local one, `Promise` and `Math` included: simulations took three times as long (docs/testing.md).
 */
// biome-ignore lint/style/noDefaultExport: Jest takes no other
export default class PlainGlobalEnvironment extends TestEnvironment {
  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    const { createContext } = vm;
    // The constructor makes its context by this function, and takes none that is given.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...given);
    } finally {
      vm.createContext = createContext;
    }
    // As in production. Jest's hundred frames are collected for each error that the AWS SDK makes and drops, too.
    this.global.Error.stackTraceLimit = 10;
  }
}
