import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  contains,
  networkText,
  parseAddress,
  parseNetwork,
} from '../../../../actors/security/policy/network.ts';

const holds = (cidr: string, address: string): boolean =>
  contains(parseNetwork(cidr)!, parseAddress(address)!);

describe('an address', () => {
  it('that is no address is none', () => {
    const odd = [
      '',
      'x',
      '1.2.3',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.4.5',
      '1::2::3',
      '1:2:3:4:5:6:7',
    ];
    odd.push(
      '1:2:3:4:5:6:7:8:9',
      ':1::',
      '12345::',
      '::1.2.3',
      '::g',
      '/run/x.sock',
      '1:2:3:4:5:6:7::8',
    );
    for (const text of odd) assert.equal(parseAddress(text), undefined, text);
  });

  it('of IPv4 in IPv6 clothes is the IPv4 address', () => {
    assert.deepEqual(parseAddress('::ffff:192.0.2.1'), parseAddress('192.0.2.1'));
    assert.deepEqual(parseAddress('0:0:0:0:0:FFFF:c000:201'), parseAddress('192.0.2.1'));
  });

  it('may name the interface it was seen on', () => {
    assert.deepEqual(parseAddress('fe80::1%eth0'), parseAddress('fe80::1'));
  });
});

describe('a network', () => {
  it('has one spelling', () => {
    const spellings = [
      ['10.1.2.3/8', '10.0.0.0/8'],
      ['10.1.2.3', '10.1.2.3/32'],
      ['0.0.0.0/0', '0.0.0.0/0'],
      ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1/128'],
      ['2001:db8:0:1:1:1:1:1/128', '2001:db8:0:1:1:1:1:1/128'],
      ['fe80::1/10', 'fe80::/10'],
      ['::/0', '::/0'],
      ['::1', '::1/128'],
    ];
    for (const [given, text] of spellings) assert.equal(networkText(parseNetwork(given!)!), text);
  });

  it('that is no network is none', () => {
    const odd = ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/', '/8'];
    odd.push('::/129', '::ffff:0.0.0.0/90', 'fe80::1%eth0/10', 'x/8');
    for (const text of odd) assert.equal(parseNetwork(text), undefined, text);
  });

  it('of one family holds no address of the other', () => {
    assert(!holds('0.0.0.0/0', '2001:db8::1'));
    assert(!holds('::/0', '10.0.0.1'));
    assert(holds('10.0.0.0/8', '::ffff:10.9.9.9'));
  });

  it('is what Node takes it for', () => {
    const v4 = fc.ipV4();
    const v6 = fc.ipV6();
    const one = fc.oneof(
      fc.record({ net: v4, bits: fc.nat(32), address: v4, family: fc.constant('ipv4' as const) }),
      fc.record({ net: v6, bits: fc.nat(128), address: v6, family: fc.constant('ipv6' as const) }),
    );
    fc.assert(
      fc.property(one, fc.boolean(), ({ net, bits, address, family }, isNear) => {
        const asked = isNear ? net : address;
        const list = new BlockList();
        list.addSubnet(net, bits, family);
        const network = parseNetwork(`${net}/${bits}`);
        const parsed = parseAddress(asked)!;
        fc.pre(network !== undefined && (family === 'ipv4') === (parsed.bits === 32));
        assert.equal(contains(network!, parsed), list.check(asked, family));
        assert.deepEqual(parseNetwork(networkText(network!)), network);
      }),
      { numRuns: 2_000 },
    );
  });
});
