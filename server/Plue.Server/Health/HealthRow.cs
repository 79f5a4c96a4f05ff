namespace Plue.Server.Health;

/// <summary>How a part is: it works, it works with a reservation, it is not there, or it is there and does not work.</summary>
public enum HealthState { Ok, Warning, Missing, Failed }

/// <summary>What helps; whoever shows it knows how it is done there.</summary>
public enum HealthAction { ConnectProvider, SetKey, TestProvider, ShowProvider, UnlockVault, CheckClaudeCode, OpenFile, ManageServers, TrustFolder, OpenSettings, ShowRules }

/// <param name="Target">A provider's id, a server's name or a whole path, as the action wants it.</param>
public sealed record HealthFix(HealthAction Action, string? Target = null);

/// <summary>One thing that was looked at.</summary>
public sealed record HealthRow(string Name, HealthState State, string Sentence)
{
    /// <summary>Plue is of no use without it.</summary>
    public bool IsNeeded { get; init; }
    /// <summary>What the user can do about it; null where nothing is to be done.</summary>
    public string? Advice { get; init; }
    public HealthFix? Fix { get; init; }

    public static HealthRow Ok(string name, string sentence) => new(name, HealthState.Ok, sentence);
    public static HealthRow Warning(string name, string sentence) => new(name, HealthState.Warning, sentence);
    public static HealthRow Missing(string name, string sentence) => new(name, HealthState.Missing, sentence);
    public static HealthRow Failed(string name, string sentence) => new(name, HealthState.Failed, sentence);
}

/// <summary>The rows in the order in which they are shown.</summary>
public sealed record HealthReport(IReadOnlyList<HealthRow> Rows)
{
    /// <summary>Nothing that Plue needs is missing or has failed.</summary>
    public bool IsHealthy => !Rows.Any(row => row is { IsNeeded: true, State: HealthState.Missing or HealthState.Failed });
}
