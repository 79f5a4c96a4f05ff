namespace Plue.Server.Messages;

/// <summary>The instructions that are sent with the messages.</summary>
/// <param name="System">The system prompt; null for none.</param>
/// <param name="Sources">Where it comes from, in the order of the text; also what was left out of it.</param>
public sealed record Instructions(string? System, IReadOnlyList<InstructionSource> Sources)
{
    public static readonly Instructions None = new(null, []);

    /// <summary>Why no request can be sent with it; null if it is valid.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Why the rules of the open folder do not count, in one sentence; null when they do.</summary>
    public string? Note { get; init; }

    /// <summary>The list of skills, for a model that has the tool to load them; null for none.</summary>
    public string? Skills { get; init; }

    /// <summary>The system prompt with the list of skills.</summary>
    public string? SystemWithSkills =>
        Skills is null ? System
        : System is null ? Skills
        : $"{System}\n\n{Skills}";

    /// <summary>For a program that has skills of its own.</summary>
    public Instructions WithoutSkills =>
        this with
        {
            Skills = null,
            Sources = [.. Sources.Where(source => source.Kind != InstructionKind.Skill)],
        };

    /// <summary>Those that count, as an answer keeps them.</summary>
    public IReadOnlyList<InstructionSource> Used => [.. Sources.Where(source => source.LeftOut is null)];
}

public enum InstructionKind
{
    Prompt,
    Override,
    Rules,
    Template,
    Provider,

    /// <summary>The user's own instructions for every folder.</summary>
    User,

    /// <summary>A skill that was loaded, or the list of skills.</summary>
    Skill,
}

/// <param name="Source">A codex address, or a file's path.</param>
public sealed record InstructionSource(InstructionKind Kind, string Source, string Title, ContentVersion Version)
{
    /// <summary>Characters in it that no editor shows.</summary>
    public int HiddenCharacters { get; init; }

    /// <summary>Why it does not count; null when it does.</summary>
    public string? LeftOut { get; init; }

    /// <summary>Set when it is left out only until the user allows it: the hash of its content.</summary>
    public string? MayBeAllowed { get; init; }

    /// <summary>The file or folder of the workspace that made it apply, such as <c>src/api/server.ts</c>; null for one that always applies.</summary>
    public string? AppliesTo { get; init; }

    /// <summary>The file to open; null for what ships with Plue.</summary>
    public string? Path { get; init; }

    /// <summary>An estimate; null where it is not counted. Not stored.</summary>
    public long? Tokens { get; init; }
}

/// <summary>
/// The version of a text: the beginning of its SHA-256, so it changes whenever the text does. Computed when it is first stored or shown, because the
/// first hash of a process loads the system's cryptography library, which a run that stores nothing does not need.
/// </summary>
public sealed class ContentVersion
{
    private const int Length = 12;
    private Func<string>? sha256;
    private string text = "";

    /// <param name="sha256">The hash in hex, of content that no longer changes.</param>
    public ContentVersion(Func<string> sha256) => this.sha256 = sha256;

    private ContentVersion(string text) => this.text = text;

    public static implicit operator ContentVersion(string text) => new(text);

    public override string ToString()
    {
        if (sha256?.Invoke() is { } hash)
        {
            text = hash.Length > Length ? hash[..Length] : hash;
            // Last: another thread that finds no function finds the text.
            Volatile.Write(ref sha256, null);
        }

        return text;
    }
}
