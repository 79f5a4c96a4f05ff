using System.Text;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

public enum FindingKind { Error, Warning, Risk }

/// <summary>What a check found, at its place.</summary>
/// <param name="Code">One of <see cref="FindingCodes"/>, or of the risks.</param>
/// <param name="TemplateId">The template it is about: of an item or a provider the one that it follows.</param>
/// <param name="Path">The file; for what ships with Plue its name.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal sealed record Finding(FindingKind Kind, string Code, string TemplateId, string Path, int Line, int Column, string Message);

/// <summary>
/// The codes of findings. Pipelines name them, so none is ever changed; those of risks are <c>risk.…</c> and stand with the rules for them.
/// </summary>
internal static class FindingCodes
{
    /// <summary>The file is not JSON5.</summary>
    public const string Syntax = "syntax";
    /// <summary>A key, a type or a value that does not belong there.</summary>
    public const string Field = "field";
    /// <summary>Only what the parents say makes it wrong: none is there, they go in a circle, a locked field is widened.</summary>
    public const string Inheritance = "inheritance";
    /// <summary>It counts otherwise than its file says: rights of a workspace's template are narrowed, or another of this id stands before it.</summary>
    public const string Narrowed = "narrowed";
    /// <summary>A reference leads nowhere.</summary>
    public const string Reference = "reference";
    /// <summary>A reference leads to something of another kind than belongs there.</summary>
    public const string ReferenceType = "reference.type";
    /// <summary>References lead back to where they began.</summary>
    public const string ReferenceCycle = "reference.cycle";
    /// <summary>A reference leads to what this machine does not have yet: a provider, a key, a default.</summary>
    public const string ReferenceMachine = "reference.machine";
    /// <summary>There is no tool of that name.</summary>
    public const string Tool = "tool";
}

/// <summary>Looks for what is wrong with templates and with what follows them. Changes nothing and asks nobody.</summary>
internal sealed class TemplateChecks(Documents documents, References references)
{
    private const int MostOfACycle = 50;

    private readonly TemplateCatalog templates = documents.Templates;

    /// <summary>Every template of the user and the workspace, those that ship, the items and the providers.</summary>
    public IReadOnlyList<Finding> All() => Sorted(
    [
        .. templates.List().SelectMany(OfEntry),
        .. Cycles(),
        .. documents.Of(CodexCollection.Items).List().SelectMany(OfDocument),
        .. documents.Of(CodexCollection.Providers).List().SelectMany(OfDocument),
    ]);

    /// <summary>Every file of this id, or the text as it would be.</summary>
    /// <param name="text">Null takes the files as they are.</param>
    public IReadOnlyList<Finding> Of(string id, string? text) => Sorted(text is null
        ? [.. templates.List().Where(entry => entry.Id == id).SelectMany(OfEntry), .. Cycles().Where(finding => finding.TemplateId == id)]
        : OfText(id, documents.Of(CodexCollection.Templates).Get(id) is { Path.Length: > 0 } file ? file.Path : $"{id}.json5", Encoding.UTF8.GetBytes(text)));

    private static IReadOnlyList<Finding> Sorted(IEnumerable<Finding> findings) =>
        [.. findings.DistinctBy(finding => (finding.Path, finding.Line, finding.Column, finding.Message)).OrderBy(finding => finding.Path, StringComparer.Ordinal).ThenBy(finding => finding.Line).ThenBy(finding => finding.Column)];

    private IEnumerable<Finding> OfEntry(TemplateEntry entry)
    {
        var bytes = entry.Layer == TemplateLayer.Shipped ? TemplateCatalog.ReadShipped(entry.Id) : DocumentFile.Read(entry.Source).Bytes;
        if (bytes is null) { return entry.Problems.Select(problem => Of(problem, FindingCodes.Field, entry.Id, entry.Source)); }

        var findings = OfFile(entry.Id, entry.Source, bytes, entry.Template, entry.Problems);
        // What this machine does not have is no news about what ships.
        return entry.Layer == TemplateLayer.Shipped ? findings.Where(finding => finding.Code != FindingCodes.ReferenceMachine) : findings;
    }

    private IEnumerable<Finding> OfText(string id, string path, byte[] bytes)
    {
        var reading = templates.Check(id, bytes);
        return OfFile(id, path, bytes, reading.Template, reading.Problems);
    }

    /// <param name="resolved">With its parents; null while there are mistakes.</param>
    /// <param name="problems">Of the file and of its place among the others.</param>
    private List<Finding> OfFile(string id, string path, byte[] bytes, Template? resolved, IReadOnlyList<DocumentProblem> problems)
    {
        var document = Json5Reader.Read(bytes);
        var syntax = DocumentProblem.From(document).ToHashSet();
        var own = TemplateReader.Read(bytes).Problems.ToHashSet();
        // One under another name than its own is not even held against its parents.
        var isElsewhere = document.Root is Json5Object named && named.GetString("id") != id;
        List<Finding> findings =
        [
            .. problems.Select(problem => Of(problem, syntax.Contains(problem) ? FindingCodes.Syntax : isElsewhere || own.Contains(problem) ? FindingCodes.Field
                : problem.IsError ? FindingCodes.Inheritance : FindingCodes.Narrowed, id, path)),
            .. LiteralSecrets.Find(document).Select(problem => Of(problem, FindingCodes.Field, id, path)),
        ];
        if (document.Root is not Json5Object root) { return findings; }

        // A parent and a place that another finding names already are not told of twice.
        findings.AddRange(Follow(FoundReferences.InTemplate(root, templates.Find).Where(found => found.Path != "parent_template"), id, path));
        if (resolved is not null) { findings.AddRange(Tools(resolved, root, id, path)); }

        return findings;
    }

    private IEnumerable<Finding> OfDocument(FileCodex codex)
    {
        var isItem = codex.Uri?.Collection == CodexCollection.Items;
        var fields = templates.Find(codex.TemplateId)?.Fields ?? [];
        var found = isItem ? FoundReferences.InItem(codex.Values, fields) : FoundReferences.In(codex.Values, fields);
        var syntax = DocumentFile.Read(codex.Path).Bytes is { } bytes ? DocumentProblem.From(Json5Reader.Read(bytes)).ToHashSet() : [];
        return
        [
            .. codex.Problems.Select(problem => Of(problem, syntax.Contains(problem) ? FindingCodes.Syntax : FindingCodes.Field, codex.TemplateId, codex.Path)),
            // The form of an item's file has said already what is wrong with its template.
            .. Follow(found.Where(reference => reference.Path != ItemForm.TemplateField), codex.TemplateId, codex.Path),
            .. isItem && Circle(codex, fields) is { } circle ? [circle] : Array.Empty<Finding>(),
        ];
    }

    private IEnumerable<Finding> Follow(IEnumerable<FoundReference> found, string id, string path)
    {
        foreach (var reference in found)
        {
            if (references.Resolve(reference) is not { Problem: { } problem } end) { continue; }

            var code = !end.IsError ? FindingCodes.ReferenceMachine : end.IsWrongKind ? FindingCodes.ReferenceType : FindingCodes.Reference;
            yield return new Finding(end.IsError ? FindingKind.Error : FindingKind.Warning, code, id, path, Math.Max(1, reference.Span.Line), Math.Max(1, reference.Span.Column), problem);
        }
    }

    /// <summary>Only what the file itself lists: what it inherits is its parent's.</summary>
    private static IEnumerable<Finding> Tools(Template resolved, Json5Object root, string id, string path)
    {
        var own = root.Find("available_tools") ?? (root.GetArray("fields")?.Items ?? []).OfType<Json5Object>().LastOrDefault(field => field.GetString("name") == "available_tools")?.Find("default");
        if (own is not Json5Array list || resolved.Field("available_tools") is null) { return []; }

        return list.Items.OfType<Json5String>().Where(tool => !ToolNames.CanBe(tool.Value))
            .Select(tool => new Finding(FindingKind.Error, FindingCodes.Tool, id, path, Math.Max(1, tool.Span.Line), Math.Max(1, tool.Span.Column), ToolNames.Unknown(tool.Value)));
    }

    /// <summary>Templates whose tasks, once created, start each other without end.</summary>
    private IEnumerable<Finding> Cycles()
    {
        foreach (var entry in templates.List().Where(entry => entry.Template is not null).DistinctBy(entry => entry.Id))
        {
            if (WayBack(entry.Id, Spawned) is not { } way) { continue; }

            var bytes = entry.Layer == TemplateLayer.Shipped ? TemplateCatalog.ReadShipped(entry.Id) : DocumentFile.Read(entry.Source).Bytes;
            var at = bytes is not null && Json5Reader.Read(bytes).Root is Json5Object root ? root.FindMember("automation")?.NameSpan ?? default : default;
            yield return new Finding(FindingKind.Warning, FindingCodes.ReferenceCycle, entry.Id, entry.Source, Math.Max(1, at.Line), Math.Max(1, at.Column),
                $"A new task of `{entry.Id}` starts one of itself, on and on: {string.Join(", ", way)}.");
        }
    }

    private IEnumerable<string> Spawned(string id) => (templates.Find(id)?.Hooks ?? [])
        .Where(hook => hook.Trigger == HookTrigger.Created).Select(hook => hook.Action).OfType<HookAction.SpawnTask>().Select(action => action.TemplateId);

    /// <summary>A field that holds one reference makes a chain, as a parent does; lists of references may lead anywhere.</summary>
    private Finding? Circle(FileCodex codex, IReadOnlyList<TemplateField> fields)
    {
        foreach (var field in fields.Where(field => field.Type == FieldType.CodexReference && codex.Values.Find(field.Name) is Json5String))
        {
            if (WayBack(codex.Id, id => Next(id, field.Name)) is not { } way) { continue; }

            var at = codex.Values.Find(field.Name)!.Span;
            return new Finding(FindingKind.Warning, FindingCodes.ReferenceCycle, codex.TemplateId, codex.Path, at.Line, at.Column, $"`{field.Name}` leads back to where it began: {string.Join(", ", way)}.");
        }

        return null;
    }

    private IEnumerable<string> Next(string id, string field) =>
        documents.Of(CodexCollection.Items).Get(id)?.Values.GetString(field) is { } address && CodexUri.TryParse(address, out var uri) && uri.Collection == CodexCollection.Items ? [uri.Name] : [];

    /// <summary>The shortest way from a name back to itself; null when there is none.</summary>
    private static List<string>? WayBack(string start, Func<string, IEnumerable<string>> next)
    {
        var queue = new Queue<List<string>>([[start]]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (queue.TryDequeue(out var way) && way.Count <= MostOfACycle)
        {
            foreach (var name in next(way[^1]))
            {
                if (name == start) { return [.. way, start]; }
                if (seen.Add(name)) { queue.Enqueue([.. way, name]); }
            }
        }

        return null;
    }

    private static Finding Of(DocumentProblem problem, string code, string id, string path) =>
        new(problem.IsError ? FindingKind.Error : FindingKind.Warning, code, id, path, problem.Line, problem.Column, problem.Message);
}
