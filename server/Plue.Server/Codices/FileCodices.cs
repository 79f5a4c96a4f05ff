using System.Globalization;
using System.Text;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
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
/// The documents of one collection, each a JSON5 file of the user's folder. The files are the truth and are read at every call, so a
/// change made in an editor counts at once; one broken file never hides another. Safe to use from several threads.
/// </summary>
public sealed class FileCodices(CodexCollection collection, string folder, string templateId, TemplateCatalog templates, PluePaths paths, TimeProvider? time = null)
{
    private const string Extension = ".json5";

    private readonly Lock gate = new();

    public static FileCodices Providers(PluePaths paths, TemplateCatalog templates, TimeProvider? time = null) =>
        new(CodexCollection.Providers, paths.Providers, "llm-provider", templates, paths, time);

    /// <summary>Why the folder itself cannot be read; null when it can, or is not there.</summary>
    public DocumentProblem? FolderProblem => DocumentFile.List(folder, Extension).Problem;

    /// <summary>Sorted by id. A missing folder has none.</summary>
    public IReadOnlyList<FileCodex> List() => [.. DocumentFile.List(folder, Extension).Paths.Select(Load).OfType<FileCodex>()];

    /// <summary>Null when there is no such file.</summary>
    public FileCodex? Get(string id) => CodexUri.TryOf(collection, id, out var uri) ? Load(FilePath(uri)) : null;

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

    private FileCodex? Load(string path)
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
            problems.AddRange(templates.Find(templateId) is { } template
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
}
