namespace Plue.Server.Templates;

/// <summary>
/// Codes of findings in files. CI pipelines refer to them, so they never change. The codes of risks are in <see cref="TemplateRisks"/>.
/// </summary>
internal static class FindingCodes
{
    /// <summary>The file is not JSON5.</summary>
    public const string Syntax = "syntax";

    /// <summary>An unknown key, or a wrong type or value.</summary>
    public const string Field = "field";

    /// <summary>A key that belongs in the vault.</summary>
    public const string Secret = "secret";

    /// <summary>A parent does not exist, parents form a cycle, or a locked field is widened.</summary>
    public const string Inheritance = "inheritance";

    /// <summary>Parts of a workspace template have no effect, because it cannot raise rights.</summary>
    public const string Narrowed = "narrowed";

    /// <summary>There is no tool with this name.</summary>
    public const string Tool = "tool";

    /// <summary>The target of a reference does not exist.</summary>
    public const string Reference = "reference";

    /// <summary>The target of a reference has the wrong kind.</summary>
    public const string ReferenceType = "reference.type";

    /// <summary>References form a cycle.</summary>
    public const string ReferenceCycle = "reference.cycle";

    /// <summary>The target of a reference is missing on this machine: a provider, a key, or a default.</summary>
    public const string ReferenceMachine = "reference.machine";
}
