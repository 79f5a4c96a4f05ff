namespace Plue.Server.Permissions;

/// <summary>The result of evaluating an action against one set of rules.</summary>
/// <param name="IsFinal">No rule that allows changes it: it always asks.</param>
/// <param name="Where">The target with links followed.</param>
internal sealed record Evaluation(Decision Decision, string Why, bool IsFinal = false, string? Where = null)
{
    /// <summary>The stricter of two; of equal ones the first.</summary>
    public Evaluation StricterOf(Evaluation other) => (other.Decision, other.IsFinal).CompareTo((Decision, IsFinal)) > 0 ? other : this;

    public static Evaluation Allow(string why) => new(Decision.Allow, why);

    /// <summary>Requires approval unless a rule allows it.</summary>
    public static Evaluation Ask(string why, string? where = null) => new(Decision.Ask, why, Where: where);

    public static Evaluation AlwaysAsk(string why, string? where = null) => new(Decision.Ask, why, IsFinal: true, where);

    public static Evaluation Deny(string why, string? where = null) => new(Decision.Deny, why, IsFinal: true, where);
}
