using System.Globalization;
using Plue.Server.Messages;

namespace Plue.Server.Catalog;

/// <summary>An earlier version of one of the user's catalogs.</summary>
/// <param name="Id">Names it: the catalog's id and the moment it was replaced.</param>
/// <param name="Path">The file as it was.</param>
public sealed record CatalogVersion(string Id, string CatalogId, DateTimeOffset At, string Path);

/// <summary>The last ten versions of each of the user's catalogs, kept before every change.</summary>
internal sealed class CatalogBackups(string folder, TimeProvider time)
{
    public const int MaxPerCatalog = 10;
    private const string TimeFormat = "yyyyMMdd'T'HHmmssfff'Z'";

    /// <summary>Newest first.</summary>
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

    /// <exception cref="FailureException">StoreReadOnly: it was not stored, so what it would make room for has to stay.</exception>
    public void Keep(string catalogId, byte[] content)
    {
        var versions = Of(catalogId);
        var now = time.GetUtcNow();
        // Two changes within a millisecond are two versions all the same, and a clock that was set back does not disturb the order.
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

    /// <returns>Null for a file that is no version of a catalog.</returns>
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
