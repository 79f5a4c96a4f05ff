using System.Globalization;
using System.Text;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>One document that a person writes.</summary>
/// <param name="Id">The file's name without its extension.</param>
/// <param name="Uri">Null when the file's name cannot be an address; the problems say so.</param>
/// <param name="Path">Of the file.</param>
/// <param name="Values">As written, without defaults; what could be read when the file is broken.</param>
/// <param name="IsBroken">It could not be read whole and must not be used.</param>
public sealed record FileCodex(string Id, CodexUri? Uri, string Path, Json5Object Values, IReadOnlyList<DocumentProblem> Problems, bool IsBroken)
{
    /// <summary>It is broken, or its values break a rule of the template.</summary>
    public bool HasErrors => Problems.Any(problem => problem.IsError);
}

/// <summary>
/// The documents of one collection, each a JSON5 file of the user's folder. The files are the truth: each is looked at in
/// every call and read anew when it changed, so a change made in an editor counts at once; one broken file never hides another. What did not
/// change is the same object again. Safe to use from several threads.
/// </summary>
public sealed class FileCodices(CodexCollection collection, string folder, string templateId, TemplateCatalog templates, PluePaths paths, TimeProvider? time = null)
{
    private const string Extension = ".json5";

    /// <summary>Of the coarsest clocks of file systems in use: a file can change again within it and look the same.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Lock reading = new();
    private Dictionary<string, Known> known = new(StringComparer.Ordinal);

    public static FileCodices Providers(PluePaths paths, TemplateCatalog templates, TimeProvider? time = null) =>
        new(CodexCollection.Providers, paths.Providers, "llm-provider", templates, paths, time);

    /// <summary>Why the folder itself cannot be read; null when it can, or is not there.</summary>
    public DocumentProblem? FolderProblem => DocumentFile.List(folder, Extension).Problem;

    /// <summary>Sorted by id. A missing folder has none.</summary>
    public IReadOnlyList<FileCodex> List()
    {
        var paths = DocumentFile.List(folder, Extension).Paths;
        var template = templates.Find(templateId);
        lock (reading)
        {
            List<FileCodex> codices = new(paths.Count);
            var current = new Dictionary<string, Known>(paths.Count, StringComparer.Ordinal);
            foreach (var path in paths)
            {
                if (Look(path, template) is not { } entry) { continue; }

                codices.Add(entry.Codex);
                current[path] = entry;
            }

            known = current;
            return codices;
        }
    }

    /// <summary>Null when there is no such file.</summary>
    public FileCodex? Get(string id)
    {
        if (!CodexUri.TryOf(collection, id, out var uri)) { return null; }

        var path = FilePath(uri);
        var template = templates.Find(templateId);
        lock (reading)
        {
            if (Look(path, template) is not { } entry)
            {
                known.Remove(path);
                return null;
            }

            known[path] = entry;
            return entry.Codex;
        }
    }

    /// <summary>Writes a new file. Values that break a rule of the template are written and reported, as in an editor.</summary>
    /// <exception cref="FailureException">Conflict: there is one of that name. PermissionDenied: a literal secret. NotFound: not a name. StoreReadOnly.</exception>
    public FileCodex Create(string id, Json5Object values)
    {
        var uri = CodexUri.Of(collection, id);
        RefuseSecret([], values);
        lock (gate)
        {
            if (Load(FilePath(uri)) is not null) { throw new FailureException(FailureKind.Conflict, $"{uri} exists already. Choose another name."); }

            DocumentFile.Replace(FilePath(uri), Encoding.UTF8.GetBytes(Json5Writer.WriteFile(values)));
            return Loaded(uri);
        }
    }

    /// <summary>Sets one value and leaves the rest of the file as it was, comments included.</summary>
    /// <param name="path">The keys that lead to the value; missing objects on the way are made.</param>
    /// <exception cref="FailureException">NotFound. Conflict: the file has a mistake and is left alone. PermissionDenied: a literal secret. StoreReadOnly.</exception>
    public FileCodex Set(string id, IReadOnlyList<string> path, Json5Node value)
    {
        RefuseSecret(path, value);
        return Edit(id, text => Json5Edit.Set(text, path, value));
    }

    public FileCodex Set(string id, string field, Json5Node value) => Set(id, [field], value);

    /// <summary>Sets several values, or takes them out where null, in one write: all of them or none.</summary>
    /// <exception cref="FailureException">As for <see cref="Set(string, IReadOnlyList{string}, Json5Node)"/>.</exception>
    public FileCodex Change(string id, IReadOnlyList<(string Field, Json5Node? Value)> changes)
    {
        foreach (var (field, value) in changes)
        {
            if (value is not null) { RefuseSecret([field], value); }
        }

        return Edit(id, text => changes.Aggregate(new Json5Edited(text), (edited, change) => edited.Error is not null ? edited
            : change.Value is { } value ? Json5Edit.Set(edited.Text, [change.Field], value)
            : Json5Edit.Remove(edited.Text, [change.Field])));
    }

    /// <summary>Refuses what could not be written: a field the template does not know, a value it does not allow, a literal secret.</summary>
    /// <exception cref="FailureException">MissingField, PermissionDenied.</exception>
    public void Check(IReadOnlyList<(string Field, Json5Node? Value)> changes)
    {
        foreach (var (field, value) in changes)
        {
            if (value is not null) { RefuseSecret([field], value); }
        }

        var template = templates.Find(templateId) ?? throw new FailureException(FailureKind.NotFound, $"The template {templateId} is missing, so nothing was changed.");
        // What is taken out has to be a field as well, or its name is a slip.
        var values = Json5Object.Of(changes.Where(change => change.Value is not null || template.Field(change.Field) is null).Select(change => (change.Field, change.Value ?? new Json5Null())));
        var wrong = TemplateValidation.Check(template with { Fields = [.. template.Fields.Select(field => field with { Required = false })] }, values).FirstOrDefault(problem => problem.IsError);
        if (wrong is not null) { throw new FailureException(FailureKind.MissingField, $"Nothing was changed. {wrong.Message}"); }
    }

    /// <summary>Removes one key, so that its default counts again; comments stay.</summary>
    /// <exception cref="FailureException">As for <see cref="Set(string, IReadOnlyList{string}, Json5Node)"/>.</exception>
    public FileCodex Unset(string id, IReadOnlyList<string> path) => Edit(id, text => Json5Edit.Remove(text, path));

    /// <summary>Moves the file to the trash.</summary>
    /// <returns>Where it lies now.</returns>
    /// <exception cref="FailureException">NotFound, StoreReadOnly.</exception>
    public string Delete(string id)
    {
        var uri = CodexUri.Of(collection, id);
        lock (gate)
        {
            if (!File.Exists(FilePath(uri))) { throw Missing(uri); }

            try
            {
                DurableFile.CreatePrivateDirectory(paths.Trash);
                var now = (time ?? TimeProvider.System).GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
                var name = $"{collection.ToString().ToLowerInvariant()}-{uri.Name}-{now}";
                var target = System.IO.Path.Combine(paths.Trash, name + Extension);
                for (var copy = 2; File.Exists(target); copy++) { target = System.IO.Path.Combine(paths.Trash, $"{name}-{copy}{Extension}"); }

                Trash.Stamp(FilePath(uri), time ?? TimeProvider.System);
                File.Move(FilePath(uri), target);
                DurableFile.SyncDirectory(paths.Trash);
                DurableFile.SyncDirectory(folder);
                return target;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new FailureException(FailureKind.StoreReadOnly, $"{uri} could not be deleted: {exception.Message} Allow writing in {paths.Home}, then try again.", exception);
            }
        }
    }

    private FileCodex Edit(string id, Func<string, Json5Edited> edit)
    {
        var uri = CodexUri.Of(collection, id);
        lock (gate)
        {
            var path = FilePath(uri);
            var (bytes, problem) = DocumentFile.Read(path);
            if (problem is not null) { throw new FailureException(FailureKind.Conflict, $"{uri} was not changed. {problem.Message}"); }

            var document = Json5Reader.Read(bytes ?? throw Missing(uri));
            var error = document.Errors.Count > 0 ? document.Errors[0] : null;
            var edited = error is null ? edit(document.Text) : new Json5Edited(document.Text, error);
            if (edited.Error is { } found)
            {
                throw new FailureException(FailureKind.Conflict,
                    $"{uri} was not changed, because its file has a mistake at line {found.Span.Line}, column {found.Span.Column}: {found.Message} Open {path} and correct it.");
            }

            if (edited.Text != document.Text) { DocumentFile.Replace(path, Encoding.UTF8.GetBytes(edited.Text)); }

            return Loaded(uri);
        }
    }

    private FileCodex Loaded(CodexUri uri) => Load(FilePath(uri)) ?? throw Missing(uri);

    private FileCodex? Load(string path) => Load(path, templates.Find(templateId));

    private Known? Look(string path, Template? template)
    {
        var file = new FileInfo(path);
        // A link says nothing about its target, and a file that changed a moment ago may change again within the same tick.
        var tells = file.Exists && !file.Attributes.HasFlag(FileAttributes.ReparsePoint);
        var (length, modified) = tells ? (file.Length, file.LastWriteTimeUtc) : default;
        if (tells && known.GetValueOrDefault(path) is { } entry && entry.Length == length && entry.Modified == modified && entry.Template == template
            && entry.ReadAt - modified > ClockTick)
        {
            return entry;
        }

        var now = DateTime.UtcNow;
        return Load(path, template) is { } codex ? new Known(tells ? length : -1, modified, now, template, codex) : null;
    }

    private FileCodex? Load(string path, Template? template)
    {
        var id = System.IO.Path.GetFileName(path)[..^Extension.Length];
        var (bytes, unreadable) = DocumentFile.Read(path);
        if (bytes is null && unreadable is null) { return null; }

        var problems = new List<DocumentProblem>();
        if (!CodexUri.TryOf(collection, id, out var uri))
        {
            problems.Add(new DocumentProblem("The file's name cannot be an address. Rename it with lower-case letters, digits, dots, underscores and hyphens.", 1, 1, IsError: true));
        }

        if (unreadable is not null) { return new FileCodex(id, uri, path, Json5Object.Empty, [.. problems, unreadable], IsBroken: true); }

        var document = Json5Reader.Read(bytes);
        problems.AddRange(DocumentProblem.From(document));
        problems.AddRange(LiteralSecrets.Find(document));
        if (document.Root is not Json5Object values)
        {
            if (document.Root is { } other) { problems.Add(DocumentProblem.Error($"The file holds {other.Kind} where an object was expected.", other.Span)); }

            return new FileCodex(id, uri, path, Json5Object.Empty, problems, IsBroken: true);
        }

        if (document.IsValid)
        {
            problems.AddRange(template is not null
                ? TemplateValidation.Check(template, values)
                : [DocumentProblem.Error($"The template `{templateId}` is missing, so nothing here can be checked.", values.Span)]);
        }

        return new FileCodex(id, uri, path, values, problems, IsBroken: uri is null || !document.IsValid);
    }

    private static void RefuseSecret(IReadOnlyList<string> path, Json5Node value)
    {
        if (LiteralSecrets.IsIn(path, value)) { throw new FailureException(FailureKind.PermissionDenied, LiteralSecrets.Message); }
    }

    private static FailureException Missing(CodexUri uri) => new(FailureKind.NotFound, $"There is no {uri}. It may have been deleted or renamed; choose another.");

    private string FilePath(CodexUri uri) => System.IO.Path.Combine(folder, uri.Name + Extension);

    /// <param name="Length">-1 for a file that is read every time.</param>
    private sealed record Known(long Length, DateTime Modified, DateTime ReadAt, Template? Template, FileCodex Codex);
}
