namespace Plue.Server.Permissions;

/// <summary>Stricter decisions have greater values.</summary>
public enum Decision
{
    Allow,
    Ask,
    Deny,
}

/// <param name="Reason">The rule or the risk, in one sentence. Shown to the user for an approval and to the model for a denial.</param>
internal sealed record Verdict(Decision Decision, string Reason)
{
    /// <summary>Gets the rule that <c>always</c> stores, exactly as displayed; null if always is not available.</summary>
    public string? Rule { get; init; }

    /// <summary>Gets the workspace folder that <see cref="Rule"/> is stored for.</summary>
    public string? RuleFolder { get; init; }

    /// <summary>True if the policy of the organization denies it.</summary>
    public bool IsOfPolicy { get; init; }

    /// <summary>Gets the path with links resolved.</summary>
    public string? Where { get; init; }
}
