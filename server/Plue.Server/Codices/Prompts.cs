using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>A prompt for a model.</summary>
/// <param name="Text">The Markdown without its front matter.</param>
/// <param name="Description">The description in the front matter.</param>
/// <param name="Layer">The origin of the prompt.</param>
/// <param name="Problems">For example, a user's file that could not be read, so that the shipped prompt is used.</param>
internal sealed record Prompt(CodexUri Uri, string Text, string? Description, TemplateLayer Layer, IReadOnlyList<DocumentProblem> Problems)
{
    /// <summary>The arguments of the prompt when it is invoked as a command.</summary>
    public IReadOnlyList<PromptArgument> Arguments { get; init; } = [];

    /// <summary>Null for a shipped prompt.</summary>
    public string? Path { get; init; }
    public required byte[] Bytes { get; init; }

    /// <summary>The SHA-256 of the file in lowercase hex.</summary>
    public string Sha256 => AllowedTexts.HashOf(Bytes);
    public int HiddenCharacters { get; init; }
}

/// <param name="Prompt">The effective prompt; null if there is none.</param>
/// <param name="Ignored">A workspace prompt that was ignored because it contains hidden characters and was not allowed.</param>
internal sealed record FoundPrompt(Prompt? Prompt, Prompt? Ignored);

/// <summary>Prompts by address: a trusted workspace's files override the user's, and these the shipped ones. Files are read on each call.</summary>
/// <param name="workspace">The trusted folder, or null.</param>
/// <param name="isAllowed">True if the user allowed a workspace prompt with hidden characters, by its hash.</param>
internal sealed class Prompts(PluePaths paths, Func<WorkspaceFolders?>? workspace = null, Func<string, bool>? isAllowed = null)
{
    private const string Extension = ".md";

    private readonly PromptFormat format = new();

    /// <summary>Returns a prompt by its address, such as <c>codex://prompts/default-assistant.md</c>.</summary>
    /// <exception cref="FailureException">NotFound: not the address of a prompt, or no such prompt.</exception>
    public Prompt Get(string reference)
    {
        var uri = CodexUri.Parse(reference);
        var found = FindWithLayer(uri);
        if (found is { Prompt: null, Ignored: not null })
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"{uri} is skipped because it has invisible characters. Allow it in the chat's instructions, or remove the characters."
            );
        }

        return found.Prompt
            ?? throw new FailureException(
                FailureKind.NotFound,
                uri.Collection == CodexCollection.Prompts
                    ? $"The prompt {uri} does not exist.{NearestName.Hint(uri.Name, List().Select(other => other.Name))} Create {FilePath(uri)} or choose another prompt."
                    : $"{uri} is not a prompt. Choose one from codex://prompts/."
            );
    }

    /// <summary>Returns null if there is no such prompt, or the address is in another collection.</summary>
    public Prompt? Find(CodexUri uri) => FindWithLayer(uri).Prompt;

    /// <summary>Returns the description of a tool; null if there is none.</summary>
    public string? ToolText(string tool) => CodexUri.TryOf(CodexCollection.Prompts, $"tool-{tool}", out var uri) ? Find(uri)?.Text : null;

    /// <exception cref="FailureException">NotFound: there are files, but none can be read.</exception>
    public FoundPrompt FindWithLayer(CodexUri uri)
    {
        if (uri.Collection != CodexCollection.Prompts)
        {
            return new FoundPrompt(null, null);
        }

        Prompt? omitted = null;
        var problems = new List<DocumentProblem>();
        foreach (var (path, layer) in Files(uri))
        {
            var (bytes, problem) = DocumentFile.Read(path);
            if (bytes is not null)
            {
                if (PromptFormat.Decode(bytes) is { } text)
                {
                    var prompt = Parse(uri, text, layer, problems, bytes) with { Path = path };
                    if (layer != TemplateLayer.Workspace || prompt.HiddenCharacters == 0 || isAllowed?.Invoke(prompt.Sha256) == true)
                    {
                        return new FoundPrompt(prompt, omitted);
                    }

                    omitted = prompt;
                    continue;
                }

                problem = PromptFormat.NotText;
            }

            if (problem is not null)
            {
                problems.Add(problem);
            }
        }

        if (format.ReadShipped(uri.Name) is { } shipped)
        {
            return new FoundPrompt(Parse(uri, Encoding.UTF8.GetString(shipped), TemplateLayer.Shipped, problems, shipped), omitted);
        }

        return problems.Count == 0
            ? new FoundPrompt(null, omitted)
            : throw new FailureException(FailureKind.NotFound, $"{uri} could not be loaded. {problems[0].Message}");
    }

    /// <summary>Returns the addresses of all prompts, sorted.</summary>
    public IReadOnlyList<CodexUri> List()
    {
        var names = DocumentFile
            .List(paths.Prompts, Extension)
            .Paths.Concat(Workspace())
            .Select(path => Path.GetFileName(path))
            .Concat(format.ShippedNames);
        return
        [
            .. names
                .Select(name => CodexUri.TryOf(CodexCollection.Prompts, name, out var uri) ? uri : null)
                .OfType<CodexUri>()
                .Distinct()
                .OrderBy(uri => uri.Name, StringComparer.Ordinal),
        ];
    }

    private static Prompt Parse(CodexUri uri, string text, TemplateLayer layer, IReadOnlyList<DocumentProblem> problems, byte[] bytes)
    {
        var parsed = FrontMatter.Parse(text);
        return new Prompt(uri, parsed.Body, parsed.Values.GetString("description"), layer, [.. problems, .. parsed.Problems])
        {
            Arguments = PromptArguments.Read(parsed.Values),
            Bytes = bytes,
            HiddenCharacters = HiddenCharacters.Count(text.TrimStart('\uFEFF')),
        };
    }

    private IEnumerable<(string Path, TemplateLayer Layer)> Files(CodexUri uri)
    {
        if (Workspace().FirstOrDefault(path => Path.GetFileName(path) == uri.Name + Extension) is { } own)
        {
            yield return (own, TemplateLayer.Workspace);
        }

        yield return (FilePath(uri), TemplateLayer.User);
    }

    private IReadOnlyList<string> Workspace() => DocumentFile.ListWorkspace(workspace?.Invoke(), "prompts", Extension);

    private string FilePath(CodexUri uri) => Path.Combine(paths.Prompts, uri.Name + Extension);
}
