/**
 * `bondy init`: a configuration for production. Nothing in it is open: one administrator with a generated password, no realm
 * until one is added, what the node knows on disk. Whatever is there already is left alone: it may be a node's.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { refuse } from './configuration.ts';

interface NewFile {
  readonly path: string;
  readonly text: string;
}

const ADMIN = 'admin';
const PASSWORD = 'secrets/admin.password';

/** Exit status. */
export function init({ dir }: { readonly dir: string }): number {
  const base = resolve(dir);
  // 144 bits, without characters that are mistaken for others' when they are pasted.
  const password = randomBytes(18).toString('base64url');
  const files = productionFiles(password);
  const taken = [...files.map(({ path }) => path), 'data'].filter((path) =>
    existsSync(join(base, path)),
  );
  if (taken.length > 0) {
    return refuse(`${base} has ${taken.join(', ')} already: nothing was written.`);
  }
  const problem = writeAll(base, files);
  if (problem !== undefined) return refuse(`Nothing was written: ${problem}`);
  process.stdout.write(farewell(base, files, password));
  return 0;
}

function productionFiles(password: string): readonly NewFile[] {
  const secret = (): string => `${randomBytes(32).toString('hex')}\n`;
  return [
    { path: 'bondy.conf', text: CONFIGURATION },
    { path: PASSWORD, text: `${password}\n` },
    { path: 'secrets/realm-keys.key', text: secret() },
    { path: 'secrets/audit.key', text: secret() },
    { path: 'secrets/cluster.secret', text: secret() },
    { path: 'bootstrap/realms.json', text: '[]\n' },
  ];
}

/** All or nothing; for their owner only. What went wrong. */
function writeAll(base: string, files: readonly NewFile[]): string | undefined {
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      const target = join(base, path);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      writeFileSync(target, text, { flag: 'wx', mode: 0o600 });
      written.push(target);
    }
    return undefined;
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    return (error as Error).message;
  }
}

function farewell(base: string, files: readonly NewFile[], password: string): string {
  const conf = join(base, 'bondy.conf');
  return `Written to ${base}:
${files.map(({ path }) => `  ${path}`).join('\n')}

The administrator is ${ADMIN}, the password ${password}
It is not shown again; the node reads it from ${PASSWORD}.

Start the node:  bondy start -c ${conf}
Add a realm:     bondy realm add -c ${conf} com.example.realm
`;
}

const CONFIGURATION = `# A node for production, as bondy init made it. Every key: bondy config docs
# Paths are relative to this file. The files in secrets/ are for the node's user only.

# Who administers all realms. To change the password, change the file and start again.
security.admin.username = ${ADMIN}
security.admin.password_file = ${PASSWORD}
# Private keys of realms are kept encrypted with it. Lost, they are lost; keep a copy elsewhere.
security.key_file = secrets/realm-keys.key

# Realms, users and grants that are so after each start. Others are made with bondy realm add, user add, grant add.
security.config_file = bootstrap/realms.json

# Who came in, who was refused, what was changed.
security.audit.file = data/audit.log
security.audit.key_file = secrets/audit.key

store.engine = auto
store.data_dir = data

# Listen where clients can reach it, behind TLS, or with keys and certificates of your own.
api_gateway.http.ip = 127.0.0.1
wamp.tcp.ip = 127.0.0.1
admin_api.http.ip = 127.0.0.1

# Several nodes: the same secret on all of them, and where they find each other.
cluster.enabled = off
cluster.secret_file = secrets/cluster.secret
# cluster.peer_ip = 10.0.0.1
# cluster.peer_discovery.addresses = node2.example.com:18086, node3.example.com:18086

log.format = json
`;
