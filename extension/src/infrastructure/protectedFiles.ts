/** True for files that control which programs run, or that hold secrets: settings, version control, environments, and keys. */
export function isProtected(path: string): boolean {
  return /(?:^|[\\/])(?:\.git|\.vscode|\.husky|\.ssh|\.claude|\.plue|\.github[\\/]workflows|\.devcontainer)(?:[\\/]|$)|(?:^|[\\/])(?:\.env[^\\/]*|\.npmrc|\.gitmodules|[^\\/]+\.(?:pem|key|code-workspace))$/i.test(
    path,
  );
}
