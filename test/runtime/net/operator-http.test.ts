import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorHttp } from '../../../runtime/net/operator-http.ts';

test('an accept that fails is counted, and the server goes on', async (t) => {
  let failed = 0;
  const http = operatorHttp({
    allowedHosts: [],
    allowedOrigins: [],
    maxConnections: 10,
    onError: (_method, _url, error) => assert.fail(error),
    onAcceptError: () => failed++,
    onTlsError: () => assert.fail('without TLS'),
    onRefused: ({ message }) => assert.fail(message),
  });
  t.after(() => http.close());
  http.app.get('/', (_request, reply) => reply.send('here'));
  const port = await new Promise<number>((resolve, reject) =>
    http.listen(0, '127.0.0.1', resolve, reject),
  );
  for (let i = 0; i < 3; i++) {
    http.app.server.emit('error', Object.assign(new Error('accept'), { code: 'EMFILE' }));
  }
  assert.equal(failed, 3);
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'here');
});
