namespace Plue.Server.Permissions;

/// <summary>What one look at an action says.</summary>
/// <param name="IsFirm">No rule that allows changes it: it always asks.</param>
/// <param name="Where">The target with links followed.</param>
internal sealed record Finding(Decision Decision, string Why, bool IsFirm = false, string? Where = null)
{
    /// <summary>The stricter of two; of equal ones the first.</summary>
    public Finding Or(Finding other) => (other.Decision, other.IsFirm).CompareTo((Decision, IsFirm)) > 0 ? other : this;

    public static Finding Allow(string why) => new(Decision.Allow, why);

    /// <summary>Asked unless a rule allows it.</summary>
    public static Finding Ask(string why, string? where = null) => new(Decision.Ask, why, Where: where);

    public static Finding AlwaysAsk(string why, string? where = null) => new(Decision.Ask, why, IsFirm: true, where);

    public static Finding Deny(string why, string? where = null) => new(Decision.Deny, why, IsFirm: true, where);
}
