using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

[JsonConverter(typeof(CamelCaseEnumConverter<CatalogSource>))]
public enum CatalogSource
{
    Shipped,
    User,
}

/// <summary>One vendor of the catalog. What is not known is null.</summary>
public sealed record CatalogSummary
{
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>The type, as in the Catwalk format.</summary>
    public required string Type { get; init; }

    /// <summary>The kind of the provider that is created from it.</summary>
    public required string Kind { get; init; }
    public required CatalogSource Source { get; init; }

    /// <summary>True for a user's catalog that overrides a shipped one. Deleting it restores the shipped one.</summary>
    public required bool OverridesShipped { get; init; }

    /// <summary>True for a server on the user's own machine.</summary>
    public required bool IsLocal { get; init; }
    public string? Endpoint { get; init; }

    /// <summary>The environment variable that usually holds the key.</summary>
    public string? KeyVariable { get; init; }
    public required int ModelCount { get; init; }
    public decimal? LowestInputPerMillion { get; init; }
    public decimal? HighestInputPerMillion { get; init; }
    public decimal? LowestOutputPerMillion { get; init; }
    public decimal? HighestOutputPerMillion { get; init; }
    public long? LargestContext { get; init; }
    public required bool HasReasoning { get; init; }
    public required bool HasImages { get; init; }
    public string? DefaultLargeModel { get; init; }
    public string? DefaultSmallModel { get; init; }
    public required int ErrorCount { get; init; }
    public required int WarningCount { get; init; }
}

/// <param name="FolderProblem">Why the user's catalogs cannot be read; null if they can.</param>
public sealed record CatalogListResult(IReadOnlyList<CatalogSummary> Items, string? FolderProblem);

public sealed record CatalogIdParams(string Id);

/// <param name="Document">The content of the file, with unknown fields.</param>
/// <param name="File">The user's file; null for a shipped catalog.</param>
public sealed record CatalogDetail(
    CatalogSummary Summary,
    JsonElement Document,
    IReadOnlyList<ModelView> Models,
    IReadOnlyList<CatalogProblem> Problems,
    string? File
);

[JsonConverter(typeof(CamelCaseEnumConverter<ProblemSeverity>))]
public enum ProblemSeverity
{
    Error,
    Warning,
}

/// <param name="Path">To the field: <c>models[2].context_window</c>.</param>
public sealed record CatalogProblem(string Path, ProblemSeverity Severity, string Message);

/// <summary>Writes a user's catalog; the version before goes to the backups. Errors refuse it, warnings do not.</summary>
/// <param name="PreviousId">The id it had, when this renames it.</param>
public sealed record CatalogSaveParams(JsonElement Document, string? PreviousId)
{
    /// <summary>As in <see cref="CatalogImportParams"/>.</summary>
    public bool? AllowOriginChange { get; init; }
}

public sealed record CatalogValidateParams(JsonElement Document);

public sealed record CatalogValidateResult(IReadOnlyList<CatalogProblem> Problems);

/// <param name="Path">A file with one provider, or an array of them.</param>
/// <param name="Replace">True replaces catalogs with the same ids; otherwise they are skipped and listed.</param>
public sealed record CatalogImportParams(string Path, bool? Replace)
{
    /// <summary>True if the user confirmed that requests of a provider in use go to another origin. Without it such a change fails with <c>originChange</c>.</summary>
    public bool? AllowOriginChange { get; init; }
}

public sealed record CatalogDeleteParams(string Id)
{
    /// <summary>As in <see cref="CatalogImportParams"/>.</summary>
    public bool? AllowOriginChange { get; init; }
}

/// <param name="Skipped">The skipped catalogs, with the reasons.</param>
public sealed record CatalogImportResult(IReadOnlyList<CatalogSummary> Imported, IReadOnlyList<CatalogSkipped> Skipped);

public sealed record CatalogSkipped(string Id, string Reason);

/// <param name="Ids">One ID exports a file with that provider, several IDs export an array.</param>
public sealed record CatalogExportParams(IReadOnlyList<string> Ids, string Path);

/// <param name="Updated">False if the catalog on the server has not changed.</param>
/// <param name="Message">For the user.</param>
public sealed record CatalogRefreshResult(bool Updated, int ProviderCount, string Message);

public sealed record CatalogStatsResult
{
    public required int ProviderCount { get; init; }
    public required int UserProviderCount { get; init; }
    public required int ModelCount { get; init; }
    public required int ReasoningModelCount { get; init; }
    public required int ImageModelCount { get; init; }
    public required int PricedModelCount { get; init; }
    public decimal? LowestInputPerMillion { get; init; }
    public decimal? HighestInputPerMillion { get; init; }
    public long? LargestContext { get; init; }

    /// <summary>The time of the last fetch from the server; null if there was none.</summary>
    public DateTimeOffset? RefreshedAt { get; init; }
}

/// <param name="Document">A catalog to begin with.</param>
public sealed record CatalogStartingPoint(string Id, string Name, string Description, JsonElement Document);

public sealed record CatalogStartingPointsResult(IReadOnlyList<CatalogStartingPoint> Items);

/// <param name="Id">Names the backup.</param>
/// <param name="CatalogId">The catalog of the earlier version.</param>
public sealed record CatalogBackup(string Id, string CatalogId, string Name, DateTimeOffset At, int ModelCount);

public sealed record CatalogBackupsResult(IReadOnlyList<CatalogBackup> Items);

public sealed record CatalogRestoreParams(string BackupId)
{
    /// <summary>As in <see cref="CatalogImportParams"/>.</summary>
    public bool? AllowOriginChange { get; init; }
}
