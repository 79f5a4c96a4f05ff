// Writes the code blocks of one response into the regions of an inline edit while they stream.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { truncate } from '../../common/truncate';
import { FailureError } from '../../infrastructure/errors';
import { CodeBlocks } from './codeBlocks';
import type { Region } from './region';
import type { RegionWriter } from './regionWriter';

/** The response has no code block. */
export class NoCodeError extends FailureError {
  constructor(response: string) {
    const sentence = response.trim().replace(/\s+/g, ' ');
    super(
      'conflict',
      sentence === ''
        ? l10n.t('The response was empty, so nothing was changed. Try again.')
        : l10n.t('Nothing was changed. The model responded: {0}', truncate(sentence, 300)),
    );
  }
}

/** Milliseconds between two changes of the document. */
const writePause = 40;

export class ResponseWriter {
  /** Milliseconds from the first text of the response to its first line in the document. */
  firstLineMs: number | undefined;
  private readonly written = new vscode.EventEmitter<void>();
  readonly onDidWrite = this.written.event;
  private readonly failed = new vscode.EventEmitter<Error>();
  readonly onDidFail = this.failed.event;
  private blocks = new CodeBlocks();
  private writing: Promise<void> | undefined;
  private isStale = false;
  /** Time of the first text of the response. */
  private begun: number | undefined;

  /** @param signal Aborted when the response is interrupted. */
  constructor(
    private readonly regions: readonly Region[],
    private readonly writer: RegionWriter,
    private readonly signal: AbortSignal,
  ) {
    for (const region of regions) region.begin();
  }

  add(text: string): void {
    this.begun ??= performance.now();
    const lines = this.blocks.push(text);
    for (const { block, text: line } of lines) this.regions[block]?.add(line);
    const { count, partial } = this.blocks;
    for (const [index, region] of this.regions.entries()) region.reach(index < count, partial?.block === index ? partial.text : '');
    if (lines.length > 0 || partial !== undefined) this.write();
  }

  restart(): void {
    this.blocks = new CodeBlocks();
    for (const region of this.regions) region.restart();
    this.write();
  }

  /**
   * Writes the whole response, because events may be missing.
   * @throws FailureError if it changes nothing.
   */
  async complete(response: string): Promise<void> {
    const blocks = new CodeBlocks();
    const lines = [...blocks.push(response), ...blocks.finish()];
    if (blocks.count === 0) throw new NoCodeError(response);
    if (blocks.isOpen) {
      throw new FailureError('conflict', l10n.t('The response ended in the middle of the code, so nothing was changed. Try again.'));
    }
    await this.settle();
    this.signal.throwIfAborted();
    const texts = this.regions.map((region, index) =>
      index < blocks.count ? region.completed(lines.flatMap(({ block, text }) => (block === index ? [text] : []))) : region.text,
    );
    await this.writer.replace(texts, this.signal);
    this.signal.throwIfAborted();
    if (!this.writer.hasChanged) throw new FailureError('conflict', l10n.t('The response contains the same code, so nothing was changed.'));
    await this.writer.joinSteps();
  }

  /** Completes when nothing is being written. */
  async settle(): Promise<void> {
    this.isStale = false;
    await this.writing;
  }

  /** While a change is under way, the next one takes everything that arrives meanwhile. */
  private write(): void {
    if (this.signal.aborted) return;
    this.isStale = true;
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.isStale && !this.signal.aborted) {
        this.isStale = false;
        await this.writer.replace(
          this.regions.map(({ streamed }) => streamed),
          this.signal,
        );
        if (this.begun !== undefined && this.writer.hasWritten) this.firstLineMs ??= performance.now() - this.begun;
        this.written.fire();
        await new Promise((resolve) => setTimeout(resolve, writePause));
      }
    } catch (error) {
      this.failed.fire(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
