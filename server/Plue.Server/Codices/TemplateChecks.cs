using System.Text;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

internal enum FindingKind
{
    Error,
    Warning,
    Risk,
}

/// <summary>A problem that a check found, with its location.</summary>
/// <param name="Code">One of <see cref="FindingCodes"/> or <see cref="TemplateRisks"/>.</param>
/// <param name="TemplateId">The template of the finding; for an item or a provider, its template.</param>
/// <param name="Path">The file path; for shipped documents, the name.</param>
/// <param name="Line">One-based.</param>
/// <param name="Column">One-based.</param>
internal sealed record Finding(FindingKind Kind, string Code, string TemplateId, string Path, int Line, int Column, string Message);

/// <summary>Checks templates and the documents that use them. Changes nothing and sends nothing.</summary>
internal sealed class TemplateChecks(Documents documents, References references)
{
    private const int MaxCycleLength = 50;

    private readonly TemplateCatalog templates = documents.Templates;

    /// <summary>Checks all templates, items and providers, including shipped templates.</summary>
    public IReadOnlyList<Finding> All() =>
        Sorted([
            // Risks of a shipped template are reported only if it is requested by name.
            .. templates
                .List()
                .SelectMany(entry =>
                    OfEntry(entry).Where(finding => entry.Layer != TemplateLayer.Shipped || finding.Kind == FindingKind.Error)
                ),
            .. documents.Of(CodexCollection.Items).List().SelectMany(OfDocument),
            .. documents.Of(CodexCollection.Providers).List().SelectMany(OfDocument),
        ]);

    /// <summary>Checks all files with this id, or the given text.</summary>
    /// <param name="text">The text to check; null checks the files.</param>
    public IReadOnlyList<Finding> Of(string id, string? text) =>
        Sorted(
            text is null
                ? templates.List().Where(entry => entry.Id == id).SelectMany(OfEntry)
                : OfText(
                    id,
                    documents.Of(CodexCollection.Templates).Get(id) is { Path.Length: > 0 } file ? file : null,
                    Encoding.UTF8.GetBytes(text)
                )
        );

    private static IReadOnlyList<Finding> Sorted(IEnumerable<Finding> findings) =>
        [
            .. findings
                .DistinctBy(finding => (finding.Path, finding.Line, finding.Column, finding.Message))
                .OrderBy(finding => finding.Path, StringComparer.Ordinal)
                .ThenBy(finding => finding.Line)
                .ThenBy(finding => finding.Column),
        ];

    private IEnumerable<Finding> OfEntry(TemplateEntry entry)
    {
        var bytes = entry.Layer == TemplateLayer.Shipped ? TemplateCatalog.ReadShipped(entry.Id) : DocumentFile.Read(entry.Source).Bytes;
        return bytes is null
            ? entry.Problems.Select(problem => Of(problem, entry.Id, entry.Source))
            : OfFile(entry.Id, entry.Source, bytes, entry.Template, entry.Problems);
    }

    /// <param name="file">The file that the text would replace; null for a new one.</param>
    private IEnumerable<Finding> OfText(string id, FileCodex? file, byte[] bytes)
    {
        var reading = templates.Check(id, bytes, file?.Layer ?? TemplateLayer.User);
        return OfFile(id, file?.Path ?? $"{id}.json5", bytes, reading.Template, reading.Problems);
    }

    /// <param name="resolved">The template with its parents; null if it has errors.</param>
    /// <param name="problems">The problems of the file and of its references.</param>
    private List<Finding> OfFile(string id, string path, byte[] bytes, Template? resolved, IReadOnlyList<DocumentProblem> problems)
    {
        var document = Json5Reader.Read(bytes);
        List<Finding> findings = [.. problems.Concat(LiteralSecrets.Find(document)).Select(problem => Of(problem, id, path))];
        if (document.Root is Json5Object root)
        {
            // A new template may refer to itself.
            findings.AddRange(
                Follow(
                    FoundReferences
                        .InTemplate(root, templates.Find)
                        .Where(found => !(found.To is { Collection: CodexCollection.Templates } own && own.Name == id)),
                    id,
                    path
                )
            );
        }

        if (resolved is not null)
        {
            findings.AddRange(
                TemplateRisks
                    .Find(resolved, templates.Find)
                    .Select(risk => new Finding(
                        FindingKind.Risk,
                        risk.Code,
                        id,
                        path,
                        Math.Max(1, risk.Span.Line),
                        Math.Max(1, risk.Span.Column),
                        risk.Message
                    ))
            );
        }

        return findings;
    }

    private IEnumerable<Finding> OfDocument(FileCodex codex)
    {
        var isItem = codex.Uri?.Collection == CodexCollection.Items;
        var fields = templates.Find(codex.TemplateId)?.Fields ?? [];
        var found = FoundReferences.InFile(codex.Uri?.Collection ?? CodexCollection.Providers, codex.Values, templates.Find);
        return
        [
            .. codex.Problems.Select(problem => Of(problem, codex.TemplateId, codex.Path)),
            .. Follow(found, codex.TemplateId, codex.Path),
            .. isItem && FindCycle(codex, fields) is { } cycle ? [cycle] : Array.Empty<Finding>(),
        ];
    }

    private IEnumerable<Finding> Follow(IEnumerable<FoundReference> found, string id, string path)
    {
        foreach (var reference in found.Where(reference => !reference.IsOfReading))
        {
            if (references.Resolve(reference) is not { Problem: { } problem } end)
            {
                continue;
            }

            var code =
                !end.IsError ? FindingCodes.ReferenceMachine
                : end.IsWrongKind ? FindingCodes.ReferenceType
                : FindingCodes.Reference;
            yield return new Finding(
                end.IsError ? FindingKind.Error : FindingKind.Warning,
                code,
                id,
                path,
                Math.Max(1, reference.Span.Line),
                Math.Max(1, reference.Span.Column),
                problem
            );
        }
    }

    /// <summary>Returns a cycle through fields with a single reference, such as a parent; null if there is none. Lists of references may form cycles.</summary>
    private Finding? FindCycle(FileCodex codex, IReadOnlyList<TemplateField> fields)
    {
        foreach (var field in fields.Where(field => field.Type == FieldType.CodexReference && codex.Values.Find(field.Name) is Json5String))
        {
            if (PathBack(codex.Id, id => Next(id, field.Name)) is not { } way)
            {
                continue;
            }

            var at = codex.Values.Find(field.Name)!.Span;
            return new Finding(
                FindingKind.Warning,
                FindingCodes.ReferenceCycle,
                codex.TemplateId,
                codex.Path,
                at.Line,
                at.Column,
                $"`{field.Name}` is part of a reference cycle: {string.Join(", ", way)}."
            );
        }

        return null;
    }

    private IEnumerable<string> Next(string id, string field) =>
        documents.Of(CodexCollection.Items).Get(id)?.Values.GetString(field) is { } address
        && CodexUri.TryParse(address, out var uri)
        && uri.Collection == CodexCollection.Items
            ? [uri.Name]
            : [];

    /// <summary>Returns the shortest path from a name back to itself; null if there is none.</summary>
    private static List<string>? PathBack(string start, Func<string, IEnumerable<string>> next)
    {
        var queue = new Queue<List<string>>([
            [start],
        ]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (queue.TryDequeue(out var way) && way.Count <= MaxCycleLength)
        {
            foreach (var name in next(way[^1]))
            {
                if (name == start)
                {
                    return [.. way, start];
                }
                if (seen.Add(name))
                {
                    queue.Enqueue([.. way, name]);
                }
            }
        }

        return null;
    }

    private static Finding Of(DocumentProblem problem, string id, string path) =>
        new(
            problem.IsError ? FindingKind.Error : FindingKind.Warning,
            problem.Code,
            id,
            path,
            problem.Line,
            problem.Column,
            problem.Message
        );
}
