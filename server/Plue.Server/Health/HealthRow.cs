namespace Plue.Server.Health;

/// <summary>The state of a part: works, works with limitations, does not exist, or exists but does not work.</summary>
public enum HealthState
{
    Ok,
    Warning,
    Missing,
    Failed,
}

/// <summary>A suggested fix. The caller knows how to apply it.</summary>
internal enum HealthAction
{
    ConnectProvider,
    SetKey,
    TestProvider,
    ShowProvider,
    UnlockVault,
    CheckClaudeCode,
    OpenFile,
    ManageServers,
    TrustFolder,
    OpenSettings,
    ShowRules,
}

/// <param name="Target">A provider ID, a server name or an absolute path, depending on the action.</param>
internal sealed record HealthFix(HealthAction Action, string? Target = null);

/// <summary>The result of one check.</summary>
internal sealed record HealthRow(string Name, HealthState State, string Sentence)
{
    /// <summary>True if Plue does not work without it.</summary>
    public bool IsNeeded { get; init; }

    /// <summary>The suggested fix; null if there is none.</summary>
    public string? Advice { get; init; }
    public HealthFix? Fix { get; init; }

    public static HealthRow Ok(string name, string sentence) => new(name, HealthState.Ok, sentence);

    public static HealthRow Warning(string name, string sentence) => new(name, HealthState.Warning, sentence);

    public static HealthRow Missing(string name, string sentence) => new(name, HealthState.Missing, sentence);

    public static HealthRow Failed(string name, string sentence) => new(name, HealthState.Failed, sentence);
}

/// <summary>The rows in display order.</summary>
internal sealed record HealthReport(IReadOnlyList<HealthRow> Rows)
{
    /// <summary>True if nothing that Plue needs is missing or has failed.</summary>
    public bool IsHealthy => !Rows.Any(row => row is { IsNeeded: true, State: HealthState.Missing or HealthState.Failed });
}
