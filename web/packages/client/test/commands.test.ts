import { describe, expect, it } from 'vitest';
import { stage } from './fakes.js';

const accepted = { position: 42, epoch: 'e', stream: 'order-O1', version: 1, events: ['OrderPlaced'] };

function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage;
}

describe('commands', () => {
  it('a_command_carries_a_key_and_its_position_is_remembered_over_a_reload', async () => {
    const storage = memory();
    const self = stage({ storage });
    self.answer = () => new Response(JSON.stringify(accepted), { status: 202 });
    const result = await self.client.command('orders', 'PlaceOrder', { order_id: 'O1' }, { ifMatch: 3 });
    expect(result).toEqual({ state: 'accepted', ...accepted });
    const request = self.requests[0];
    expect(request?.url).toBe('http://server.test/v1/commands/orders/PlaceOrder');
    expect(request?.headers.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/);
    expect(request?.headers.get('If-Match')).toBe('"3"');
    expect(storage.getItem('plimsoll.position')).toBe('e.000000000042');
  });

  it('loss_after_send_is_unknown_and_asked_again_under_the_same_key', async () => {
    const self = stage();
    const result = await self.client.command('orders', 'PlaceOrder', {});
    expect(result.state).toBe('unknown');
    if (result.state !== 'unknown') return;
    self.answer = () => new Response(JSON.stringify(accepted), { status: 202 });
    expect((await result.ask()).state).toBe('accepted');
    const keys = self.requests.map((request) => request.headers.get('Idempotency-Key'));
    expect(keys[0]).toBe(keys[1]);
  });

  it('a_refusal_carries_its_problem_and_when_to_try_again', async () => {
    const self = stage();
    self.answer = () =>
      new Response('{"type":"urn:plimsoll:problem:overloaded","title":"Busy"}', {
        status: 503,
        headers: { 'Retry-After': '2' },
      });
    expect(await self.client.command('orders', 'PlaceOrder', {})).toEqual({
      state: 'refused',
      problem: { type: 'urn:plimsoll:problem:overloaded', title: 'Busy', status: 503 },
      retryAfter_ms: 2_000,
    });
  });

  it('a_refused_token_is_renewed_once_under_the_same_key', async () => {
    const self = stage({ getToken: ({ refresh }) => Promise.resolve(refresh ? 'new' : 'old') });
    self.answer = (request) =>
      request.headers.get('Authorization') === 'Bearer new'
        ? new Response(JSON.stringify(accepted), { status: 202 })
        : new Response(null, { status: 401 });
    expect((await self.client.command('orders', 'PlaceOrder', {})).state).toBe('accepted');
    expect(new Set(self.requests.map((request) => request.headers.get('Idempotency-Key'))).size).toBe(1);
  });
});
