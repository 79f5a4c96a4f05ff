import { describe, expect, it } from 'vitest';
import { windowTexts } from '../../../extension/src/common/usageWindows';

const now = new Date(2026, 10, 24, 12, 0);
const at = (hours: number): string => new Date(now.getTime() + hours * 3_600_000).toISOString();

describe('limits of a subscription', () => {
  it('shows the share and the reset, with the day if it is not soon', () => {
    const windows = [
      { name: 'five_hour', usedPercent: 92, resetsAt: at(2) },
      { name: 'seven_day', usedPercent: 41, resetsAt: at(72) },
      { name: 'seven_day_opus', usedPercent: 5, resetsAt: at(72) },
      { name: 'monthly', usedPercent: 1, resetsAt: at(1) },
    ];
    expect(windowTexts({ windows }, now)).toEqual([
      expect.stringMatching(/^5-hour limit 92% used, resets 0?2:00/),
      expect.stringMatching(/^Weekly limit 41% used, resets Fri/),
      expect.stringMatching(/^Weekly limit \(Opus\) 5% used, resets Fri/),
      expect.stringMatching(/^Limit monthly 1% used/),
    ]);
  });

  it('shows nothing after the reset or without limits', () => {
    expect(windowTexts({}, now)).toEqual([]);
    expect(windowTexts({ windows: [{ name: 'five_hour', usedPercent: 92, resetsAt: at(-1) }] }, now)).toEqual([]);
  });
});
