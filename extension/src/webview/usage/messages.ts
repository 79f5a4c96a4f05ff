// What the Usage page and its host say to each other.
import type { UsageParams, UsageSummaryResult } from '../../protocol/protocol.generated';

/** Host to page. */
export type ToUsagePage =
  | { type: 'usage'; asked: UsageParams; usage: UsageSummaryResult }
  /** Written to this file. */
  | { type: 'exported'; file: string }
  | { type: 'refused'; error: { kind: string; message: string } };

/** Page to host. Every one is checked against a schema before it is acted on. */
export type FromUsagePage =
  /** Also says that the page came up. */
  { type: 'show'; asked: UsageParams } | { type: 'csv'; asked: UsageParams } | { type: 'openChat'; uri: string };
