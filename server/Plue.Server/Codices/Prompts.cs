using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>Words for a model.</summary>
/// <param name="Text">Markdown without its front matter.</param>
/// <param name="Description">From the front matter.</param>
/// <param name="Layer">Where it comes from.</param>
/// <param name="Problems">Such as a user's file that could not be read, so that the shipped prompt is used.</param>
public sealed record Prompt(CodexUri Uri, string Text, string? Description, TemplateLayer Layer, IReadOnlyList<DocumentProblem> Problems);

/// <summary>Prompts by address: a trusted workspace's file over the user's, and that over the shipped one. Files are read at every call, so a change counts from the next turn.</summary>
/// <param name="workspace">The trusted folder, or null.</param>
public sealed class Prompts(PluePaths paths, Func<string?>? workspace = null)
{
    private const string Extension = ".md";

    private readonly PromptForm form = new();

    /// <summary>By address, as in <c>codex://prompts/default-assistant.md</c>.</summary>
    /// <exception cref="FailureException">NotFound: not a prompt's address, or nothing there.</exception>
    public Prompt Get(string reference)
    {
        var uri = CodexUri.Parse(reference);
        return Find(uri) ?? throw new FailureException(FailureKind.NotFound, $"There is no prompt {uri}. Create {FilePath(uri)} or choose another prompt.");
    }

    /// <summary>Null when there is none, or the address is of another collection.</summary>
    public Prompt? Find(CodexUri uri)
    {
        if (uri.Collection != CodexCollection.Prompts) { return null; }

        var problems = new List<DocumentProblem>();
        foreach (var (path, layer) in Files(uri))
        {
            var (bytes, problem) = DocumentFile.Read(path);
            if (bytes is not null)
            {
                if (PromptForm.Decode(bytes) is { } text) { return Parse(uri, text, layer, problems); }

                problem = PromptForm.NotText;
            }

            if (problem is not null) { problems.Add(problem); }
        }

        if (form.ReadShipped(uri.Name) is { } shipped) { return Parse(uri, Encoding.UTF8.GetString(shipped), TemplateLayer.Shipped, problems); }

        return problems.Count == 0 ? null : throw new FailureException(FailureKind.NotFound, $"{uri} could not be used. {problems[0].Message}");
    }

    /// <summary>Every address that leads to a prompt, sorted.</summary>
    public IReadOnlyList<CodexUri> List()
    {
        var names = DocumentFile.List(paths.Prompts, Extension).Paths.Concat(Workspace()).Select(path => Path.GetFileName(path)).Concat(form.ShippedNames);
        return [.. names.Select(name => CodexUri.TryOf(CodexCollection.Prompts, name, out var uri) ? uri : null).OfType<CodexUri>().Distinct().OrderBy(uri => uri.Name, StringComparer.Ordinal)];
    }

    private static Prompt Parse(CodexUri uri, string text, TemplateLayer layer, IReadOnlyList<DocumentProblem> problems)
    {
        var parsed = FrontMatter.Parse(text);
        return new Prompt(uri, parsed.Body, parsed.Values.GetString("description"), layer, [.. problems, .. parsed.Problems]);
    }

    private IEnumerable<(string Path, TemplateLayer Layer)> Files(CodexUri uri)
    {
        if (Workspace().FirstOrDefault(path => Path.GetFileName(path) == uri.Name + Extension) is { } own) { yield return (own, TemplateLayer.Workspace); }

        yield return (FilePath(uri), TemplateLayer.User);
    }

    private IReadOnlyList<string> Workspace() => DocumentFile.ListWorkspace(workspace?.Invoke(), "prompts", Extension);

    private string FilePath(CodexUri uri) => Path.Combine(paths.Prompts, uri.Name + Extension);
}
