// Computes start and length of the bars in the timeline. Pure: no DOM, no clock.
import type { TaskSpendView, TimelineKind, TimelineLane } from '../../../protocol/protocol.generated';

export interface TimelineBar {
  kind: TimelineKind;
  name: string;
  /** Fraction of the total width, from 0 to 1. */
  x: number;
  width: number;
  /** In milliseconds since the start of the timeline. */
  startMs: number;
  durationMs: number;
  /** True if still running. */
  isOpen: boolean;
  costUsd?: number;
}

export interface TimelineRow {
  uri: string;
  title: string;
  status: string;
  spent: TaskSpendView;
  bars: TimelineBar[];
}

export interface Timeline {
  /** Duration of the timeline in milliseconds. */
  lengthMs: number;
  rows: TimelineRow[];
  /** In milliseconds since the start of the timeline. */
  ticks: number[];
}

/** Minimum width of a bar, as a fraction of the total width. */
const thinnest = 0.004;

const second = 1000;
const minute = 60 * second;
const steps = [1, 2, 5, 10, 15, 30].flatMap((n) => [n * second, n * minute, n * 60 * minute]).sort((a, b) => a - b);

/** @param now In milliseconds since the epoch, the preliminary end of running spans. */
export function timelineOf(lanes: readonly TimelineLane[], now: number): Timeline {
  const read = lanes.map((lane) => ({
    lane,
    spans: lane.spans.flatMap((span) => {
      const start = Date.parse(span.start);
      const end = span.end === undefined ? Math.max(now, start) : Date.parse(span.end);
      // Spans without valid times are omitted; durations are never negative.
      return Number.isNaN(start) || Number.isNaN(end) ? [] : [{ span, start, end: Math.max(start, end) }];
    }),
  }));
  const all = read.flatMap(({ spans }) => spans);
  const from = Math.min(...all.map(({ start }) => start));
  const lengthMs = all.length === 0 ? 0 : Math.max(1, Math.max(...all.map(({ end }) => end)) - from);
  return {
    lengthMs,
    rows: read.map(({ lane: { uri, title, status, spent }, spans }) => ({
      uri,
      title,
      status,
      spent,
      bars: spans.map(({ span, start, end }) => {
        const width = Math.max(thinnest, (end - start) / lengthMs);
        return {
          kind: span.kind,
          name: span.name,
          x: Math.min((start - from) / lengthMs, 1 - width),
          width,
          startMs: start - from,
          durationMs: end - start,
          isOpen: span.end === undefined,
          ...(span.costUsd === undefined ? {} : { costUsd: span.costUsd }),
        };
      }),
    })),
    ticks: ticksOf(lengthMs),
  };
}

/** Returns at most six ticks, at round times. */
function ticksOf(lengthMs: number): number[] {
  const step = steps.find((one) => lengthMs / one <= 6) ?? Math.ceil(lengthMs / 6);
  return Array.from({ length: Math.floor(lengthMs / step) + 1 }, (_, index) => index * step);
}
