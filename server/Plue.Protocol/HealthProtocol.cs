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

/// <param name="Online">True requests the models of each enabled provider; otherwise there are no requests.</param>
public sealed record HealthCheckParams(bool? Online);

/// <param name="Healthy">True if no required component is missing or failed.</param>
public sealed record HealthCheckResult(bool Healthy, string Version, IReadOnlyList<HealthRowView> Rows);

/// <summary>One check. Its texts contain no secrets, and the user's home folder is written <c>~</c>.</summary>
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

/// <param name="Target">A provider's id, a server's name or an absolute path, depending on the action.</param>
public sealed record HealthFixView(HealthAction Action, string? Target);
