export const commands = {
  manageProviders: 'plue.manageProviders',
  takeTour: 'plue.takeTour',
  addProvider: 'plue.addProvider',
  connectProvider: 'plue.connectProvider',
  testProvider: 'plue.testProvider',
  enableProvider: 'plue.enableProvider',
  disableProvider: 'plue.disableProvider',
  deleteProvider: 'plue.deleteProvider',
  chooseDefaultProvider: 'plue.chooseDefaultProvider',
  chooseDefaultSmallProvider: 'plue.chooseDefaultSmallProvider',
  moveKeyToVault: 'plue.moveKeyToVault',
  openProviderFile: 'plue.openProviderFile',
  refreshCatalog: 'plue.refreshCatalog',
  importCatalog: 'plue.importCatalog',
  exportCatalog: 'plue.exportCatalog',
  checkClaudeCodeAuth: 'plue.checkClaudeCodeAuth',
} as const;

/** Commands of other features that this feature runs. */
export const otherCommands = {
  setKey: 'plue.configureProviderKey',
  addProviderWithKey: 'plue.addProviderWithKey',
  focusComposer: 'plue.focusComposer',
  unlockVault: 'plue.unlockVault',
  signIn: 'plue.signInProvider',
  signOut: 'plue.signOutProvider',
  newChat: 'plue.newChat',
  openChat: 'plue.openChat',
  showLog: 'plue.showLog',
  restartServer: 'plue.restartServer',
} as const;
