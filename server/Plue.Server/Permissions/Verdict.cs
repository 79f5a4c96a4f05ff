namespace Plue.Server.Permissions;

/// <summary>Stricter is greater.</summary>
public enum Decision { Allow, Ask, Deny }

/// <param name="Why">One sentence: the rule, or what makes it dangerous. For the user where it is asked, for the model where it is denied.</param>
public sealed record Verdict(Decision Decision, string Why)
{
    /// <summary>What <c>always</c> would store, shown exactly so before it is; null where always is not to be had.</summary>
    public string? Rule { get; init; }

    /// <summary>Where it really leads: the path with links followed.</summary>
    public string? Where { get; init; }
}
