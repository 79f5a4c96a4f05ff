import picomatch from 'picomatch';

/**
 * Returns a matcher for the enabled patterns of files.exclude and search.exclude.
 * Patterns that depend on a sibling file are ignored.
 */
export function exclusions(...settings: readonly unknown[]): (path: string) => boolean {
  const patterns = settings.flatMap((setting) =>
    typeof setting === 'object' && setting !== null
      ? Object.entries(setting).flatMap(([pattern, value]) => (value === true ? [pattern.replace(/\/$/u, '')] : []))
      : [],
  );
  if (patterns.length === 0) return () => false;
  const matches = picomatch(patterns, { dot: true });
  return (path) => matches(path.replace(/\/$/u, ''));
}
