using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>A document that is a file.</summary>
/// <param name="Id">The file name without its extension.</param>
/// <param name="Uri">Null if the file name is not a valid address; the problems report it.</param>
/// <param name="Path">The path of the file; empty for documents that ship with Plue.</param>
/// <param name="Values">The values as written, without defaults; for Markdown, the front matter. For a broken file, those that could be read.</param>
/// <param name="IsBroken">True if the file could not be parsed completely and must not be used.</param>
internal sealed record FileCodex(
    string Id,
    CodexUri? Uri,
    string Path,
    Json5Object Values,
    IReadOnlyList<DocumentProblem> Problems,
    bool IsBroken
)
{
    public TemplateLayer Layer { get; init; } = TemplateLayer.User;
    public string TemplateId { get; init; } = "";

    /// <summary>The SHA-256 of the file; null if it could not be read.</summary>
    public string? Hash { get; init; }
    public DateTimeOffset Modified { get; init; }

    /// <summary>True if the file is broken or its values violate the template.</summary>
    public bool HasErrors => Problems.Any(problem => problem.IsError);

    public string Title =>
        new[] { Values.GetString("title"), Values.GetString("name") }.FirstOrDefault(title => !string.IsNullOrWhiteSpace(title)) ?? Id;

    public string? Description => Values.GetString("description");

    public IReadOnlyList<string> Tags => Values.GetStrings(TemplateValidation.TagsField);
}

/// <summary>
/// The documents of one collection. Files of a trusted workspace override those in the user's folder, which override those that ship with Plue. Files are
/// checked on each call and read again after a change, so an edit applies immediately; an unchanged file returns the same instance. An invalid file does not
/// affect the others. Every version of the user's files is kept in a trail. Thread-safe, and safe across processes.
/// </summary>
/// <param name="workspace">The trusted folder, or null.</param>
internal sealed partial class FileCodices(
    DocumentFormat form,
    string folder,
    PluePaths paths,
    TimeProvider? time = null,
    Func<WorkspaceFolders?>? workspace = null
)
{
    /// <summary>The coarsest timestamp resolution of common file systems: within it, a changed file can look unchanged.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromSeconds(2);

    private readonly string collection = form.Collection.ToString().ToLowerInvariant();
    private readonly VersionStore versions = new(paths, time ?? TimeProvider.System);
    private readonly Lock sync = new();
    private readonly Lock reading = new();
    private Dictionary<string, Known> known = new(StringComparer.Ordinal);

    public static FileCodices Providers(PluePaths paths, TemplateCatalog templates, TimeProvider? time = null) =>
        new(new ProviderFormat(templates), paths.Providers, paths, time);

    public DocumentFormat Format => form;

    /// <summary>Why the folder cannot be read; null if it can be, or does not exist.</summary>
    public DocumentProblem? FolderProblem => DocumentFile.List(folder, form.Extension).Problem;

    /// <summary>Returns the effective document of each id, sorted. Empty if the folder is missing.</summary>
    public IReadOnlyList<FileCodex> List()
    {
        var own = DocumentFile.List(folder, form.Extension).Paths.Where(path => form.Has(NameOf(path))).ToList();
        var workspaces = WorkspacePaths();
        lock (reading)
        {
            var current = new Dictionary<string, Known>(own.Count, StringComparer.Ordinal);
            var codices = new Dictionary<string, FileCodex>(StringComparer.Ordinal);
            foreach (var name in form.ShippedNames)
            {
                codices[name] = Shipped(name)!;
            }

            foreach (
                var (path, layer) in own.Select(path => (path, TemplateLayer.User))
                    .Concat(workspaces.Select(path => (path, TemplateLayer.Workspace)))
            )
            {
                if (Cached(path, layer) is not { } entry)
                {
                    continue;
                }

                current[path] = entry;
                if (layer == TemplateLayer.User || form.WorkspaceWins(entry.Codex.Id))
                {
                    codices[entry.Codex.Id] = entry.Codex;
                }
                else
                {
                    codices.TryAdd(entry.Codex.Id, entry.Codex);
                }
            }

            known = current;
            return [.. codices.Values.OrderBy(codex => codex.Id, StringComparer.Ordinal)];
        }
    }

    /// <summary>Returns null if there is no such document.</summary>
    public FileCodex? Get(string id)
    {
        if (!CodexUri.TryOf(form.Collection, id, out var uri) || !form.Has(uri.Name))
        {
            return null;
        }

        var foreign = WorkspacePaths().FirstOrDefault(path => NameOf(path) == uri.Name);
        lock (reading)
        {
            if (foreign is not null && form.WorkspaceWins(uri.Name) && Remembered(foreign, TemplateLayer.Workspace) is { } first)
            {
                return first;
            }

            return Remembered(FilePath(uri), TemplateLayer.User)
                ?? Shipped(uri.Name)
                ?? (foreign is null ? null : Remembered(foreign, TemplateLayer.Workspace));
        }
    }

    /// <summary>Returns the current file content; null if it is no longer readable.</summary>
    public byte[]? BytesOf(FileCodex codex) =>
        codex.Layer == TemplateLayer.Shipped ? form.ReadShipped(codex.Id) : DocumentFile.Read(codex.Path).Bytes;

    /// <summary>Returns the versions of a document. An external edit since the last call is stored as a version first.</summary>
    public VersionTrail TrailOf(FileCodex codex)
    {
        if (codex.Uri is not { } uri)
        {
            return VersionTrail.Empty;
        }

        try
        {
            var trail = versions.Read(collection, uri.Name);
            if (codex.Layer != TemplateLayer.User || codex.Hash is null || codex.Hash == trail.Hash)
            {
                return trail;
            }

            lock (sync)
            {
                using var turn = Lock(uri, "was not looked at");
                return RecordOutsideChange(uri, DocumentFile.Read(FilePath(uri)).Bytes);
            }
        }
        catch (FailureException)
        {
            // The document is shown without versions. The next change reports why versions cannot be stored.
            return VersionTrail.Empty;
        }
    }

    /// <summary>Returns the trail of an existing or deleted document.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the trail cannot be read.</exception>
    public VersionTrail TrailOf(CodexUri uri) => Get(uri.Name) is { } codex ? TrailOf(codex) : versions.Read(collection, uri.Name);

    /// <summary>Returns the bytes of a version; null if there is no such version or its bytes were not stored.</summary>
    public byte[]? ContentOf(CodexUri uri, long version) => versions.ContentOf(collection, uri.Name, version);

    /// <summary>Enumerates the versions of a document with their bytes, oldest first; null if the bytes were not stored.</summary>
    public void Walk(CodexUri uri, Action<long, byte[]?> onVersion) => versions.Walk(collection, uri.Name, onVersion);

    /// <summary>Writes a new file. Values that violate the template are written and reported as problems.</summary>
    /// <exception cref="FailureException">Conflict: name taken. PermissionDenied: literal secret. NotFound: invalid name. StoreReadOnly.</exception>
    public FileCodex Create(string id, Json5Object values)
    {
        RefuseSecret([], values);
        return Create(id, form.Write(id, null, form.TemplateIdOf(id, values), values), VersionAuthor.User, "Created");
    }

    /// <summary>Writes a new file with this text.</summary>
    /// <exception cref="FailureException">As for <see cref="Create(string, Json5Object)"/>.</exception>
    public FileCodex Create(string id, string text, string author, string what)
    {
        var uri = CodexUri.Of(form.Collection, id);
        return Change(
            uri,
            null,
            author,
            (before, _) =>
                before is null && Get(id) is null
                    ? new Edited(Encode(text), VersionKind.Created, what)
                    : throw new FailureException(FailureKind.Conflict, $"{uri} already exists. Choose another name.")
        );
    }

    /// <summary>Sets one value and preserves the rest of the file, including comments.</summary>
    /// <param name="path">The keys that lead to the value; missing objects are created.</param>
    /// <exception cref="FailureException">NotFound. Conflict: the file has an error. PermissionDenied: a literal secret. StoreReadOnly.</exception>
    public FileCodex Set(string id, IReadOnlyList<string> path, Json5Node value)
    {
        RefuseSecret(path, value);
        return Edit(id, null, $"Changed {path[0]}", text => Json5Edit.Set(text, path, value));
    }

    public FileCodex Set(string id, string field, Json5Node value) => Set(id, [field], value);

    /// <summary>Sets several values, or removes those that are null, in one atomic write.</summary>
    /// <exception cref="FailureException">As for <see cref="Set(string, IReadOnlyList{string}, Json5Node)"/>.</exception>
    public FileCodex Change(string id, IReadOnlyList<(string Field, Json5Node? Value)> changes) => Change(id, null, _ => changes);

    /// <summary>Changes a document; the changes are computed under the lock from the current values.</summary>
    /// <param name="expectedVersion">The version that the document must have, otherwise Conflict; null accepts any.</param>
    /// <param name="author">The author of the change: a constant of <see cref="VersionAuthor"/> or <see cref="ChangedBy"/>.</param>
    public FileCodex Change(
        string id,
        long? expectedVersion,
        Func<Json5Object, IReadOnlyList<(string Field, Json5Node? Value)>> changesOf,
        string author = VersionAuthor.User
    )
    {
        IReadOnlyList<(string Field, Json5Node? Value)> changes = [];
        var verb = author == ChangedBy.Hook ? "Hook set" : "Changed";
        return Edit(
            id,
            expectedVersion,
            author,
            () => changes.Count == 0 ? "Changed" : $"{verb} {string.Join(", ", changes.Select(change => change.Field))}",
            text =>
            {
                changes = changesOf(form.Read(id, Encode(text)).Values);
                foreach (var (field, value) in changes)
                {
                    if (value is not null)
                    {
                        RefuseSecret([field], value);
                    }
                }

                return form.Edit(text, changes);
            }
        );
    }

    /// <summary>Replaces the content of the file.</summary>
    /// <exception cref="FailureException">NotFound. Conflict: another version. PermissionDenied: a literal secret. StoreReadOnly.</exception>
    public FileCodex Replace(string id, long? expectedVersion, string text)
    {
        var uri = CodexUri.Of(form.Collection, id);
        return Change(
            uri,
            expectedVersion,
            VersionAuthor.User,
            (before, _) =>
            {
                if (before is null)
                {
                    throw Missing(uri);
                }
                if (IsRedacted(text) && PromptFormat.Decode(before) is var old && (old is null || !IsRedacted(old)))
                {
                    throw Redacted();
                }

                return new Edited(Encode(text), VersionKind.Changed, "Edited");
            }
        );
    }

    /// <summary>Writes content that the user reviewed, unless the document changed since the review.</summary>
    /// <param name="before">Null for a new document.</param>
    /// <exception cref="FailureException">Conflict: the document changed. PermissionDenied: a literal secret or a workspace file. StoreReadOnly.</exception>
    public FileCodex Put(string id, byte[]? before, byte[] after, string author)
    {
        var uri = CodexUri.Of(form.Collection, id);
        return Change(
            uri,
            null,
            author,
            (now, _) =>
                (now is null) != (before is null) || !now.AsSpan().SequenceEqual(before)
                    ? throw new FailureException(
                        FailureKind.Conflict,
                        $"{uri} was not changed because it was modified while the change waited for approval. Read it again."
                    )
                : PromptFormat.Decode(after) is { } text
                && IsRedacted(text)
                && !(before is not null && PromptFormat.Decode(before) is { } old && IsRedacted(old))
                    ? throw Redacted()
                : new Edited(after, before is null ? VersionKind.Created : VersionKind.Changed, before is null ? "Created" : "Edited")
        );
    }

    /// <summary>Throws for unknown fields, invalid values and literal secrets.</summary>
    /// <exception cref="FailureException">MissingField, PermissionDenied.</exception>
    public void Check(IReadOnlyList<(string Field, Json5Node? Value)> changes, string? templateId = null)
    {
        foreach (var (field, value) in changes)
        {
            if (value is not null)
            {
                RefuseSecret([field], value);
            }
        }

        form.Check(templateId ?? form.TemplateIdOf("", Json5Object.Empty), changes);
    }

    /// <summary>Removes a key, so that its default applies again; preserves comments.</summary>
    /// <exception cref="FailureException">As for <see cref="Set(string, IReadOnlyList{string}, Json5Node)"/>.</exception>
    public FileCodex Unset(string id, IReadOnlyList<string> path) =>
        Edit(id, null, $"Took {path[0]} away", text => Json5Edit.Remove(text, path));

    /// <summary>Restores the previous version, byte for byte.</summary>
    /// <exception cref="FailureException">NotFound. Conflict: there is no earlier version, or the file is not the user's. StoreReadOnly.</exception>
    public FileCodex Undo(string id) => Step(id, VersionKind.Undo, trail => trail.UndoTo, "earlier");

    /// <summary>Reverts an undo.</summary>
    /// <exception cref="FailureException">As for <see cref="Undo"/>.</exception>
    public FileCodex Redo(string id) => Step(id, VersionKind.Redo, trail => trail.RedoTo, "later");

    /// <summary>Rewrites the text for an internal reason. Does nothing if the text does not change.</summary>
    /// <exception cref="FailureException">As for <see cref="Set(string, IReadOnlyList{string}, Json5Node)"/>.</exception>
    public FileCodex Rewrite(string id, string what, Func<string, string> rewrite) =>
        Edit(id, null, VersionAuthor.Plue, () => what, text => new Json5Edited(rewrite(text)));

    /// <summary>Records in the trail what a hook did outside the content, or why it failed.</summary>
    /// <param name="action">The action as written in the template.</param>
    /// <param name="error">One sentence; null if it succeeded.</param>
    /// <exception cref="FailureException">Conflict or StoreReadOnly: nothing was recorded.</exception>
    public void NoteHook(CodexUri uri, string action, string what, string? error)
    {
        lock (sync)
        {
            using var turn = Lock(uri, "says nothing of its hook");
            RecordOutsideChange(uri, DocumentFile.Read(FilePath(uri)).Bytes);
            versions.RecordHook(collection, uri.Name, action, what, error);
        }
    }

    /// <summary>Writes a document and its history under a second name. Idempotent.</summary>
    /// <exception cref="FailureException">Conflict: another document has the name. StoreReadOnly.</exception>
    public void CopyTo(string id, string newId, string text)
    {
        var (uri, copy) = (CodexUri.Of(form.Collection, id), CodexUri.Of(form.Collection, newId));
        lock (sync)
        {
            using var turn = Lock(uri, "was not renamed");
            var (bytes, path) = (Encode(text), FilePath(copy));
            var there = DocumentFile.Read(path);
            if (there.Problem is not null || (there.Bytes is { } other && !other.AsSpan().SequenceEqual(bytes)))
            {
                throw new FailureException(FailureKind.Conflict, $"{copy} already exists. Choose another name.");
            }

            RecordOutsideChange(uri, DocumentFile.Read(FilePath(uri)).Bytes);
            versions.CopyTrail(collection, uri.Name, copy.Name);
            if (there.Bytes is not null)
            {
                return;
            }

            Write(path, null, bytes);
            // The first version of the copy, so that undo cannot restore text with the old name.
            TryAppend(
                copy,
                VersionKind.Created,
                VersionAuthor.User,
                $"Renamed from {uri.Name}",
                VersionStore.HashOf(bytes),
                BytesToStore(copy, bytes)
            );
        }
    }

    /// <summary>Removes the document with the old name after <see cref="CopyTo"/>.</summary>
    /// <param name="hash">The hash of the copied file.</param>
    /// <exception cref="FailureException">Conflict: the file changed since. StoreReadOnly.</exception>
    public void RemoveRenamed(string id, string newId, string? hash)
    {
        var uri = CodexUri.Of(form.Collection, id);
        lock (sync)
        {
            using var turn = Lock(uri, "still has its old name as well");
            try
            {
                if (DocumentFile.Read(FilePath(uri)).Bytes is { } now && VersionStore.HashOf(now) != hash)
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        $"{uri} changed while it was renamed, so the old document was kept. Copy its latest changes, then delete it."
                    );
                }

                File.Delete(FilePath(uri));
                if (!versions.DeleteTrail(collection, id, newId))
                {
                    TryAppend(uri, VersionKind.Deleted, VersionAuthor.User, $"Renamed to {newId}", null, null);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw StoreFailure.From(exception, $"{uri} still has its old name as well");
            }
        }
    }

    /// <summary>Moves the file to the trash.</summary>
    /// <returns>The path in the trash.</returns>
    /// <exception cref="FailureException">NotFound. PermissionDenied: it ships with Plue or belongs to the workspace. StoreReadOnly.</exception>
    public string Delete(string id)
    {
        var uri = CodexUri.Of(form.Collection, id);
        lock (sync)
        {
            using var turn = Lock(uri, "was not deleted");
            var path = FilePath(uri);
            RefuseWorkspace(uri);
            if (!File.Exists(path))
            {
                throw Unowned(uri);
            }

            RecordOutsideChange(uri, DocumentFile.Read(path).Bytes);
            try
            {
                var now = (time ?? TimeProvider.System).GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
                var name = $"{collection}-{uri.Name}-{now}";
                var target = System.IO.Path.Combine(paths.Trash, name + form.Extension);
                for (var copy = 2; File.Exists(target); copy++)
                {
                    target = System.IO.Path.Combine(paths.Trash, $"{name}-{copy}{form.Extension}");
                }

                Trash.Stamp(path, time ?? TimeProvider.System);
                DurableFile.Move(path, target);
                TryAppend(uri, VersionKind.Deleted, VersionAuthor.User, "Deleted", null, null);
                return target;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw StoreFailure.From(exception, $"{uri} was not deleted");
            }
        }
    }

    /// <summary>Returns the documents in the trash; for each address, the one deleted last.</summary>
    public IReadOnlyList<FileCodex> Deleted() =>
        [
            .. TrashFiles()
                .GroupBy(file => file.Uri.Name, StringComparer.Ordinal)
                .OrderBy(files => files.Key, StringComparer.Ordinal)
                .Select(files => Load(files.Last().Path, TemplateLayer.User, files.Key))
                .OfType<FileCodex>(),
        ];

    /// <summary>Restores the most recently deleted document from the trash.</summary>
    /// <exception cref="FailureException">NotFound: not in the trash. Conflict: the name is taken. StoreReadOnly.</exception>
    public FileCodex Restore(string id)
    {
        var uri = CodexUri.Of(form.Collection, id);
        lock (sync)
        {
            using var turn = Lock(uri, "was not restored");
            var from =
                TrashFiles().LastOrDefault(file => file.Uri == uri).Path
                ?? throw new FailureException(FailureKind.NotFound, $"{uri} is not in the trash.");
            var path = FilePath(uri);
            if (DocumentFile.Read(path) is not (null, null))
            {
                throw new FailureException(FailureKind.Conflict, $"Another {uri} now exists. Delete or rename it, then restore.");
            }

            try
            {
                DurableFile.Move(from, path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw StoreFailure.From(exception, $"{uri} was not restored");
            }

            if (DocumentFile.Read(path).Bytes is { } bytes)
            {
                TryAppend(
                    uri,
                    VersionKind.Restored,
                    VersionAuthor.User,
                    "Restored from the trash",
                    VersionStore.HashOf(bytes),
                    BytesToStore(uri, bytes)
                );
            }

            return Loaded(uri);
        }
    }

    private FileCodex Step(string id, string kind, Func<VersionTrail, long?> targetOf, string which)
    {
        var uri = CodexUri.Of(form.Collection, id);
        return Change(
            uri,
            null,
            VersionAuthor.User,
            (_, trail) =>
            {
                if (!File.Exists(FilePath(uri)))
                {
                    throw Unowned(uri);
                }

                var target = targetOf(trail) ?? throw new FailureException(FailureKind.Conflict, $"{uri} has no {which} version.");
                var content =
                    ContentOf(uri, target)
                    ?? throw new FailureException(
                        FailureKind.NotFound,
                        $"Version {target} of {uri} is no longer readable, so nothing was changed."
                    );
                return new Edited(content, kind, $"Restored version {target}") { Of = target };
            }
        );
    }

    private FileCodex Edit(string id, long? expectedVersion, string what, Func<string, Json5Edited> edit) =>
        Edit(id, expectedVersion, () => what, edit);

    private FileCodex Edit(string id, long? expectedVersion, Func<string> what, Func<string, Json5Edited> edit) =>
        Edit(id, expectedVersion, VersionAuthor.User, what, edit);

    private FileCodex Edit(string id, long? expectedVersion, string author, Func<string> what, Func<string, Json5Edited> edit)
    {
        var uri = CodexUri.Of(form.Collection, id);
        return Change(
            uri,
            expectedVersion,
            author,
            (before, _) =>
            {
                var text = PromptFormat.Decode(before ?? throw Missing(uri));
                var error = form.Extension == ".json5" && Json5Reader.Read(before).Errors is [var first, ..] ? first : null;
                if (text is null && error is null)
                {
                    throw new FailureException(FailureKind.Conflict, $"{uri} was not changed. {PromptFormat.NotText.Message}");
                }

                var edited = error is null ? edit(text!) : new Json5Edited("", error);
                if (edited.Error is { } found)
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        $"{uri} was not changed because its file has an error at line {found.Span.Line}, column {found.Span.Column}: {found.Message} Open {FilePath(uri)} and fix it."
                    );
                }

                return new Edited(edited.Text == text ? before : Encode(edited.Text), VersionKind.Changed, what());
            }
        );
    }

    /// <summary>Performs a change under the lock: records external edits first, then writes the file and stores a new version.</summary>
    private FileCodex Change(CodexUri uri, long? expectedVersion, string author, Func<byte[]?, VersionTrail, Edited> edit)
    {
        lock (sync)
        {
            using var turn = Lock(uri, "was not changed");
            if (!form.Has(uri.Name))
            {
                throw Missing(uri);
            }

            var path = FilePath(uri);
            var (own, problem) = DocumentFile.Read(path);
            if (problem is not null)
            {
                throw new FailureException(FailureKind.Conflict, $"{uri} was not changed. {problem.Message}");
            }

            RefuseWorkspace(uri);
            var trail = RecordOutsideChange(uri, own);
            if (expectedVersion is { } expected && expected != trail.Number)
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    $"{uri} was not changed because it was modified since you opened it. Review the current version, then try again."
                );
            }

            var shipped = own is null ? form.ReadShipped(uri.Name) : null;
            var edited = edit(own ?? shipped, trail);
            if (own is not null && edited.Bytes.AsSpan().SequenceEqual(own))
            {
                return Loaded(uri);
            }

            if (edited.Bytes.Length > Json5Reader.MaxBytes)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"{uri} was not written because it is larger than 4 MiB, the maximum for a document."
                );
            }
            // A file that already contains a secret can be changed, so that secrets can be removed one at a time.
            if (HoldsSecret(uri, edited.Bytes) && (own is null || !HoldsSecret(uri, own)))
            {
                throw new FailureException(FailureKind.PermissionDenied, LiteralSecrets.Message);
            }

            // Undo restores the shipped content.
            if (shipped is not null)
            {
                versions.Append(
                    collection,
                    uri.Name,
                    VersionKind.Created,
                    VersionAuthor.Plue,
                    "As it ships with Plue",
                    VersionStore.HashOf(shipped),
                    shipped
                );
            }

            Write(path, own, edited.Bytes);
            TryAppend(uri, edited.Kind, author, edited.What, VersionStore.HashOf(edited.Bytes), BytesToStore(uri, edited.Bytes), edited.Of);
            return Loaded(uri);
        }
    }

    /// <summary>Writes a file. If it cannot be made durable, restores the previous content, so that a failure changes nothing.</summary>
    private static void Write(string path, byte[]? own, byte[] bytes)
    {
        try
        {
            DocumentFile.Replace(path, bytes);
        }
        catch (FailureException) when (own is not null && DocumentFile.Read(path).Bytes.AsSpan().SequenceEqual(bytes))
        {
            DocumentFile.Replace(path, own);
            throw;
        }
    }

    /// <summary>Records an external edit as a version, so that a later change does not hide it. Called under the lock.</summary>
    private VersionTrail RecordOutsideChange(CodexUri uri, byte[]? bytes)
    {
        var trail = versions.Read(collection, uri.Name);
        if (bytes is null || VersionStore.HashOf(bytes) is var hash && hash == trail.Hash)
        {
            return trail;
        }

        // An undo or redo whose file was written but whose version was not stored; redo continues from there.
        foreach (var (kind, step) in new[] { (VersionKind.Undo, trail.UndoTo), (VersionKind.Redo, trail.RedoTo) })
        {
            if (step is { } number && trail.Versions.Any(version => version.Number == number && version.Hash == hash))
            {
                return versions.Append(
                    collection,
                    uri.Name,
                    kind,
                    VersionAuthor.Outside,
                    $"Restored version {number}",
                    hash,
                    BytesToStore(uri, bytes),
                    number
                );
            }
        }

        var isNew = trail.Number == 0;
        return versions.Append(
            collection,
            uri.Name,
            isNew ? VersionKind.Created : VersionKind.Changed,
            VersionAuthor.Outside,
            isNew ? "Original version" : "Edited outside Plue",
            hash,
            BytesToStore(uri, bytes)
        );
    }

    private void TryAppend(CodexUri uri, string kind, string author, string what, string? hash, byte[]? content, long? of = null)
    {
        try
        {
            versions.Append(collection, uri.Name, kind, author, what, hash, content, of);
        }
        catch (FailureException)
        { /* The file was written; the next read stores the version as an external edit. */
        }
    }

    /// <summary>Returns null for content with a secret, because a trail is permanent.</summary>
    private byte[]? BytesToStore(CodexUri uri, byte[] bytes) => HoldsSecret(uri, bytes) ? null : bytes;

    private bool HoldsSecret(CodexUri uri, byte[] bytes) => form.Read(uri.Name, bytes).Problems.Any(problem => problem.IsSecret);

    private IDisposable Lock(CodexUri uri, string what) => DocumentLock.Acquire(paths, collection, $"{uri} {what}");

    private void RefuseWorkspace(CodexUri uri)
    {
        if (WorkspacePaths().Count > 0 && Get(uri.Name)?.Layer == TemplateLayer.Workspace)
        {
            throw new FailureException(
                FailureKind.PermissionDenied,
                $"{uri} belongs to the workspace. Change its file there, or create your own copy."
            );
        }
    }

    private FailureException Unowned(CodexUri uri) =>
        form.ReadShipped(uri.Name) is null
            ? Missing(uri)
            : new FailureException(
                FailureKind.PermissionDenied,
                $"{uri} ships with Plue and cannot be deleted. Change it to create your own copy."
            );

    private FileCodex Loaded(CodexUri uri) => Load(FilePath(uri), TemplateLayer.User, uri.Name) ?? throw Missing(uri);

    private FileCodex? Remembered(string path, TemplateLayer layer)
    {
        if (Cached(path, layer) is not { } entry)
        {
            known.Remove(path);
            return null;
        }

        known[path] = entry;
        return entry.Codex;
    }

    private Known? Cached(string path, TemplateLayer layer)
    {
        var file = new FileInfo(path);
        // The metadata of a link does not describe its target, and a file that was changed recently may change again within the same tick.
        var isRegularFile = file.Exists && !file.Attributes.HasFlag(FileAttributes.ReparsePoint);
        var (length, modified) = isRegularFile ? (file.Length, file.LastWriteTimeUtc) : default;
        if (
            isRegularFile
            && known.GetValueOrDefault(path) is { } entry
            && entry.Length == length
            && entry.Modified == modified
            && entry.ReadAt - modified > ClockTick
            && Equals(entry.DependsOn, form.DependsOn(entry.Codex.Values))
        )
        {
            return entry;
        }

        var now = DateTime.UtcNow;
        return Load(path, layer, NameOf(path)) is { } codex
            ? new Known(isRegularFile ? length : -1, modified, now, form.DependsOn(codex.Values), codex)
            : null;
    }

    private FileCodex? Shipped(string name) =>
        form.ReadShipped(name) is { } bytes ? Read(bytes, "", TemplateLayer.Shipped, name, []) : null;

    private FileCodex? Load(string path, TemplateLayer layer, string id)
    {
        var (bytes, unreadable) = DocumentFile.Read(path);
        if (bytes is null && unreadable is null)
        {
            return null;
        }

        List<DocumentProblem> problems = [];
        if (!CodexUri.TryOf(form.Collection, id, out var uri))
        {
            problems.Add(
                new DocumentProblem(
                    "The file name is not valid in an address. Rename the file with lower-case letters, digits, dots, underscores and hyphens.",
                    1,
                    1,
                    IsError: true
                )
            );
        }

        return bytes is null
            ? new FileCodex(id, uri, path, Json5Object.Empty, [.. problems, unreadable!], IsBroken: true) { Layer = layer }
            : Read(bytes, path, layer, id, problems);
    }

    private FileCodex Read(byte[] bytes, string path, TemplateLayer layer, string id, List<DocumentProblem> problems)
    {
        CodexUri.TryOf(form.Collection, id, out var uri);
        var read = form.Read(id, bytes, layer);
        return new FileCodex(id, uri, path, read.Values, [.. problems, .. read.Problems], uri is null || read.IsBroken)
        {
            Layer = layer,
            TemplateId = form.TemplateIdOf(id, read.Values),
            Hash = VersionStore.HashOf(bytes),
            Modified = path.Length > 0 ? new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero) : DateTimeOffset.UnixEpoch,
        };
    }

    private IEnumerable<(CodexUri Uri, string Path)> TrashFiles() =>
        DocumentFile
            .List(paths.Trash, form.Extension)
            .Paths.Select(path => (Match: InTrash().Match(NameOf(path)), Path: path))
            .Where(file => file.Match.Success && file.Match.Groups["collection"].Value == collection)
            .Select(file =>
                (
                    Uri: CodexUri.TryOf(form.Collection, file.Match.Groups["name"].Value, out var uri) ? uri : null,
                    file.Path,
                    When: file.Match.Groups["when"].Value,
                    Copy: int.TryParse(file.Match.Groups["copy"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var copy)
                        ? copy
                        : 1
                )
            )
            .Where(file => file.Uri is not null)
            .OrderBy(file => file.When, StringComparer.Ordinal)
            .ThenBy(file => file.Copy)
            .Select(file => (file.Uri!, file.Path));

    private IReadOnlyList<string> WorkspacePaths() =>
        form.WorkspaceFolder is { } inside ? DocumentFile.ListWorkspace(workspace?.Invoke(), inside, form.Extension) : [];

    private string NameOf(string path) => System.IO.Path.GetFileName(path)[..^form.Extension.Length];

    private static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text);

    private static void RefuseSecret(IReadOnlyList<string> path, Json5Node value)
    {
        if (LiteralSecrets.IsIn(path, value))
        {
            throw new FailureException(FailureKind.PermissionDenied, LiteralSecrets.Message);
        }
        if (IsRedacted(Json5Writer.Write(value)))
        {
            throw Redacted();
        }
    }

    /// <summary>True if the text contains the placeholder shown for a secret, which must not overwrite the secret.</summary>
    private static bool IsRedacted(string text) => text.Contains(RedactedJson.Redacted, StringComparison.Ordinal);

    private static FailureException Redacted() =>
        new(
            FailureKind.PermissionDenied,
            $"Nothing was changed because {RedactedJson.Redacted} replaces a key that is not shown. Open the file to change it."
        );

    private static FailureException Missing(CodexUri uri) =>
        new(FailureKind.NotFound, $"{uri} does not exist. It may have been deleted or renamed. Choose another.");

    private string FilePath(CodexUri uri) => System.IO.Path.Combine(folder, uri.Name + form.Extension);

    [GeneratedRegex(
        @"\A(?<collection>[a-z]+)-(?<name>.+)-(?<when>[0-9]{8}-[0-9]{6})(?:-(?<copy>[0-9]{1,6}))?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex InTrash();

    private sealed record Edited(byte[] Bytes, string Kind, string What)
    {
        /// <summary>The version that undo or redo restored.</summary>
        public long? Of { get; init; }
    }

    /// <param name="Length">-1 for a file that is read on each call.</param>
    private sealed record Known(long Length, DateTime Modified, DateTime ReadAt, object? DependsOn, FileCodex Codex);
}

/// <summary>Authors of versions.</summary>
internal static class VersionAuthor
{
    public const string User = "you";

    /// <summary>An editor or another program.</summary>
    public const string Outside = "outside";
    public const string Plue = "plue";

    /// <summary>A chat or task, approved by the user.</summary>
    public const string Agent = "agent";
}
