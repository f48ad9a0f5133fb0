// What both programs share: the service as grpc-js sees it.
'use strict';
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const fs = require('fs');

const [protoDir, rolesDir] = process.argv.slice(2, 4);
const definition = loader.loadSync('probe.proto', {
  includeDirs: [protoDir, rolesDir], keepCase: true, defaults: true,
});
const Probe = grpc.loadPackageDefinition(definition).swarm.rpc.probe.Probe;

function read(path) {
  return path ? fs.readFileSync(path) : null;
}

module.exports = { grpc, Probe, read };
