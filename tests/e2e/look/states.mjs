// The sets of states that share one window each.
import { Workbench } from '../runner/workbench.mjs';
import * as nothing from './states/nothing.mjs';

/**
 * @typedef {object} StateSet
 * @property {string[]} views The views it has states of.
 * @property {(album: import('./album.mjs').Album, browser: import('playwright-core').Browser) => Promise<void>} photograph
 */

/** The editor has the window to itself. */
export const settings = { 'workbench.activityBar.location': 'top', 'workbench.layoutControl.enabled': false };

/** @type {Record<string, StateSet>} */
export const states = {
  nothing: {
    views: nothing.views,
    photograph: async (album, browser) => {
      const workbench = await Workbench.open(browser, 'look-nothing', { settings });
      try {
        await workbench.show();
        await workbench.command('View: Close Primary Side Bar');
        await nothing.pose(album, workbench);
      } finally {
        await workbench.close();
      }
    },
  },
};
