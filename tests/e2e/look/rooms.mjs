// In how much room, and in which themes, a view is looked at.

/**
 * @typedef {{width: number, height: number}} Size
 * @typedef {'Dark Modern' | 'Light Modern' | 'Dark High Contrast' | 'Light High Contrast'} Theme
 */

/**
 * The room of an editor group in CSS pixels, by its name ZOOM-WIDTH. At 200 % the same window has half of it; 220 px is the narrowest group that VS Code allows.
 * @type {Record<string, Size>}
 */
export const rooms = {
  '100-wide': { width: 1000, height: 760 },
  '200-wide': { width: 500, height: 380 },
  '100-narrow': { width: 300, height: 760 },
  '200-narrow': { width: 220, height: 380 },
};

/** The same for the side bar; its height is the window's. @type {Record<string, Size>} */
export const sideBarRooms = {
  '100-wide': { width: 400, height: 760 },
  '200-wide': { width: 250, height: 380 },
  '100-narrow': { width: 180, height: 760 },
  '200-narrow': { width: 180, height: 380 },
};

/** By their name in the name of a picture: what the theme's picker of VS Code calls it. @type {Record<string, Theme>} */
export const themes = { dark: 'Dark Modern', light: 'Light Modern', hc: 'Dark High Contrast', 'hc-light': 'Light High Contrast' };
