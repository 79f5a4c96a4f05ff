using System.Reflection;
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

/// <summary>Prompts by address: a user's file over the shipped one. Files are read at every call, so a change counts from the next turn.</summary>
public sealed class Prompts(PluePaths paths)
{
    private const string Prefix = "prompts/";
    private const string Extension = ".md";
    private const string Fence = "---";

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
        var (bytes, problem) = DocumentFile.Read(FilePath(uri));
        if (bytes is not null)
        {
            if (Decode(bytes) is { } text) { return Parse(uri, text, TemplateLayer.User); }

            problem = new DocumentProblem("The file is not UTF-8 text. Save it as UTF-8.", 1, 1, IsError: true);
        }

        if (problem is not null) { problems.Add(problem); }

        if (ReadShipped(uri.Name) is { } shipped) { return Parse(uri, shipped, TemplateLayer.Shipped) with { Problems = problems }; }

        return problem is null ? null : throw new FailureException(FailureKind.NotFound, $"{uri} could not be used. {problem.Message}");
    }

    /// <summary>Every address that leads to a prompt, sorted.</summary>
    public IReadOnlyList<CodexUri> List()
    {
        var names = DocumentFile.List(paths.Prompts, Extension).Paths.Select(path => Path.GetFileName(path))
            .Concat(ShippedNames());
        return [.. names.Select(name => CodexUri.TryOf(CodexCollection.Prompts, name, out var uri) ? uri : null).OfType<CodexUri>().Distinct().OrderBy(uri => uri.Name, StringComparer.Ordinal)];
    }

    /// <summary>Takes the front matter off: lines of <c>key: value</c> between two lines of three hyphens at the very start.</summary>
    private static Prompt Parse(CodexUri uri, string text, TemplateLayer layer)
    {
        text = text.TrimStart('\uFEFF').ReplaceLineEndings("\n");
        if (!text.StartsWith(Fence + "\n", StringComparison.Ordinal)) { return new Prompt(uri, text.Trim(), null, layer, []); }

        var lines = text.Split('\n');
        var end = Array.FindIndex(lines, 1, line => line.TrimEnd() == Fence);
        if (end < 0)
        {
            return new Prompt(uri, text.Trim(), null, layer,
                [new DocumentProblem("The front matter has no closing line of three hyphens, so it is read as part of the prompt.", 1, 1, IsError: false)]);
        }

        var description = lines[1..end]
            .Where(line => line.StartsWith("description:", StringComparison.Ordinal))
            .Select(line => line["description:".Length..].Trim())
            .LastOrDefault();
        return new Prompt(uri, string.Join('\n', lines[(end + 1)..]).Trim(), description is null ? null : Unquote(description), layer, []);
    }

    private static string Unquote(string text) => text.Length >= 2 && text[0] is '"' or '\'' && text[^1] == text[0] ? text[1..^1] : text;

    private static string? Decode(byte[] bytes)
    {
        try { return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes); }
        catch (DecoderFallbackException) { return null; }
    }

    private static string? ReadShipped(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name + Extension);
        if (stream is null) { return null; }

        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> ShippedNames() => Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal))
        .Select(name => name[Prefix.Length..])
        .Where(name => !name.Contains('/', StringComparison.Ordinal));

    private string FilePath(CodexUri uri) => Path.Combine(paths.Prompts, uri.Name + Extension);
}
