using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices.Skills;

/// <summary>A file of a skill.</summary>
/// <param name="Path">Relative to the skill's folder, with <c>/</c>.</param>
/// <param name="Sha256">Lowercase hex; for a link, the hash of its target path.</param>
internal sealed record SkillFile(string Path, long Length, string Sha256)
{
    /// <summary>The first line with characters that editors do not show; null if there is none.</summary>
    public int? HiddenLine { get; init; }

    /// <summary>True for a link that points outside the skill's folder; it is not read.</summary>
    public bool IsLinkOut { get; init; }

    /// <summary>True for a script, recognized by its name or first line.</summary>
    public bool IsScript { get; init; }

    /// <summary>The programs that a script would probably run.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>True for a script that runs what it downloads.</summary>
    public bool RunsDownload { get; init; }
}

/// <summary>A skill on disk: a folder with a <c>SKILL.md</c>.</summary>
internal sealed record Skill
{
    public const string FileName = "SKILL.md";

    public required string Name { get; init; }
    public required SkillPlace Place { get; init; }

    /// <summary>An absolute path without links.</summary>
    public required string Folder { get; init; }

    public required SkillHead Head { get; init; }

    /// <summary>The Markdown without its front matter.</summary>
    public required string Body { get; init; }
    public IReadOnlyList<SkillFile> Files { get; init; } = [];

    /// <summary>The SHA-256 of the names and contents of all files, in lowercase hex.</summary>
    public required string Sha256 { get; init; }

    public IReadOnlyList<DocumentProblem> Problems { get; init; } = [];

    /// <summary>Why the skill cannot be used, in one sentence; null if it can.</summary>
    public string? Failure { get; init; }

    public string Path => System.IO.Path.Combine(Folder, FileName);

    public ContentVersion Version => new(() => Sha256);

    /// <summary>The description for the model and lists: one line, truncated, with hidden characters made visible. Defaults to the first paragraph.</summary>
    public string ShownDescription
    {
        get
        {
            var text = HiddenCharacters.VisibleLine(Head.Description ?? FirstParagraph(Body));
            return text.Length <= SkillList.MaxDescription ? text : text[..SkillList.MaxDescription].TrimEnd() + "…";
        }
    }

    /// <summary>The estimated number of tokens of the body.</summary>
    public long Tokens => TokenEstimate.Of(Body);

    /// <summary>The files with hidden characters, in the form <c>SKILL.md, line 3</c>.</summary>
    public IReadOnlyList<string> HiddenPlaces =>
        [.. Files.Where(file => file.HiddenLine is not null).Select(file => $"{file.Path}, line {file.HiddenLine}")];

    public InstructionSource Source => new(InstructionKind.Skill, Path, Name, Version) { Path = Path, Tokens = Tokens };

    /// <summary>Returns the content of a file; null if it changed since the skill was read, or is a link.</summary>
    public byte[]? ReadFile(SkillFile file)
    {
        var path = System.IO.Path.Combine(Folder, file.Path.Replace('/', System.IO.Path.DirectorySeparatorChar));
        try
        {
            return
                RealPath.ResolvesInto(path, Folder)
                && RegularFile.Read(path, SkillFolder.MaxBytes) is { } content
                && AllowedTexts.HashOf(content) == file.Sha256
                ? content
                : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Returns its <c>SKILL.md</c> as it was when the skill was read; null if it is another by now, or a link.</summary>
    public byte[]? ReadText() => Files.FirstOrDefault(file => file.Path == FileName) is { } file ? ReadFile(file) : null;

    private static string FirstParagraph(string body)
    {
        var lines = body.Split('\n').SkipWhile(line => line.Trim() is "" or ['#', ..]).TakeWhile(line => line.Trim().Length > 0);
        return string.Join(' ', lines.Select(line => line.Trim())) is { Length: > 0 } text ? text : body.Split('\n')[0].TrimStart('#', ' ');
    }
}

internal enum SkillState
{
    On,
    Off,

    /// <summary>A skill in its current version that needs the user's approval.</summary>
    Waiting,

    /// <summary>Another skill with the same name takes precedence.</summary>
    Shadowed,

    Invalid,
}

/// <param name="Reason">Why it is not on, in one sentence; null if it is.</param>
internal sealed record FoundSkill(Skill Skill, SkillState State, string? Reason)
{
    /// <summary>The files that changed since the user approved the skill.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>The number of tokens of its line in the list of skills in each request.</summary>
    public long ListTokens { get; init; }

    public bool IsForModel => State == SkillState.On && Skill.Head.IsForModel;
    public bool IsForUser => State == SkillState.On && Skill.Head.IsForUser;
}
