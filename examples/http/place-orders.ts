import { tokenFor } from './signed-token.ts';

/** Places orders at a server of either example, and tells its answers. */
export async function placeOrders(url: string): Promise<void> {
  await placeOrder(url, 'acme', tokenFor('acme'), '42');
  await placeOrder(url, 'globex', tokenFor('globex'), '42');
  await placeOrder(url, 'globex, too fast', tokenFor('globex'), '43');
  await placeOrder(url, 'a forger', 'acme.forged', '44');
}

async function placeOrder(url: string, who: string, token: string, orderId: string): Promise<void> {
  const response = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, total: 9.5 }),
  });
  console.log(`${who}: ${response.status} ${await response.text()}`);
}
