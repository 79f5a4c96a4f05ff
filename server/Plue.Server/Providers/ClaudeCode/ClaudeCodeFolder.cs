namespace Plue.Server.Providers.ClaudeCode;

/// <summary>What a folder brings along for the CLI. Nothing of it counts: who writes a project's settings must not decide what runs here (SEC-08).</summary>
internal static class ClaudeCodeFolder
{
    private static readonly string[] Settings = [".claude/settings.json", ".claude/settings.local.json"];

    /// <returns>A sentence; null if there is no problem.</returns>
    public static string? Ignored(string? folder)
    {
        if (folder is null)
        {
            return null;
        }

        var there = Settings.Where(name => File.Exists(Path.Combine(folder, name))).ToList();
        return there.Count == 0
            ? null
            : $"The hooks and permissions in {string.Join(" and ", there)} do not count here: Plue asks you itself.";
    }
}
