/** What a scenario finds out. */
export class Findings {
  /** @type {import('./scenarios.mjs').Finding} */
  finding = { name: '', points: 0, checked: 0, repaired: 0, losses: [] };

  fault() {
    this.finding.points++;
  }

  /** @param {unknown} isSo @param {string} otherwise What is wrong when it is not so. */
  expect(isSo, otherwise) {
    this.finding.checked++;
    if (!isSo) this.finding.losses.push(otherwise);
  }
}
