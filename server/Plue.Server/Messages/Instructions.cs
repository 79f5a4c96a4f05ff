namespace Plue.Server.Messages;

/// <summary>The instructions that are sent with the messages.</summary>
/// <param name="System">The system prompt; null for none.</param>
/// <param name="Sources">The sources in the order of the text, including omitted ones.</param>
internal sealed record Instructions(string? System, IReadOnlyList<InstructionSource> Sources)
{
    public static readonly Instructions None = new(null, []);

    /// <summary>Why no request can be sent with these instructions; null if they are valid.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Why the rules of the workspace folder are ignored, in one sentence; null if they are used.</summary>
    public string? Note { get; init; }

    /// <summary>The list of skills, for a model with the tool that loads them; null for none.</summary>
    public string? Skills { get; init; }

    /// <summary>The system prompt with the list of skills.</summary>
    public string? SystemWithSkills =>
        Skills is null ? System
        : System is null ? Skills
        : $"{System}\n\n{Skills}";

    /// <summary>The instructions for an agent program that loads skills itself.</summary>
    public Instructions WithoutSkills =>
        this with
        {
            Skills = null,
            Sources = [.. Sources.Where(source => source.Kind != InstructionKind.Skill)],
        };

    /// <summary>The sources that are not omitted; stored with the response.</summary>
    public IReadOnlyList<InstructionSource> Used => [.. Sources.Where(source => source.OmittedReason is null)];
}

public enum InstructionKind
{
    Prompt,
    Override,
    Rules,
    Template,
    Provider,

    /// <summary>The user's instruction file for all folders.</summary>
    User,

    /// <summary>A loaded skill, or the list of skills.</summary>
    Skill,
}

/// <param name="Source">A codex address or a file path.</param>
public sealed record InstructionSource(InstructionKind Kind, string Source, string Title, ContentVersion Version)
{
    /// <summary>The number of characters that editors do not show.</summary>
    public int HiddenCharacters { get; init; }

    /// <summary>Why the source is omitted; null if it is not.</summary>
    public string? OmittedReason { get; init; }

    /// <summary>The hash of the content, if the user can allow the omitted source; otherwise null.</summary>
    public string? MayBeAllowed { get; init; }

    /// <summary>The workspace file or folder that made it apply, such as <c>src/api/server.ts</c>; null if it always applies.</summary>
    public string? AppliesTo { get; init; }

    /// <summary>The file to open; null for shipped documents.</summary>
    public string? Path { get; init; }

    /// <summary>The estimated number of tokens; null if not computed. Not stored.</summary>
    public long? Tokens { get; init; }
}

/// <summary>
/// The version of a text: the first characters of its SHA-256. Computed when it is first stored or displayed, because the first hash of a process loads the
/// system's cryptography library, which a run that stores nothing does not need.
/// </summary>
public sealed class ContentVersion
{
    private const int Length = 12;
    private Func<string>? sha256;
    private string text = "";

    /// <param name="sha256">Returns the hash, in hex, of content that no longer changes.</param>
    public ContentVersion(Func<string> sha256) => this.sha256 = sha256;

    private ContentVersion(string text) => this.text = text;

    public static implicit operator ContentVersion(string text) => new(text);

    public override string ToString()
    {
        if (sha256?.Invoke() is { } hash)
        {
            text = hash.Length > Length ? hash[..Length] : hash;
            // Written last, so that a thread that reads null here also sees the text.
            Volatile.Write(ref sha256, null);
        }

        return text;
    }
}
