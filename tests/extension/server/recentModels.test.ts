import { expect, it } from 'vitest';
import { RecentModels } from '../../../extension/src/server/recentModels';
import { memory } from '../testing/memory';

it('The model that was used last comes first, each once, eight at most', async () => {
  const recent = new RecentModels(memory());
  for (let number = 0; number < 10; number++) await recent.use('anthropic', `model-${number}`);
  await recent.use('anthropic', 'model-5');
  await recent.use('tour', '');
  expect(recent.items).toHaveLength(8);
  expect(recent.items.slice(0, 3)).toEqual([
    { providerId: 'tour' },
    { providerId: 'anthropic', model: 'model-5' },
    { providerId: 'anthropic', model: 'model-9' },
  ]);
});

it('Data of another version is ignored', () => {
  expect(new RecentModels(memory({ 'plue.recentModels.v1': [{ provider: 5 }] })).items).toEqual([]);
});
