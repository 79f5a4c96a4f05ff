import type { Rule } from 'eslint';
import type ts from 'typescript';

export function rawTextUses(checker: ts.TypeChecker, file: ts.SourceFile): { node: ts.Node; name: string }[];
export const noRawTextApi: Rule.RuleModule;
