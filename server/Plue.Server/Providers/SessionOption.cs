namespace Plue.Server.Providers;

/// <summary>What the user can choose in the session of an agent besides its model and reasoning level, such as its mode.</summary>
/// <param name="Current">Null if it is not known.</param>
/// <param name="Choices">Empty for a switch, whose values are <c>true</c> and <c>false</c>.</param>
public sealed record SessionOption(string Id, string Name, string? Description, string? Current, IReadOnlyList<SessionChoice> Choices)
{
    /// <summary>The option that every agent with modes has.</summary>
    public const string Mode = "mode";
}

public sealed record SessionChoice(string Value, string Name, string? Description);
