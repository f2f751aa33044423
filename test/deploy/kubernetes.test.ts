/** deploy/kubernetes against the node it deploys: keys, ports, names and labels that must agree, and what must not be missing. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DEFAULT_LINKS } from '../../actors/links/config.ts';
import { questionOf } from '../../actors/membership/discovery-config.ts';
import { defaultNodeConfig, loadNodeConfig } from '../../supervisors/config.ts';
import { PROJECT_ROOT } from '../support/project.ts';
import { FOLDER, kustomization, object, objects, read } from './manifests.ts';

const CONFIG = '/etc/bondy/bondy.conf';
const SECRET = 'a secret of thirty-two characters';
/** Of the pod's file system, where stateful-set.yaml mounts them. */
const files: Readonly<Record<string, string>> = {
  [CONFIG]: read('bondy.conf'),
  '/run/bondy/cluster-secret': `${SECRET}\n`,
};

const PREFERRED = ['preferredDuringSchedulingIgnoredDuringExecution'];

const pod = object('StatefulSet/bondy').at('spec', 'template');
const container = pod.named('bondy', 'spec', 'containers');
const env = new Map(
  container
    .items('env')
    .map((item) => [String(item.at('name').value), item.value as { value?: string }]),
);

/** As the kubelet fills it in for the second pod. */
const environment = Object.fromEntries(
  [...env]
    .filter(([name]) => name.startsWith('BONDY_'))
    .map(([name, { value }]) => [
      name,
      value!.replaceAll('$(POD_NAME)', 'bondy-1').replaceAll('$(POD_NAMESPACE)', 'bondy'),
    ]),
);

function load() {
  return loadNodeConfig({
    file: CONFIG,
    environment,
    flags: [],
    workingDirectory: '/app',
    files: { read: (path) => files[path] },
  });
}

describe('the configuration of the pods', () => {
  test('has no mistake, every key exists, and the secret is read from the mounted file', () => {
    const { mistakes, config } = load();
    assert.deepEqual(mistakes, []);
    assert.equal(config.cluster.links.secret, SECRET);
  });

  test('gives each pod a name, a host and a data directory of its own', () => {
    const { config } = load();
    assert.equal(config.node.name, 'bondy@bondy-1');
    assert.equal(config.cluster.advertisedHost, 'bondy-1.bondy-nodes.bondy.svc.cluster.local');
    const mount = container.named('data', 'volumeMounts').at('mountPath').value;
    assert.ok(config.store.dataDirectory.startsWith(`${String(mount)}/`));
  });

  test('asks the headless service, which names pods that are not ready, for the port it has', () => {
    const [source] = load().config.cluster.discovery.sources;
    assert.ok(source?.kind === 'kubernetes');
    const service = object(`Service/${source.service}`);
    assert.equal(service.at('spec', 'clusterIP').value, 'None');
    assert.equal(service.at('spec', 'publishNotReadyAddresses').value, true);
    assert.equal(service.named(source.portName!, 'spec', 'ports').at('port').value, source.port);
    assert.equal(questionOf(source)?.name, '_peer._tcp.bondy-nodes.bondy.svc.cluster.local');
    assert.equal(object('StatefulSet/bondy').at('spec', 'serviceName').value, source.service);
    assert.equal(kustomization.at('namespace').value, source.namespace);
  });

  test('ends sessions before the pod is killed', () => {
    const allowedS = Number(pod.at('spec', 'terminationGracePeriodSeconds').value);
    const [, pauseS] = container.items('lifecycle', 'preStop', 'exec', 'command');
    assert.ok(
      allowedS * 1000 > load().config.shutdown.gracePeriodMs + Number(pauseS!.value) * 1000,
    );
  });
});

describe('the manifests', () => {
  test('open the ports that a node listens on', () => {
    const { listeners, admin } = defaultNodeConfig();
    const ports = new Map(
      container
        .items('ports')
        .map((item) => [item.at('name').value, item.at('containerPort').value]),
    );
    const listening = new Set<unknown>([
      listeners.websocket.port,
      listeners.rawsocket.port,
      admin.port,
      DEFAULT_LINKS.port,
    ]);
    assert.deepEqual(new Set(ports.values()), listening);
    const dockerfile = readFileSync(join(PROJECT_ROOT, 'Dockerfile'), 'utf8');
    assert.match(dockerfile, /^EXPOSE 18080 18081 18082$/m);
    for (const name of ['Service/bondy', 'Service/bondy-nodes']) {
      for (const item of object(name).items('spec', 'ports')) {
        assert.equal(ports.get(item.at('targetPort').value), item.at('port').value, item.where);
      }
    }
    const policy = object('NetworkPolicy/bondy');
    for (const rule of policy.items('spec', 'ingress')) {
      assert.equal(rule.items('from').length, 1, rule.where);
      for (const item of rule.items('ports')) assert.ok(ports.has(item.at('port').value));
    }
  });

  test('select the pods they mean', () => {
    const labels = pod.at('metadata', 'labels').value;
    const selectors = [
      object('StatefulSet/bondy').at('spec', 'selector', 'matchLabels'),
      object('Service/bondy').at('spec', 'selector'),
      object('Service/bondy-nodes').at('spec', 'selector'),
      object('PodDisruptionBudget/bondy').at('spec', 'selector', 'matchLabels'),
      object('NetworkPolicy/bondy').at('spec', 'podSelector', 'matchLabels'),
      pod
        .items('spec', 'affinity', 'podAntiAffinity', ...PREFERRED)[0]!
        .at('podAffinityTerm', 'labelSelector', 'matchLabels'),
    ];
    for (const { value, where } of selectors) assert.deepEqual(value, labels, where);
  });

  test('probe life and readiness by the paths of the admin server', () => {
    const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => {
      assert.equal(container.at(probe, 'httpGet', 'port').value, 'admin');
      return container.at(probe, 'httpGet', 'path').value;
    });
    assert.deepEqual(paths, ['/ping', '/ping', '/ready']);
  });

  test('give a node no more than it needs', () => {
    assert.equal(pod.at('spec', 'securityContext', 'runAsNonRoot').value, true);
    const context = container.at('securityContext');
    assert.equal(context.at('readOnlyRootFilesystem').value, true);
    assert.equal(context.at('allowPrivilegeEscalation').value, false);
    assert.deepEqual(context.at('capabilities').value, { drop: ['ALL'] });
    assert.equal(pod.at('spec', 'automountServiceAccountToken').value, false);
    container.at('resources', 'requests', 'memory');
    container.at('resources', 'limits', 'memory');
  });

  test('mount what is there: the generated map and secret, and the volume of the pod', () => {
    const generated = ['configMapGenerator', 'secretGenerator'].flatMap((generator) =>
      kustomization.items(generator).map((item) => item.at('name').value),
    );
    const volumes = [
      pod.named('config', 'spec', 'volumes').at('configMap', 'name').value,
      pod.named('cluster-secret', 'spec', 'volumes').at('secret', 'secretName').value,
    ];
    assert.deepEqual(volumes, generated);
    const [claim] = object('StatefulSet/bondy').items('spec', 'volumeClaimTemplates');
    assert.equal(claim!.at('metadata', 'name').value, 'data');
    const mounts = container.items('volumeMounts').map((item) => item.at('name').value);
    assert.deepEqual(mounts, ['config', 'cluster-secret', 'data']);
  });

  test('start three at once and lose one at a time', () => {
    const spec = object('StatefulSet/bondy').at('spec');
    assert.equal(spec.at('replicas').value, 3);
    assert.equal(spec.at('podManagementPolicy').value, 'Parallel');
    assert.equal(object('PodDisruptionBudget/bondy').at('spec', 'maxUnavailable').value, 1);
  });

  test('carry no secret: the file is made by whoever deploys', () => {
    assert.deepEqual(
      [...objects.keys()].filter((name) => name.startsWith('Secret/')),
      [],
    );
    assert.ok(read('.gitignore').split('\n').includes('cluster-secret'));
    assert.ok(existsSync(join(FOLDER, 'README.md')));
  });
});
