using System.Globalization;
using Plue.Server.Messages;

namespace Plue.Server.Catalog;

/// <summary>An earlier version of a user catalog.</summary>
/// <param name="Id">The catalog's id and the time at which the version was replaced.</param>
/// <param name="Path">The path of the backup file.</param>
internal sealed record CatalogVersion(string Id, string CatalogId, DateTimeOffset At, string Path);

/// <summary>The last ten versions of each user catalog; a version is stored before every change.</summary>
internal sealed class CatalogBackups(string folder, TimeProvider time)
{
    public const int MaxPerCatalog = 10;
    private const string TimeFormat = "yyyyMMdd'T'HHmmssfff'Z'";

    /// <summary>Returns all versions, newest first.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the folder cannot be read.</exception>
    public IReadOnlyList<CatalogVersion> List()
    {
        try
        {
            return Directory.Exists(folder)
                ?
                [
                    .. Directory
                        .EnumerateFiles(folder)
                        .Select(Version)
                        .OfType<CatalogVersion>()
                        .OrderByDescending(version => version.At)
                        .ThenBy(version => version.CatalogId, StringComparer.Ordinal),
                ]
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The earlier versions in {folder} could not be read: {exception.Message}",
                exception
            );
        }
    }

    /// <exception cref="FailureException">StoreReadOnly: nothing was stored, and no old version was deleted.</exception>
    public void Keep(string catalogId, byte[] content)
    {
        var versions = Of(catalogId);
        var now = time.GetUtcNow();
        // Keeps versions distinct within a millisecond and in order after the clock was set back.
        var at = versions is [var newest, ..] && newest.At >= now ? newest.At.AddMilliseconds(1) : now;
        CatalogFile.Replace(
            Path.Combine(folder, $"{catalogId}.{at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}{CatalogFile.Extension}"),
            content
        );
        foreach (var old in versions.Skip(MaxPerCatalog - 1))
        {
            CatalogFile.Delete(old.Path);
        }
    }

    private List<CatalogVersion> Of(string catalogId) => [.. List().Where(version => version.CatalogId == catalogId)];

    /// <returns>Null if the file is not a version of a catalog.</returns>
    private static CatalogVersion? Version(string path)
    {
        var name = Path.GetFileName(path);
        if (!name.EndsWith(CatalogFile.Extension, StringComparison.Ordinal))
        {
            return null;
        }

        var id = name[..^CatalogFile.Extension.Length];
        var dot = id.LastIndexOf('.');
        return
            dot > 0
            && CatalogId.IsValid(id[..dot])
            && DateTimeOffset.TryParseExact(
                id[(dot + 1)..],
                TimeFormat,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            )
            ? new CatalogVersion(id, id[..dot], at, path)
            : null;
    }
}
