// Sets of states; each set shares one window.
import { Workbench } from '../runner/workbench.mjs';
import * as chats from './states/chats.mjs';
import * as items from './states/items.mjs';
import * as nothing from './states/nothing.mjs';
import * as tasks from './states/tasks.mjs';

/**
 * @typedef {(options?: import('../runner/workbench.mjs').WorkbenchOptions) => Promise<Workbench>} Open
 * @typedef {object} StateSet
 * @property {string[]} views The views that it shows.
 * @property {(album: import('./album.mjs').Album, open: Open) => Promise<void>} photograph
 */

/** Gives the editor the whole window. */
export const settings = { 'workbench.activityBar.location': 'top', 'workbench.layoutControl.enabled': false };

/** @param {import('playwright-core').Browser} browser @returns {Open} */
export const opener = (browser) => (options) => Workbench.open(browser, 'look', { settings, isQuiet: true, ...options });

/** @type {Record<string, StateSet>} */
export const states = { nothing, chats, tasks, items };
