using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <summary>The state of a part of Plue: working, working with a warning, missing, or failed.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<HealthState>))]
public enum HealthState
{
    Ok,
    Warning,
    Missing,
    Failed,
}

/// <summary>A fix. An editor offers it as a command, a shell as a line to type.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<HealthAction>))]
public enum HealthAction
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

/// <param name="Online">Asks each provider that is switched on for its models; otherwise nothing leaves this machine.</param>
public sealed record HealthCheckParams(bool? Online);

/// <param name="Healthy">Nothing that Plue needs is missing or has failed.</param>
public sealed record HealthCheckResult(bool Healthy, string Version, IReadOnlyList<HealthRowView> Rows);

/// <summary>One thing that was looked at. No text of it holds a secret, and the user's own folder is written <c>~</c>.</summary>
public sealed record HealthRowView
{
    public required string Name { get; init; }
    public required HealthState State { get; init; }

    /// <summary>True if Plue cannot be used without it.</summary>
    public required bool IsRequired { get; init; }
    public required string Message { get; init; }

    /// <summary>Advice for the user; null if nothing needs to be done.</summary>
    public string? Advice { get; init; }
    public HealthFixView? Fix { get; init; }
}

/// <param name="Target">A provider's id, a server's name or a whole path, as the action wants it; in what a shell prints the path begins with <c>~</c> too.</param>
public sealed record HealthFixView(HealthAction Action, string? Target);
