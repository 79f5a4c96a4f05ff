namespace Plue.Server.Permissions;

/// <summary>Stricter is greater.</summary>
public enum Decision
{
    Allow,
    Ask,
    Deny,
}

/// <param name="Why">One sentence: the rule, or the danger. Shown to the user for an approval and to the model for a denial.</param>
public sealed record Verdict(Decision Decision, string Why)
{
    /// <summary>The rule that <c>always</c> would store, shown exactly as stored; null if always is not available.</summary>
    public string? Rule { get; init; }

    /// <summary>The workspace folder that <see cref="Rule"/> is stored for.</summary>
    public string? RuleFolder { get; init; }

    /// <summary>True if the policy of the organization denies it.</summary>
    public bool IsOfPolicy { get; init; }

    /// <summary>Where it really leads: the path with links followed.</summary>
    public string? Where { get; init; }
}
