/** docs/configuration.md and bondy.conf.example, written from the schema; a test holds the files against it. */
import { renderExample, renderReference } from '../runtime/config/docs.ts';
import type { Chapter } from '../runtime/config/docs.ts';
import { schema } from './config.ts';

const CHAPTERS: { readonly [Part in keyof typeof schema]: Omit<Chapter, 'keys'> } = {
  node: { title: 'Node', intro: 'Who this node is.' },
  listeners: {
    title: 'Listeners',
    intro:
      'Four ports for WAMP clients: WebSocket and RawSocket, each plain and with TLS. All of them listen on ' +
      'loopback unless told otherwise.',
  },
  admin: {
    title: 'Admin server',
    intro:
      'Health checks, metrics, the live supervision tree and the API of realms and users. Beyond loopback only over TLS: ' +
      'passwords are sent to it.',
  },
  realms: {
    title: 'Realms',
    intro:
      'Choose a name for each realm and put it in place of `$realm`, and one for each user in place of ' +
      '`$user`: letters, digits, `_` and `-`. Without any realm described here, and without a bootstrap file ' +
      '(`security.config_file`), the node opens `realm1` for everybody, and refuses to start when a listener is not on loopback.',
  },
  authentication: {
    title: 'Authentication',
    intro: 'Passwords and what they cost, and how guessing is slowed down.',
  },
  tickets: {
    title: 'Tickets',
    intro:
      'What sessions ask for to come back with, or to give to a client that acts for them (docs/tickets.md).',
  },
  masterRealm: {
    title: 'Master realm',
    intro: 'Where administrators enter, and the keys of realms.',
  },
  sessions: { title: 'Sessions', intro: 'How long a session waits, and what it puts up with.' },
  routing: {
    title: 'Routing',
    intro: 'Calls, retained events, event history. Limits are per realm unless they say otherwise.',
  },
  cluster: {
    title: 'Cluster',
    intro:
      'Nodes with one `cluster.name` and one secret that find each other. Alone by default: nothing listens for others.',
  },
  store: {
    title: 'Store',
    intro:
      'What a node keeps beyond its end, and what all nodes of a cluster share: realms, users and grants, retained events, ' +
      'recorded events. A copy on each node.',
  },
  bootstrap: {
    title: 'Bootstrap file',
    intro: 'Realms, users and grants as a file, as Bondy has it.',
  },
  audit: {
    title: 'Audit log',
    intro:
      'Who did what that matters to security, in a file that shows when it was changed (docs/audit.md).',
  },
  backup: {
    title: 'Backup',
    intro:
      'Copies of the store in one file each, made by `bondy backup create` while the node works (docs/backup.md).',
  },
  log: { title: 'Log', intro: 'Events with fields. Secrets are blanked, whatever the level.' },
  kernel: { title: 'Kernel', intro: 'The actor runtime. The defaults suit nearly everybody.' },
  shutdown: {
    title: 'Shutdown',
    intro: 'What SIGTERM starts. A second SIGTERM ends the process at once.',
  },
};

const chapters: readonly Chapter[] = Object.entries(CHAPTERS).map(([part, chapter]) => ({
  ...chapter,
  keys: schema[part as keyof typeof schema],
}));

const INTRO = `# Configuration

<!-- Written from the code by "bondy config docs > docs/configuration.md". Change the code, not this file. -->

A setting is a key and a value. It can be given in three places; the later one wins:

1. a file of \`key = value\` lines: \`bondy start --config bondy.conf\`, or the variable \`BONDY_CONFIG\`,
2. the environment: \`BONDY_\` and the key in capitals, with two underscores for each dot
   (\`wamp.call_timeout\` is \`BONDY_WAMP__CALL_TIMEOUT\`),
3. the command line: \`--set wamp.call_timeout=30s\`, as often as needed.

In the file, \`#\` starts a comment at the beginning of a line or after a space. A key may stand in a file once.
Relative paths start at the folder of the file (in the environment and on the command line: at the working directory).

The node does not start with a configuration that has a mistake; it lists all of them. \`bondy config check\` does only
that, and \`bondy config show\` prints every setting in effect and where it comes from.

| type | written as |
|---|---|
| on/off | \`on\`, \`off\`, \`true\`, \`false\` |
| duration | numbers with units: \`500ms\`, \`10s\`, \`5m\`, \`1h30m\`, \`7d\`, \`1w\` |
| byte size | \`512B\`, \`64KB\`, \`4MB\`, \`1GB\`, in powers of 1024; without a unit: bytes |
| list | values with commas between them |
| secret | the text, or \`@file:PATH\` to read it from a file; the key with \`_file\` after it does the same |

A ↻ marks what takes effect on SIGHUP (\`kill -HUP\`), for connections and sessions that begin after it; everything else
needs a restart. Certificates and the log file are opened anew, too. A configuration with a mistake is refused and the
old one stays.

`;

export function configDocs(): string {
  return `${INTRO}${renderReference(chapters)}`;
}

export function configExample(): string {
  const head =
    '# Every setting of bondy with its default. Uncomment what you change.\n' +
    '# bondy start --config bondy.conf\n';
  return `${head}\n${renderExample(chapters)}`;
}
