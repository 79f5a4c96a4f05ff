import picomatch from 'picomatch';

/**
 * What the settings files.exclude and search.exclude leave out: patterns by name, of which those that are true count.
 * A pattern that depends on a sibling file leaves nothing out here.
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
