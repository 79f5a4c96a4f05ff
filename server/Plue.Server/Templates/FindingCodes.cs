namespace Plue.Server.Templates;

/// <summary>
/// Codes of findings in files. CI pipelines refer to them, so they never change. The codes of risks are in <see cref="TemplateRisks"/>.
/// </summary>
public static class FindingCodes
{
    /// <summary>The file is not JSON5.</summary>
    public const string Syntax = "syntax";

    /// <summary>A key, a type or a value that does not belong there.</summary>
    public const string Field = "field";

    /// <summary>A key that belongs into the vault.</summary>
    public const string Secret = "secret";

    /// <summary>A parent does not exist, parents go in a cycle, or a locked field is widened.</summary>
    public const string Inheritance = "inheritance";

    /// <summary>A workspace's template counts for less than it says: it may not raise rights.</summary>
    public const string Narrowed = "narrowed";

    /// <summary>There is no tool of that name.</summary>
    public const string Tool = "tool";

    /// <summary>A reference leads nowhere.</summary>
    public const string Reference = "reference";

    /// <summary>A reference leads to something of another kind than belongs there.</summary>
    public const string ReferenceType = "reference.type";

    /// <summary>References lead back to where they began.</summary>
    public const string ReferenceCycle = "reference.cycle";

    /// <summary>A reference leads to what this machine does not have yet: a provider, a key, a default.</summary>
    public const string ReferenceMachine = "reference.machine";
}
