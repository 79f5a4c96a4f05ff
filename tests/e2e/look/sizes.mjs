// Sizes and themes for pictures of views.

/**
 * @typedef {{width: number, height: number}} Size
 * @typedef {'Dark Modern' | 'Light Modern' | 'Dark High Contrast' | 'Light High Contrast'} Theme
 */

/**
 * Sizes of an editor group in CSS pixels, by name ZOOM-WIDTH. At 200 % the same window has half the pixels; 220 px is the narrowest group in VS Code.
 * @type {Record<string, Size>}
 */
export const sizes = {
  '100-wide': { width: 1000, height: 760 },
  '200-wide': { width: 500, height: 380 },
  '100-narrow': { width: 300, height: 760 },
  '200-narrow': { width: 220, height: 380 },
};

/** Sizes of the side bar; its height is that of the window. @type {Record<string, Size>} */
export const sideBarSizes = {
  '100-wide': { width: 400, height: 760 },
  '200-wide': { width: 250, height: 380 },
  '100-narrow': { width: 180, height: 760 },
  '200-narrow': { width: 180, height: 380 },
};

/** Maps names in file names to names in VS Code's theme picker. @type {Record<string, Theme>} */
export const themes = { dark: 'Dark Modern', light: 'Light Modern', hc: 'Dark High Contrast', 'hc-light': 'Light High Contrast' };
