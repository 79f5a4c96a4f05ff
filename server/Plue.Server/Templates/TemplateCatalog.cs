using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>The origin of a document. Later layers override earlier ones.</summary>
internal enum TemplateLayer
{
    Shipped,
    User,
    Workspace,
}

/// <param name="Source">The path of the file; the name of a shipped one.</param>
/// <param name="Template">With fields of its parents; null if it has errors.</param>
internal sealed record TemplateEntry(
    string Id,
    TemplateLayer Layer,
    string Source,
    Template? Template,
    IReadOnlyList<DocumentProblem> Problems
);

/// <summary>
/// All templates: the shipped ones, overridden by the user's, overridden by those of a trusted workspace. A file with errors overrides nothing. A workspace
/// template is limited to the rights of the template that it overrides (<see cref="WorkspaceRights"/>) and cannot be for providers. Changes in the user's
/// folder are detected at the next call, and files are read when first needed. Thread-safe.
/// </summary>
/// <param name="workspace">Gets the trusted folders, or null. If two templates have the same id, the first folder's is used.</param>
internal sealed class TemplateCatalog(PluePaths paths, Func<WorkspaceFolders?>? workspace = null)
{
    /// <summary>Tag of templates that features use and that are not offered for new chats.</summary>
    public const string InternalTag = "internal";

    /// <summary>The maximum number of parents, including parents of parents.</summary>
    public const int MaxParents = 32;
    private const string Prefix = "templates/";
    private const string Extension = ".json5";

    private readonly Lock sync = new();
    private readonly CachedFolder own = new(paths.Templates, Extension);
    private readonly Dictionary<string, CachedFolder> ofWorkspace = new(StringComparer.Ordinal);
    private string? stamp;

    /// <summary>Sorted by layer, highest first, so that the first readable source of an id is the effective one.</summary>
    private IReadOnlyList<Source> sources = [];

    /// <summary>Gets all files, including invalid ones, sorted by id, the effective one first.</summary>
    public IReadOnlyList<TemplateEntry> List()
    {
        lock (sync)
        {
            var problem = Refresh();
            List<TemplateEntry> entries =
            [
                .. sources.Select(Resolve).OrderBy(entry => entry.Id, StringComparer.Ordinal).ThenBy(entry => entry.Template is null),
            ];
            return problem is null ? entries : [new TemplateEntry("", TemplateLayer.User, paths.Templates, null, [problem]), .. entries];
        }
    }

    /// <summary>Gets the effective template, or null.</summary>
    public Template? Find(string id) => FindEntry(id)?.Template;

    /// <summary>Explains why there is no effective template with this id: the first error of its file, or that it does not exist.</summary>
    public FailureException Missing(string id)
    {
        var entries = List();
        var error = entries.Where(entry => entry.Id == id).SelectMany(entry => entry.Problems).FirstOrDefault(problem => problem.IsError);
        return error is null
            ? new FailureException(
                FailureKind.NotFound,
                $"The template {id} does not exist.{NearestName.Hint(id, entries.Where(entry => entry.Template is not null).Select(entry => entry.Id))}"
            )
            : new FailureException(
                FailureKind.Conflict,
                $"The template {id} has an error at line {error.Line}, column {error.Column}: {error.Message}"
            );
    }

    /// <summary>Gets the file of the effective template, or null.</summary>
    public TemplateEntry? FindEntry(string id)
    {
        lock (sync)
        {
            Refresh();
            return EffectiveEntry(id, TemplateLayer.Workspace);
        }
    }

    /// <summary>True if a template is the other one or inherits from it.</summary>
    public bool IsA(string id, string ancestor)
    {
        lock (sync)
        {
            Refresh();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var at = id; at is not null && seen.Add(at); at = EffectiveEntry(at, TemplateLayer.Workspace)?.Template?.ParentTemplate)
            {
                if (at == ancestor)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Gets the collection of a template's codices, derived from the id if the template does not exist or has errors.</summary>
    public TemplateCollection CollectionOf(string id) => Find(id)?.Collection ?? TemplateCollections.Of([id]);

    /// <summary>Checks the content of a file against the effective parents without activating it.</summary>
    /// <param name="layer">The location of the file: templates of a workspace have fewer rights.</param>
    public TemplateReading Check(string id, ReadOnlySpan<byte> utf8, TemplateLayer layer = TemplateLayer.User)
    {
        var values = Named(id, TemplateReader.Read(utf8));
        lock (sync)
        {
            Refresh();
            return Complete(values, layer);
        }
    }

    /// <summary>Reads a shipped template; null if there is none with this id.</summary>
    public static byte[]? ReadShipped(string id) => DocumentFile.ReadResource(Prefix + id + Extension);

    public static IEnumerable<string> ShippedIds() =>
        typeof(TemplateCatalog)
            .Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Extension.Length]);

    private DocumentProblem? Refresh()
    {
        var (files, problem) = own.List();
        var others = ListWorkspace();
        var now = Stamp([.. files, .. others]);
        if (now != stamp)
        {
            (sources, stamp) = (
                [
                    .. others.Select(path => FromFile(path, TemplateLayer.Workspace)),
                    .. files.Select(path => FromFile(path, TemplateLayer.User)),
                    .. ShippedIds().Select(FromResource),
                ],
                now
            );
        }

        return problem;
    }

    private IReadOnlyList<string> ListWorkspace()
    {
        List<string> files = [];
        foreach (var root in workspace?.Invoke()?.Paths ?? [])
        {
            if (!ofWorkspace.TryGetValue(root, out var known))
            {
                ofWorkspace[root] = known = new CachedFolder(DocumentFile.OfWorkspace(root, "templates"), Extension);
            }

            files.AddRange(DocumentFile.WithinWorkspace(root, known.List().Paths));
        }

        return files;
    }

    private TemplateEntry Resolve(Source source)
    {
        if (source.Entry is { } known)
        {
            return known;
        }

        source.IsResolving = true;
        try
        {
            var (template, problems) = Complete(source.Reading, source.Layer);
            return source.Entry = new TemplateEntry(source.Id, source.Layer, source.Name, template, problems);
        }
        finally
        {
            source.IsResolving = false;
        }
    }

    private TemplateReading Complete(TemplateReading reading, TemplateLayer layer)
    {
        if (reading.Template is not { } own)
        {
            return reading;
        }
        if (HasTooManyParents(own))
        {
            return new TemplateReading(
                null,
                [
                    .. reading.Problems,
                    DocumentProblem.Error(
                        $"`{own.Id}` inherits from more than {MaxParents} templates. Choose a parent with fewer ancestors.",
                        own.ParentSpan
                    ) with
                    {
                        Code = FindingCodes.Inheritance,
                    },
                ]
            );
        }

        var resolved = TemplateInheritance.Resolve(own, id => Raw(id, TemplateLayer.User));
        if (HasWorkspace && resolved.Template?.Collection != TemplateCollection.Providers)
        {
            // Provider templates inherit nothing from a workspace, not even through a parent.
            var withWorkspace = TemplateInheritance.Resolve(own, id => Raw(id, TemplateLayer.Workspace));
            if (withWorkspace.Template?.Collection != TemplateCollection.Providers)
            {
                resolved = withWorkspace;
            }
        }

        List<DocumentProblem> problems = [.. reading.Problems, .. resolved.Problems];
        if (layer != TemplateLayer.Workspace || resolved.Template is not { } complete)
        {
            return new TemplateReading(resolved.Template, problems);
        }

        var held = WorkspaceRights.Restrict(
            complete,
            EffectiveEntry(own.Id, TemplateLayer.User)?.Template,
            own.ParentTemplate is { } parent ? EffectiveEntry(parent, TemplateLayer.Workspace)?.Template : null
        );
        return new TemplateReading(
            held.Template,
            [.. problems, .. held.Problems.Select(problem => problem with { Code = FindingCodes.Narrowed })]
        );
    }

    /// <summary>
    /// True if there are too many parents. Workspace parents are merged recursively, so their number must be limited. Cycles are reported elsewhere.
    /// </summary>
    private bool HasTooManyParents(Template own)
    {
        var seen = new HashSet<string>([own.Id], StringComparer.Ordinal);
        for (
            var at = own.ParentTemplate;
            at is not null && seen.Add(at);
            at = sources
                    .Where(source => source.Id == at)
                    .Select(source => source.Reading.Template)
                    .FirstOrDefault(template => template is not null)
                    ?.ParentTemplate
        )
        {
            if (seen.Count > MaxParents + 1)
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="top">The highest layer to search.</param>
    private TemplateEntry? EffectiveEntry(string id, TemplateLayer top) =>
        sources
            .Where(source => source.Id == id && source.Layer <= top && !source.IsResolving)
            .Select(Resolve)
            .FirstOrDefault(entry => entry.Template is not null);

    /// <summary>Gets a template as read from its file; for a workspace template, after it was limited.</summary>
    private Template? Raw(string id, TemplateLayer top) =>
        sources
            .Where(source => source.Id == id && source.Layer <= top)
            .Select(source =>
                source.Layer == TemplateLayer.Workspace && !source.IsResolving ? Resolve(source).Template : source.Reading.Template
            )
            .FirstOrDefault(template => template is not null);

    private bool HasWorkspace => sources.Count > 0 && sources[0].Layer == TemplateLayer.Workspace;

    private static Source FromFile(string path, TemplateLayer layer)
    {
        var id = Path.GetFileName(path)[..^Extension.Length];
        return new Source(id, layer, path, () => ReadFile(id, path));
    }

    private static TemplateReading ReadFile(string id, string path)
    {
        var (bytes, problem) = DocumentFile.Read(path);
        return bytes is null
            ? new TemplateReading(
                null,
                [problem ?? new DocumentProblem("The file was deleted while it was being read.", 1, 1, IsError: true)]
            )
            : Named(id, TemplateReader.Read(bytes));
    }

    /// <summary>Reports an id that differs from the file name, by which templates are found.</summary>
    private static TemplateReading Named(string id, TemplateReading reading) =>
        reading.Template is { } template && template.Id != id
            ? new TemplateReading(
                null,
                [
                    new DocumentProblem(
                        $"`id` is `{template.Id}`, but the file is named `{id}{Extension}`. Use the same name for both.",
                        1,
                        1,
                        IsError: true
                    )
                    {
                        Member = "id",
                    },
                    .. reading.Problems,
                ]
            )
            : reading;

    private static Source FromResource(string id) =>
        new(id, TemplateLayer.Shipped, Prefix + id + Extension, () => Named(id, TemplateReader.Read(ReadShipped(id))));

    private static string Stamp(IReadOnlyList<string> files) =>
        string.Join(
            '\n',
            files
                .Select(path => (Path: path, File: Target(path)))
                .Select(file => $"{file.Path}/{(file.File.Exists ? file.File.Length : 0)}/{file.File.LastWriteTimeUtc.Ticks}")
        );

    /// <summary>Gets the file information of a link's target, because that of the link does not reflect changes.</summary>
    private static FileInfo Target(string path) =>
        new FileInfo(path) is var file && file.Exists && file.Attributes.HasFlag(FileAttributes.ReparsePoint)
            ? new FileInfo(RealPath.Of(path))
            : file;

    private sealed class Source(string id, TemplateLayer layer, string name, Func<TemplateReading> read)
    {
        private TemplateReading? reading;

        public string Id => id;
        public TemplateLayer Layer => layer;
        public string Name => name;

        public TemplateReading Reading => reading ??= read();

        /// <summary>True while its parents are resolved, which may lead back to it.</summary>
        public bool IsResolving { get; set; }

        /// <summary>Gets or sets the template merged with its parents; null until first used.</summary>
        public TemplateEntry? Entry { get; set; }
    }
}
