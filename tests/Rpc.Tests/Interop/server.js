// grpc-js as server: node server.js PROTO_DIR ROLES_DIR ADDRESS [CA KEY CERT]; prints the bound port, ends with stdin.
'use strict';
const { grpc, Probe, read } = require('./probe.js');

const [address, ca, key, cert] = process.argv.slice(4);
const credentials = ca
  ? grpc.ServerCredentials.createSsl(read(ca), [{ private_key: read(key), cert_chain: read(cert) }], true)
  : grpc.ServerCredentials.createInsecure();

const details = new grpc.Metadata();
details.set('grpc-status-details-bin', Buffer.from('details\0'));
const failure = { code: 9, details: '100 % – nicht möglich\n', metadata: details };

function echo(call, callback) {
  const request = call.request;
  const trailer = new grpc.Metadata();
  const value = call.metadata.get('probe')[0];
  if (value) {
    const header = new grpc.Metadata();
    header.set('probe-header', value);
    call.sendMetadata(header);
    trailer.set('probe-trailer', value);
  }
  if (request.text === 'wait') {
    call.on('cancelled', () => console.log('cancelled'));
  } else if (request.text === 'fail') {
    callback(failure);
  } else if (request.text === 'large') {
    callback(null, { payload: Buffer.alloc(request.number) });
  } else {
    callback(null, request, trailer);
  }
}

function count(call) {
  for (let i = 0; i < call.request.number; i++) call.write({ number: i, payload: call.request.payload });
  if (call.request.text) call.emit('error', { code: 15, details: 'as asked' });
  else call.end();
}

function sum(call, callback) {
  let total = 0;
  call.on('data', (note) => {
    if (note.text === 'stop') callback({ code: 10, details: 'enough' });
    total += note.number;
  });
  call.on('end', () => callback(null, { number: total }));
}

function chat(call) {
  call.on('data', (note) => call.write({ text: `re: ${note.text}`, number: note.number }));
  call.on('end', () => call.end());
}

const server = new grpc.Server({ 'grpc.max_receive_message_length': 4 * 1024 * 1024 });
server.addService(Probe.service, { Echo: echo, Count: count, Sum: sum, Chat: chat });
server.bindAsync(address, credentials, (error, port) => {
  if (error) { console.error(error); process.exit(1); }
  console.log(`port ${port}`);
});
process.stdin.on('end', () => process.exit(0)).resume();
