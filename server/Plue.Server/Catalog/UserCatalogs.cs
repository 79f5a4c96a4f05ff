using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Catalog;

/// <param name="Id">The id, or the index in the file if it has none.</param>
internal sealed record SkippedCatalog(string Id, string Reason);

/// <param name="Imported">The imported ids.</param>
internal sealed record CatalogImportOutcome(IReadOnlyList<string> Imported, IReadOnlyList<SkippedCatalog> Skipped);

/// <summary>
/// Changes the user's catalogs. Replaced and deleted files are backed up first. A change that would send requests of a provider in use to another origin fails
/// with OriginChange unless the caller allows it.
/// </summary>
/// <param name="originChange">Returns one sentence if the change would send requests of a provider in use to another origin; otherwise null.</param>
internal sealed class UserCatalogs(
    PluePaths paths,
    ProviderCatalog catalog,
    TimeProvider time,
    Func<string, CatalogProvider?, string?> originChange
)
{
    private readonly CatalogBackups backups = new(paths.CatalogBackups, time);
    private readonly Lock sync = new();

    /// <summary>Saves a catalog under its id; preserves unknown fields.</summary>
    /// <param name="previousId">The previous id, for a rename; otherwise null.</param>
    /// <exception cref="FailureException">BadRequest: it has errors. Conflict: the id is taken. NotFound, PermissionDenied: not the user's.
    /// StoreReadOnly.</exception>
    public CatalogEntry Save(JsonElement document, string? previousId, bool allowOriginChange = false)
    {
        var id = Checked(document, "The catalog was not saved");
        lock (sync)
        {
            if (!allowOriginChange)
            {
                RefuseOriginChanges([
                    (id, catalog.Read(document).Provider),
                    .. previousId is not null && previousId != id
                        ? [(previousId, catalog.Without(previousId))]
                        : Array.Empty<(string, CatalogProvider?)>(),
                ]);
            }

            if (previousId is not null && previousId != id)
            {
                RequireOwn(previousId, "renamed");
                if (catalog.Get(id) is not null)
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        $"A catalog named {id} already exists. Choose another id, or delete that one first."
                    );
                }

                // The new file is written first: an interrupted rename leaves two files and loses none.
                Write(id, CatalogFile.Text(document));
                Remove(previousId);
            }
            else
            {
                Write(id, CatalogFile.Text(document));
            }

            return catalog.Get(id) ?? throw NoLongerExists(id);
        }
    }

    /// <returns>The catalog in a lower layer that applies now; null if there is none.</returns>
    /// <exception cref="FailureException">NotFound. PermissionDenied: it ships with Plue or was fetched. StoreReadOnly.</exception>
    public CatalogEntry? Delete(string id, bool allowOriginChange = false)
    {
        lock (sync)
        {
            RequireOwn(id, "deleted");
            if (!allowOriginChange)
            {
                RefuseOriginChanges([(id, catalog.Without(id))]);
            }
            Remove(id);
            return catalog.Get(id);
        }
    }

    /// <param name="path">An absolute path to a file with one provider or an array of providers.</param>
    /// <param name="replace">True to replace catalogs with the same ids.</param>
    /// <exception cref="FailureException">Nothing was imported. NotFound. BadRequest: not a catalog file, or too large.</exception>
    public CatalogImportOutcome Import(string path, bool replace, bool allowOriginChange = false)
    {
        var items = ReadList(path);
        if (!allowOriginChange)
        {
            RefuseOriginChanges([
                .. items
                    .Select(item => catalog.Read(item.Document))
                    .Where(reading => !reading.HasErrors)
                    .Select(reading => reading.Provider)
                    .OfType<CatalogProvider>()
                    .Where(provider => replace || catalog.Get(provider.Id) is null)
                    .DistinctBy(provider => provider.Id)
                    .Select(provider => (provider.Id, (CatalogProvider?)provider)),
            ]);
        }

        List<string> imported = [];
        List<SkippedCatalog> omitted = [];
        lock (sync)
        {
            foreach (var (item, place) in items)
            {
                var reading = catalog.Read(item);
                var id = reading.Provider?.Id is { Length: > 0 } named ? named : place;
                var why =
                    reading.HasErrors ? Errors(reading.Faults)
                    : imported.Contains(id) ? "The file contains it twice. The first one was imported."
                    : !replace && catalog.Get(id) is not null ? "A catalog with this id already exists."
                    : null;
                if (why is null)
                {
                    try
                    {
                        Write(id, CatalogFile.Text(item));
                    }
                    catch (FailureException fault)
                    {
                        why = fault.Message;
                    }
                }

                if (why is null)
                {
                    imported.Add(id);
                }
                else
                {
                    omitted.Add(new SkippedCatalog(id, why));
                }
            }
        }

        return new CatalogImportOutcome(imported, omitted);
    }

    /// <summary>Writes one provider as an object, and several as an array. An existing file is replaced.</summary>
    /// <param name="path">An absolute path in an existing folder.</param>
    /// <exception cref="FailureException">Nothing was written. NotFound. BadRequest: errors in a catalog, or an invalid path. StoreReadOnly.</exception>
    public void Export(IReadOnlyList<string> ids, string path)
    {
        if (ids.Count == 0)
        {
            throw new FailureException(FailureKind.BadRequest, "No catalog is selected for export. Select at least one.");
        }
        ThrowIfInvalid(path);
        if (Directory.Exists(path))
        {
            throw new FailureException(FailureKind.BadRequest, $"{path} is a folder. Choose a file in it.");
        }
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new FailureException(FailureKind.BadRequest, $"The folder of {path} does not exist. Choose another, or make it first.");
        }

        List<JsonElement> documents = [.. ids.Distinct(StringComparer.Ordinal).Select(Exportable)];
        CatalogFile.Replace(path, documents is [var only] ? CatalogFile.Text(only) : CatalogFile.Text(documents));
    }

    /// <summary>Returns the earlier versions, newest first.</summary>
    public IReadOnlyList<CatalogVersion> Backups() => backups.List();

    /// <returns>The readable content of the version; null if there is none.</returns>
    public static CatalogProvider? ReadVersion(CatalogVersion version) =>
        CatalogFile.Read(version.Path).Bytes is { } bytes && CatalogFile.Parse(bytes).Value is { } document
            ? CatalogReader.Read(document).Provider
            : null;

    /// <summary>Restores an earlier version; the replaced one is backed up.</summary>
    /// <exception cref="FailureException">NotFound. BadRequest: the version has errors. StoreReadOnly.</exception>
    public CatalogEntry Restore(string backupId, bool allowOriginChange = false)
    {
        lock (sync)
        {
            var version =
                backups.List().FirstOrDefault(version => version.Id == backupId)
                ?? throw new FailureException(
                    FailureKind.NotFound,
                    $"The earlier version {backupId} does not exist. Only the last {CatalogBackups.MaxPerCatalog} of each catalog are kept."
                );
            var (bytes, problem) = CatalogFile.Read(version.Path);
            JsonElement? document = null;
            if (bytes is not null)
            {
                (document, problem) = CatalogFile.Parse(bytes);
            }
            if (bytes is null || document is not { } value)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"That version is invalid, so nothing was changed. {problem} It is stored at {version.Path}."
                );
            }

            var id = Checked(value, $"That version is invalid, so nothing was changed. It is stored at {version.Path}");
            if (id != version.CatalogId)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"That version has the id {id} instead of {version.CatalogId}, so nothing was changed. It is stored at {version.Path}."
                );
            }

            if (!allowOriginChange)
            {
                RefuseOriginChanges([(id, catalog.Read(value).Provider)]);
            }
            Write(id, bytes);
            return catalog.Get(id) ?? throw NoLongerExists(id);
        }
    }

    /// <summary>Reads a file with one provider or an array of them.</summary>
    /// <returns>The providers with their indexes: empty for a single one, <c>[2]</c> in an array.</returns>
    /// <exception cref="FailureException">NotFound, BadRequest.</exception>
    public static IReadOnlyList<(JsonElement Document, string Place)> ReadList(string path)
    {
        ThrowIfInvalid(path);
        var (bytes, problem) = CatalogFile.Read(path);
        if (bytes is null)
        {
            throw new FailureException(FailureKind.NotFound, $"{path} was not read. {problem}");
        }

        var (value, fault) = CatalogFile.Parse(bytes);
        if (value is not { ValueKind: JsonValueKind.Object or JsonValueKind.Array } document)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{path} contains no catalog. {fault ?? "A catalog is one JSON object, or an array of them."}"
            );
        }

        if (document.ValueKind == JsonValueKind.Object)
        {
            return [(document, "")];
        }
        if (document.GetArrayLength() > CatalogLimits.Providers || CatalogLimits.CountModels(document) > CatalogLimits.Models)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{path} contains more than {CatalogLimits.Providers:N0} providers or {CatalogLimits.Models:N0} models, the maximum for an import."
            );
        }

        return [.. document.EnumerateArray().Select((item, index) => (item, $"[{index}]"))];
    }

    private void RefuseOriginChanges(IReadOnlyList<(string Id, CatalogProvider? Next)> changes)
    {
        List<string> changed = [.. changes.Select(change => originChange(change.Id, change.Next)).OfType<string>()];
        if (changed.Count > 0)
        {
            throw new FailureException(
                FailureKind.OriginChange,
                $"{string.Join(' ', changed)} Nothing was changed. Allow it only if you trust the new address with your requests and the key."
            );
        }
    }

    private string Checked(JsonElement document, string otherwise)
    {
        var reading = catalog.Read(document);
        return !reading.HasErrors && reading.Provider is { } provider
            ? provider.Id
            : throw new FailureException(FailureKind.BadRequest, $"{otherwise}. {Errors(reading.Faults)}");
    }

    private static string Errors(IReadOnlyList<CatalogFault> faults)
    {
        List<CatalogFault> errors = [.. faults.Where(fault => fault.IsError)];
        return errors.Count switch
        {
            1 => errors[0].ToString(),
            2 => $"{errors[0]} There is one more error.",
            _ => $"{errors[0]} And {errors.Count - 1} more errors.",
        };
    }

    private void RequireOwn(string id, string done)
    {
        if (CatalogId.IsValid(id) && FileStamp.Of(PathOf(id)).Exists)
        {
            return;
        }

        throw catalog.Get(id) switch
        {
            null => new FailureException(FailureKind.NotFound, $"There is no catalog named {id}."),
            { Layer: CatalogLayer.Fetched } => new FailureException(
                FailureKind.PermissionDenied,
                $"{id} came from the catalog server and cannot be {done}. Save your own catalog with the same id to override it."
            ),
            _ => new FailureException(
                FailureKind.PermissionDenied,
                $"{id} ships with Plue and cannot be {done}. Save your own catalog with the same id to override it."
            ),
        };
    }

    private JsonElement Exportable(string id) =>
        catalog.Get(id) switch
        {
            null => throw new FailureException(FailureKind.NotFound, $"There is no catalog named {id}, so nothing was exported."),
            { HasErrors: true } => throw new FailureException(
                FailureKind.BadRequest,
                $"{id} has errors, so nothing was exported. Correct them first."
            ),
            var entry => entry.Document,
        };

    private void Write(string id, byte[] content)
    {
        if (Before(id) is { } before)
        {
            if (before.AsSpan().SequenceEqual(content))
            {
                return;
            }
            backups.Keep(id, before);
        }

        CatalogFile.Replace(PathOf(id), content);
        catalog.Forget(id);
    }

    private void Remove(string id)
    {
        if (Before(id) is { } before)
        {
            backups.Keep(id, before);
        }
        CatalogFile.Delete(PathOf(id));
        catalog.Forget(id);
    }

    /// <summary>Returns the current content of the file; null if it does not exist.</summary>
    private byte[]? Before(string id)
    {
        if (!FileStamp.Of(PathOf(id)).Exists)
        {
            return null;
        }

        var (bytes, problem) = CatalogFile.Read(PathOf(id));
        return bytes
            ?? throw new FailureException(
                FailureKind.StoreReadOnly,
                $"{PathOf(id)} could not be backed up, so nothing was changed. {problem}"
            );
    }

    private string PathOf(string id) => Path.Combine(paths.Catalog, id + CatalogFile.Extension);

    private static void ThrowIfInvalid(string path)
    {
        if (!Path.IsPathFullyQualified(path) || path.Contains('\0'))
        {
            throw new FailureException(FailureKind.BadRequest, $"{path} is not an absolute path. Enter an absolute path.");
        }
    }

    private static FailureException NoLongerExists(string id) =>
        new(FailureKind.Conflict, $"{id} was saved, then deleted by another process.");
}
