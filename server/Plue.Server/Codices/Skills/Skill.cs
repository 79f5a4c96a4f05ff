using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices.Skills;

/// <summary>A file of a skill.</summary>
/// <param name="Path">From the folder of the skill, with <c>/</c>.</param>
/// <param name="Sha256">Lower-case hex; of a link, the hash of its target's path.</param>
public sealed record SkillFile(string Path, long Length, string Sha256)
{
    /// <summary>Lines with characters that no editor shows, the first of them; null for none.</summary>
    public int? HiddenLine { get; init; }

    /// <summary>The link points outside of the folder of the skill, so it is not read.</summary>
    public bool IsLinkOut { get; init; }

    /// <summary>A script, by its name or its first line.</summary>
    public bool IsScript { get; init; }

    /// <summary>What a script would run; a guess.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>A script that runs what it downloads.</summary>
    public bool RunsDownload { get; init; }
}

/// <summary>A skill as it lies on the disk: a folder with a <c>SKILL.md</c>.</summary>
public sealed record Skill
{
    public const string FileName = "SKILL.md";

    public required string Name { get; init; }
    public required SkillPlace Place { get; init; }

    /// <summary>Absolute, without links.</summary>
    public required string Folder { get; init; }

    public required SkillHead Head { get; init; }

    /// <summary>Markdown without its front matter.</summary>
    public required string Body { get; init; }
    public IReadOnlyList<SkillFile> Files { get; init; } = [];

    /// <summary>Of the names and contents of all files, in lower-case hex.</summary>
    public required string Sha256 { get; init; }

    public IReadOnlyList<DocumentProblem> Problems { get; init; } = [];

    /// <summary>Why it cannot be used, in one sentence; null if it can.</summary>
    public string? Failure { get; init; }

    public string Path => System.IO.Path.Combine(Folder, FileName);

    public ContentVersion Version => new(() => Sha256);

    /// <summary>For the model and for lists: in one line, hidden characters visible, cut at the limit. The first paragraph where it has none.</summary>
    public string ShownDescription
    {
        get
        {
            var text = HiddenCharacters.VisibleLine(Head.Description ?? FirstParagraph(Body));
            return text.Length <= SkillList.MaxDescription ? text : text[..SkillList.MaxDescription].TrimEnd() + "…";
        }
    }

    /// <summary>Of the body; an estimate.</summary>
    public long Tokens => TokenEstimate.Of(Body);

    /// <summary>The files with hidden characters, each as <c>SKILL.md, line 3</c>.</summary>
    public IReadOnlyList<string> HiddenPlaces =>
        [.. Files.Where(file => file.HiddenLine is not null).Select(file => $"{file.Path}, line {file.HiddenLine}")];

    public InstructionSource Source => new(InstructionKind.Skill, Path, Name, Version) { Path = Path, Tokens = Tokens };

    /// <summary>Returns the content of a file as it was when the skill was read; null if it is another by now, or a link.</summary>
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

public enum SkillState
{
    On,
    Off,

    /// <summary>It is of a workspace and the user has not approved it as it is now.</summary>
    Waiting,

    /// <summary>Another one with its name is nearer.</summary>
    Shadowed,

    /// <summary>It cannot be used.</summary>
    Invalid,
}

/// <param name="Why">Why it is not on, in one sentence; null for one that is.</param>
public sealed record FoundSkill(Skill Skill, SkillState State, string? Why)
{
    /// <summary>The files that changed since the user approved it.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>What it costs in each request: its line in the list.</summary>
    public long ListTokens { get; init; }

    public bool IsForModel => State == SkillState.On && Skill.Head.IsForModel;
    public bool IsForUser => State == SkillState.On && Skill.Head.IsForUser;
}
