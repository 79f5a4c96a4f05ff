namespace Plue.Server.Messages;

/// <summary>What a model is told besides the messages.</summary>
/// <param name="System">The system prompt; null for none.</param>
/// <param name="Sources">Where it comes from, in the order of the text; also what was left out of it.</param>
public sealed record Steering(string? System, IReadOnlyList<SteeringSource> Sources)
{
    public static readonly Steering None = new(null, []);

    /// <summary>Why nobody can be asked with it; null when all is well.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Why the rules of the open folder do not count, in one sentence; null when they do.</summary>
    public string? Note { get; init; }

    /// <summary>Those that count, as an answer keeps them.</summary>
    public IReadOnlyList<SteeringSource> Used => [.. Sources.Where(source => source.LeftOut is null)];
}

public enum SteeringKind { Prompt, Override, Rules, Template, Provider }

/// <param name="Source">A codex address, or a file's path.</param>
/// <param name="Version">Changes whenever the content does: the beginning of its SHA-256.</param>
public sealed record SteeringSource(SteeringKind Kind, string Source, string Title, string Version)
{
    /// <summary>Characters in it that no editor shows.</summary>
    public int HiddenCharacters { get; init; }
    /// <summary>Why it does not count; null when it does.</summary>
    public string? LeftOut { get; init; }
    /// <summary>Set when it is left out only until the user allows it: the hash of its content.</summary>
    public string? MayBeAllowed { get; init; }
    /// <summary>The file to open; null for what ships with Plue.</summary>
    public string? Path { get; init; }
}
