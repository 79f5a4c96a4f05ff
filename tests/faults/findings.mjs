/** What a story finds out. */
export class Findings {
  /** @type {import('./stories.mjs').Told} */
  told = { name: '', points: 0, checked: 0, repaired: 0, losses: [] };

  fault() {
    this.told.points++;
  }

  /** @param {unknown} isSo @param {string} otherwise What is wrong when it is not so. */
  expect(isSo, otherwise) {
    this.told.checked++;
    if (!isSo) this.told.losses.push(otherwise);
  }
}
