// What the functions use of undici. Its index also loads fetch, web sockets, caches and mocks: 250 KB, 50 ms of a start.
const Agent = require("../node_modules/undici/lib/dispatcher/agent.js");

Agent.prototype.request = require("../node_modules/undici/lib/api/api-request.js");

exports.Agent = Agent;
