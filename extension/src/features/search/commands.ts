export const commands = {
  searchChats: 'plue.searchChats',
} as const;
