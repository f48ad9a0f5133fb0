// grpc-js as client: node client.js PROTO_DIR ROLES_DIR TARGET CASE [CA KEY CERT]
'use strict';
const assert = require('assert');
const { grpc, Probe, read } = require('./probe.js');

const [target, name, ca, key, cert] = process.argv.slice(4);
const credentials = ca
  ? grpc.credentials.createSsl(read(ca), read(key), read(cert))
  : grpc.credentials.createInsecure();
const MiB = 1024 * 1024;
const client = new Probe(target, credentials, {
  'grpc.ssl_target_name_override': 'swarm-manager',
  'grpc.max_send_message_length': 64 * MiB,
  'grpc.max_receive_message_length': 64 * MiB,
});

const unary = (request, metadata, options) => new Promise((resolve) => {
  const outcome = {};
  const call = client.Echo(request, metadata || new grpc.Metadata(), options || {}, (error, value) => {
    outcome.error = error;
    outcome.value = value;
  });
  call.on('metadata', (m) => { outcome.headers = m; });
  call.on('status', (s) => { outcome.status = s; resolve(outcome); });
  outcome.call = call;
  if (options && options.cancelAfter) setTimeout(() => call.cancel(), options.cancelAfter);
});

const drain = (call) => new Promise((resolve) => {
  const values = [];
  call.on('data', (v) => values.push(v));
  call.on('error', () => {});
  call.on('status', (status) => resolve({ values, status }));
});

const cases = {
  async empty() {
    const { value } = await unary({});
    assert.deepStrictEqual([value.text, value.number], ['', 0]);
  },
  async large() {
    const payload = Buffer.alloc(4 * MiB - 100, 7);
    const { value, error } = await unary({ payload });
    assert.ifError(error);
    assert.ok(payload.equals(value.payload));
  },
  async server_stream() {
    const { values, status } = await drain(client.Count({ number: 5, payload: Buffer.alloc(100000) }));
    assert.deepStrictEqual(values.map((v) => v.number), [0, 1, 2, 3, 4]);
    assert.strictEqual(status.code, 0);
  },
  async server_stream_status() {
    const { values, status } = await drain(client.Count({ number: 2, text: 'DataLoss' }));
    assert.deepStrictEqual([values.length, status.code, status.details], [2, 15, 'as asked']);
  },
  async empty_stream() {
    const { values, status } = await drain(client.Count({}));
    assert.deepStrictEqual([values.length, status.code], [0, 0]);
  },
  async client_stream() {
    const sum = await new Promise((resolve, reject) => {
      const call = client.Sum((e, v) => (e ? reject(e) : resolve(v)));
      for (let i = 1; i <= 100; i++) call.write({ number: i });
      call.end();
    });
    assert.strictEqual(sum.number, 5050);
  },
  async client_stream_refused() {
    const error = await new Promise((resolve) => {
      const call = client.Sum((e) => resolve(e));
      call.write({ text: 'stop' });
    });
    assert.deepStrictEqual([error.code, error.details], [10, 'enough']);
  },
  async duplex() {
    const call = client.Chat();
    const seen = [];
    await new Promise((resolve, reject) => {
      call.on('data', (v) => {
        seen.push(v.text);
        if (seen.length < 20) call.write({ text: `m${seen.length}` });
        else call.end();
      });
      call.on('error', reject);
      call.on('status', resolve);
      call.write({ text: 'm0' });
    });
    assert.deepStrictEqual([seen.length, seen[19]], [20, 're: m19']);
  },
  async status() {
    const { status } = await unary({ text: 'fail' });
    assert.deepStrictEqual([status.code, status.details], [9, '100 % – nicht möglich\n']);
    assert.strictEqual(status.metadata.get('grpc-status-details-bin')[0].toString(), 'details\0');
  },
  async metadata() {
    const metadata = new grpc.Metadata();
    metadata.set('probe', 'a value');
    const { headers, status } = await unary({}, metadata);
    assert.strictEqual(headers.get('probe-header')[0], 'a value');
    assert.strictEqual(status.metadata.get('probe-trailer')[0], 'a value');
  },
  // Connected first: the time is for the call alone, or on a busy machine the server would never see it.
  async deadline() {
    await unary({});
    const { status } = await unary({ text: 'wait' }, null, { deadline: Date.now() + 1000 });
    assert.strictEqual(status.code, 4);
  },
  async cancel() {
    await unary({});
    const { status } = await unary({ text: 'wait' }, null, { cancelAfter: 1000 });
    assert.strictEqual(status.code, 1);
  },
  async too_large() {
    const { status } = await unary({ payload: Buffer.alloc(4 * MiB + 1) });
    assert.strictEqual(status.code, 8);
    assert.match(status.details, /limit of 4194304 bytes/);
  },
  async answer_too_large() {
    const { status } = await unary({ text: 'large', number: 4 * MiB + 1 });
    assert.strictEqual(status.code, 8);
  },
  async compressed() {
    const gzip = new Probe(target, credentials, {
      'grpc.ssl_target_name_override': 'swarm-manager', 'grpc.default_compression_algorithm': 2,
    });
    const error = await new Promise((resolve) => { gzip.Echo({ text: 'x'.repeat(1000) }, (e) => resolve(e)); });
    gzip.close();
    assert.strictEqual(error.code, 12);
    assert.match(error.details, /identity/);
  },
  async unknown_method() {
    const error = await new Promise((resolve) => {
      client.makeUnaryRequest('/swarm.rpc.probe.Probe/None', (b) => b, (b) => b, Buffer.alloc(0), (e) => resolve(e));
    });
    assert.strictEqual(error.code, 12);
  },
};

cases[name]().then(
  () => { client.close(); },
  (e) => { console.error(e); process.exit(1); });
