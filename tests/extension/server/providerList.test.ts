import { expect, test, vi } from 'vitest';
import { providerList } from '../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../extension/src/server/providerList';
import { FakeSidecar } from '../testing/fakeSidecar';

test('A burst of changes is fetched at most twice, and the last fetch is later than the last change', async () => {
  const sidecar = new FakeSidecar().answer(providerList, () => ({ items: [], kinds: [], folderProblem: 'It cannot be read.' }));
  const list = new ProviderList(sidecar);
  const received = vi.fn();
  list.onDidChange(received);
  for (let change = 0; change < 20; change++) sidecar.providerChanged.fire({ id: 'a' });
  await vi.waitFor(() => expect(received).toHaveBeenCalledTimes(2));
  expect(sidecar.methods()).toEqual(['provider/list', 'provider/list']);
  expect(list.folderProblem).toBe('It cannot be read.');
});

test('A list that could not be loaded is logged, and the next change retries', async () => {
  let isDown = true;
  const sidecar = new FakeSidecar().answer(providerList, () => {
    if (isDown) throw new Error('The sidecar is gone.');
    return { items: [], kinds: [] };
  });
  const warn = vi.fn();
  const list = new ProviderList(sidecar, { warn });
  sidecar.providerChanged.fire({});
  await vi.waitFor(() => expect(warn).toHaveBeenCalledWith('The providers could not be listed: The sidecar is gone.'));
  isDown = false;
  const changed = new Promise((resolve) => list.onDidChange(resolve));
  sidecar.providerChanged.fire({});
  expect(await changed).toEqual([]);
});
