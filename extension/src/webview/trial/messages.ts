// What the page of a trial and its host say to each other.
import type { FieldView, TemplateTryResult } from '../../protocol/protocol.generated';

export interface Trial {
  id: string;
  name: string;
  description?: string;
  /** `tasks`, `chats` or `items`. */
  collection: string;
  /** Null for what ships with Plue. */
  path?: string;
  /** What it has to be told: the goal, and what is required. */
  fields: FieldView[];
  values: Record<string, unknown>;
}

/** Host to page. */
export type ToTrialPage =
  | { type: 'trial'; trial: Trial; result: TemplateTryResult }
  /** No template is chosen. */
  | { type: 'empty' }
  /** Undefined: nothing is known of it yet. */
  | { type: 'trying'; name?: string }
  | { type: 'refused'; error: { kind: string; message: string } };

/** Page to host. Every one is checked against a schema before it is acted on. */
export type FromTrialPage =
  /** The page came up, and showed this before. */
  | { type: 'ready'; id?: string; values?: Record<string, unknown> }
  | { type: 'choose' }
  | { type: 'try'; values: Record<string, unknown> }
  | { type: 'start'; values: Record<string, unknown> }
  /** A finding of this trial, by its place in the list. */
  | { type: 'openFinding'; index: number }
  /** What the model is told, by its place in the list. */
  | { type: 'openSource'; index: number }
  | { type: 'openTemplate' }
  | { type: 'newTemplate' };
