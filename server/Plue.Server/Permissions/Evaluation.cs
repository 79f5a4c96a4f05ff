namespace Plue.Server.Permissions;

/// <summary>The result of evaluating an action against one set of rules.</summary>
/// <param name="IsFinal">True if no allow rule can change the result.</param>
/// <param name="Where">The target with links resolved.</param>
internal sealed record Evaluation(Decision Decision, string Reason, bool IsFinal = false, string? Where = null)
{
    /// <summary>Gets the stricter of two results; this one if they are equal.</summary>
    public Evaluation StricterOf(Evaluation other) => (other.Decision, other.IsFinal).CompareTo((Decision, IsFinal)) > 0 ? other : this;

    public static Evaluation Allow(string why) => new(Decision.Allow, why);

    /// <summary>Requires approval unless a rule allows it.</summary>
    public static Evaluation Ask(string why, string? where = null) => new(Decision.Ask, why, Where: where);

    public static Evaluation AlwaysAsk(string why, string? where = null) => new(Decision.Ask, why, IsFinal: true, where);

    public static Evaluation Deny(string why, string? where = null) => new(Decision.Deny, why, IsFinal: true, where);
}
