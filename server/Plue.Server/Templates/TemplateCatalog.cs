using System.Reflection;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>Where a document comes from; a later one wins.</summary>
public enum TemplateLayer { Shipped, User }

/// <summary>One template file.</summary>
/// <param name="Source">The file's path; for a shipped one its name.</param>
/// <param name="Template">With its parents' fields; null while it has mistakes.</param>
public sealed record TemplateEntry(string Id, TemplateLayer Layer, string Source, Template? Template, IReadOnlyList<DocumentProblem> Problems);

/// <summary>
/// Every template: those that ship, and the user's over them. A user's file with mistakes hides nothing: the shipped one stays in force.
/// Changes in the user's folder are noticed at the next call. Safe to use from several threads.
/// </summary>
public sealed class TemplateCatalog(PluePaths paths)
{
    private const string Prefix = "templates/";
    private const string Extension = ".json5";

    private static readonly Lazy<IReadOnlyList<Source>> ShippedSources = new(ReadShipped);

    private readonly Lock gate = new();
    private string? stamp;
    private IReadOnlyList<TemplateEntry> entries = [];

    /// <summary>All files, broken ones too, sorted by id, the user's before a shipped one of the same id.</summary>
    public IReadOnlyList<TemplateEntry> List()
    {
        lock (gate)
        {
            var (files, problem) = DocumentFile.List(paths.Templates, Extension);
            var now = Stamp(files);
            if (now != stamp) { (entries, stamp) = (Resolve([.. files.Select(ReadFile), .. ShippedSources.Value]), now); }

            return problem is null ? entries : [new TemplateEntry("", TemplateLayer.User, paths.Templates, null, [problem]), .. entries];
        }
    }

    /// <summary>The template in force, or null.</summary>
    public Template? Find(string id) => List().FirstOrDefault(entry => entry.Id == id && entry.Template is not null)?.Template;

    private static List<TemplateEntry> Resolve(IReadOnlyList<Source> sources)
    {
        // The user's come first in the list, so the first of an id that could be read is the one that counts.
        Template? Own(string id) => sources.FirstOrDefault(source => source.Id == id && source.Reading.Template is not null)?.Reading.Template;
        return
        [
            .. sources
                .Select(source =>
                {
                    if (source.Reading.Template is not { } own) { return new TemplateEntry(source.Id, source.Layer, source.Name, null, source.Reading.Problems); }

                    var resolved = TemplateInheritance.Resolve(own, Own);
                    return new TemplateEntry(source.Id, source.Layer, source.Name, resolved.Template, [.. source.Reading.Problems, .. resolved.Problems]);
                })
                .OrderBy(entry => entry.Id, StringComparer.Ordinal)
                .ThenByDescending(entry => entry.Layer),
        ];
    }

    private static Source ReadFile(string path)
    {
        var id = Path.GetFileName(path)[..^Extension.Length];
        var (bytes, problem) = DocumentFile.Read(path);
        return new Source(id, TemplateLayer.User, path, bytes is null
            ? new TemplateReading(null, [problem ?? new DocumentProblem("The file was removed while it was read.", 1, 1, IsError: true)])
            : Named(id, TemplateReader.Read(bytes)));
    }

    /// <summary>A template is found by its file's name, so that must be its id.</summary>
    private static TemplateReading Named(string id, TemplateReading reading) => reading.Template is { } template && template.Id != id
        ? new TemplateReading(null, [new DocumentProblem($"`id` is `{template.Id}` and the file is named `{id}{Extension}`. Give both the same name.", 1, 1, IsError: true), .. reading.Problems])
        : reading;

    private static IReadOnlyList<Source> ReadShipped()
    {
        var assembly = typeof(TemplateCatalog).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => ReadShipped(assembly, name))];
    }

    private static Source ReadShipped(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the program.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var id = name[Prefix.Length..^Extension.Length];
        return new Source(id, TemplateLayer.Shipped, name, Named(id, TemplateReader.Read(bytes)));
    }

    private static string Stamp(IReadOnlyList<string> files) =>
        string.Join('\n', files.Select(path => new FileInfo(path)).Select(file => $"{file.Name}/{(file.Exists ? file.Length : 0)}/{file.LastWriteTimeUtc.Ticks}"));

    private sealed record Source(string Id, TemplateLayer Layer, string Name, TemplateReading Reading);
}
