// Heights of rows in a long list: measured if rendered, otherwise estimated. Lookups take O(log n).

export class Heights {
  /** A binary indexed tree of differences from the estimate, so that new rows cost nothing. */
  private tree = new Float64Array(65);
  private known = new Float64Array(64).fill(NaN);
  private size = 0;

  /** @param estimate Height of a row that was never rendered, in pixels. */
  constructor(private readonly estimate: number) {}

  get length(): number {
    return this.size;
  }

  /** Height of all rows, in pixels. */
  get total(): number {
    return this.offsetOf(this.size);
  }

  /** Adds or removes rows at the end. */
  resize(length: number): void {
    for (let index = length; index < this.size; index++) this.forget(index);
    if (length > this.known.length) this.grow(length);
    this.size = length;
  }

  of(index: number): number {
    return this.isMeasured(index) ? (this.known[index] ?? this.estimate) : this.estimate;
  }

  isMeasured(index: number): boolean {
    return !Number.isNaN(this.known[index] ?? NaN);
  }

  /** @returns True if the height changed. */
  set(index: number, height: number): boolean {
    const change = height - this.of(index);
    this.known[index] = height;
    if (change !== 0) this.add(index, change);
    return change !== 0;
  }

  forget(index: number): void {
    const change = this.estimate - this.of(index);
    this.known[index] = NaN;
    if (change !== 0) this.add(index, change);
  }

  /** Returns the pixels above a row; the total if the index is the length. */
  offsetOf(index: number): number {
    let sum = index * this.estimate;
    for (let at = index; at > 0; at -= at & -at) sum += this.tree[at] ?? 0;
    return sum;
  }

  /** Returns the row at this offset; the first or last one if outside, -1 without rows. */
  indexAt(offset: number): number {
    let below = 0;
    let above = this.size - 1;
    while (below < above) {
      const middle = (below + above) >> 1;
      if (this.offsetOf(middle + 1) > offset) above = middle;
      else below = middle + 1;
    }
    return this.size === 0 ? -1 : below;
  }

  private add(index: number, change: number): void {
    for (let at = index + 1; at < this.tree.length; at += at & -at) this.tree[at] = (this.tree[at] ?? 0) + change;
  }

  private grow(length: number): void {
    const { known } = this;
    const capacity = 2 ** Math.ceil(Math.log2(length + 1));
    this.known = new Float64Array(capacity).fill(NaN);
    this.tree = new Float64Array(capacity + 1);
    for (let index = 0; index < this.size; index++) {
      const height = known[index] ?? NaN;
      if (!Number.isNaN(height)) this.set(index, height);
    }
  }
}
