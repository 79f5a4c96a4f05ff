export const commands = {
  showSkills: 'plue.showSkills',
  openSkill: 'plue.openSkill',
  reviewSkill: 'plue.reviewSkill',
  newSkill: 'plue.newSkill',
  importSkills: 'plue.importSkills',
} as const;
