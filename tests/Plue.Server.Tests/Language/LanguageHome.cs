using Microsoft.Extensions.Logging;
using Plue.Server.Language;
using Plue.Server.Modules;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Language;

/// <summary>A home with a few files, and the results of language features in a text. A <c>|</c> in a text marks the position.</summary>
internal sealed class LanguageHome : IAsyncDisposable
{
    public const char Mark = '|';

    private readonly Services services;

    public LanguageHome(bool trusted = false)
    {
        Home = Directory.CreateTempSubdirectory("plue-language-").FullName;
        Workspace = Path.Combine(Home, "workspace");
        Directory.CreateDirectory(Workspace);
        services = new Services(LogLevel.None, new PluePaths(Home));
        services.Platform.Workspace.Open(Workspace, trusted);
        Sources = services.Documents.Language(() => Secrets);
        Write("providers/local.json5", "{ name: \"Local\", provider_type: \"anthropic\", model: \"claude-sonnet-4-6\" }");
        Write("prompts/scout.md", "---\ndescription: Looks around.\n---\nYou look for {{goal}}.\n");
        Write("templates/scout.json5", Scout);
    }

    public const string Scout = """
        {
          id: "scout",
          name: "Scout",
          parent_template: "task",
          system_prompt_ref: "codex://prompts/scout",
          budget: { usd: 1, rounds: 20 },
          fields: [
            { name: "area", type: "select", options: ["server", "window"], default: "server", description: "Where to look." },
            { name: "depth", type: "number", min: 1, conditional: { field: "area", value: "server" } },
          ],
          automation: { hooks: [{ trigger: "field_change", field: "area", action: "notify", message: "Looks at {{area}}." }] },
        }

        """;

    public string Home { get; }
    public string Workspace { get; }
    public LanguageSources Sources { get; }
    public IReadOnlyList<KnownSecret> Secrets { get; set; } = [new("vault://local/api_key", ["https://api.anthropic.com"])];

    public string Write(string file, string text)
    {
        var path = Path.Combine(Home, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public OpenDocument Open(string file, string text) =>
        new(Sources.LocationOf(Path.Combine(Home, file)) ?? throw new InvalidOperationException($"{file} is none of ours."), text, 1);

    /// <summary>Gets the text without its mark, and the position of the mark.</summary>
    public (OpenDocument Document, int Offset) At(string file, string marked)
    {
        var offset = marked.IndexOf(Mark, StringComparison.Ordinal);
        return (Open(file, marked.Remove(offset, 1)), offset);
    }

    public IReadOnlyList<Suggestion> Complete(string file, string marked)
    {
        var (document, offset) = At(file, marked);
        return Completions.At(Sources, document, offset);
    }

    public string? Hover(string file, string marked)
    {
        var (document, offset) = At(file, marked);
        return Hovers.At(Sources, document, offset)?.Markdown;
    }

    /// <summary>Gets each diagnostic as the marked text and its message.</summary>
    public IReadOnlyList<string> Check(string file, string text)
    {
        var document = Open(file, text);
        return [.. Problems.Of(Sources, document).Select(problem => $"{document[problem.At]}: {problem.Message}")];
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
