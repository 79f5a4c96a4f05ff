using System.Buffers;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Catalog;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Rpc;

/// <summary>Converts the catalog to the views of the extension and the command line.</summary>
internal static class CatalogViews
{
    public static CatalogSummary Summary(CatalogEntry entry)
    {
        var (provider, totals) = (entry.Provider, entry.Totals);
        return new CatalogSummary
        {
            Id = entry.Id,
            Name = provider.Name,
            Type = provider.Type,
            Kind = CatalogTypes.KindOf(entry.Id, provider.Type, out _),
            Source = entry.Layer == CatalogLayer.User ? CatalogSource.User : CatalogSource.Shipped,
            OverridesShipped = entry.OverridesShipped,
            IsLocal = provider.Endpoint is { IsLoopback: true },
            Endpoint = provider.Endpoint is null ? null : provider.ApiEndpoint,
            KeyVariable = provider.KeyVariable,
            ModelCount = totals.ModelCount,
            LowestInputPerMillion = totals.LowestInputPerMillion,
            HighestInputPerMillion = totals.HighestInputPerMillion,
            LowestOutputPerMillion = totals.LowestOutputPerMillion,
            HighestOutputPerMillion = totals.HighestOutputPerMillion,
            LargestContext = totals.LargestContext,
            HasReasoning = totals.ReasoningModelCount > 0,
            HasImages = totals.ImageModelCount > 0,
            DefaultLargeModel = provider.DefaultLargeModelId,
            DefaultSmallModel = provider.DefaultSmallModelId,
            ErrorCount = entry.Faults.Count(fault => fault.IsError),
            WarningCount = entry.Faults.Count(fault => !fault.IsError),
        };
    }

    public static CatalogDetail Detail(CatalogEntry entry, Usage? typical) =>
        new(
            Summary(entry),
            WithoutSecrets(entry),
            [.. entry.Provider.Models.Select(model => ModelViews.Of(model, typical))],
            [.. entry.Faults.Select(Problem)],
            entry.File
        );

    public static CatalogProblem Problem(CatalogFault fault) =>
        new(fault.Path, fault.IsError ? ProblemSeverity.Error : ProblemSeverity.Warning, fault.Message);

    public static CatalogListResult List(CatalogListing listing) => new([.. listing.Entries.Select(Summary)], listing.Problem);

    public static CatalogImportResult Imported(CatalogImportOutcome result, ProviderCatalog catalog) =>
        new(
            [.. result.Imported.Select(catalog.Get).OfType<CatalogEntry>().Select(Summary)],
            [.. result.Skipped.Select(item => new CatalogSkipped(item.Id, item.Reason))]
        );

    public static CatalogRefreshResult Refreshed(CatalogRefreshOutcome result) =>
        new(result.IsUpdated, result.ProviderCount, result.Sentence);

    public static CatalogStatsResult Stats(ProviderCatalog catalog)
    {
        List<CatalogEntry> entries = [.. catalog.List().Entries.Where(entry => entry.IsEffective)];
        List<CatalogTotals> totals = [.. entries.Select(entry => entry.Totals)];
        return new CatalogStatsResult
        {
            ProviderCount = entries.Count,
            UserProviderCount = entries.Count(entry => entry.Layer == CatalogLayer.User),
            ModelCount = totals.Sum(total => total.ModelCount),
            ReasoningModelCount = totals.Sum(total => total.ReasoningModelCount),
            ImageModelCount = totals.Sum(total => total.ImageModelCount),
            PricedModelCount = totals.Sum(total => total.PricedModelCount),
            LowestInputPerMillion = totals.Min(total => total.LowestInputPerMillion),
            HighestInputPerMillion = totals.Max(total => total.HighestInputPerMillion),
            LargestContext = totals.Max(total => total.LargestContext),
            RefreshedAt = catalog.RefreshedAt,
        };
    }

    public static CatalogStartingPointsResult StartingPoints() =>
        new([.. CatalogStart.All.Select(start => new CatalogStartingPoint(start.Id, start.Name, start.Description, start.Document))]);

    public static CatalogBackupsResult Backups(UserCatalogs own) => new([.. own.Backups().Select(Backup)]);

    private static CatalogBackup Backup(CatalogVersion version)
    {
        var provider = UserCatalogs.ReadVersion(version);
        return new CatalogBackup(
            version.Id,
            version.CatalogId,
            provider?.Name is { Length: > 0 } name ? name : version.CatalogId,
            version.At,
            provider?.Models.Count ?? 0
        );
    }

    /// <summary>Returns the document without API keys. A file that contains a key has an error, and is shown so that it can be corrected.</summary>
    private static JsonElement WithoutSecrets(CatalogEntry entry)
    {
        if (entry.Document.ValueKind != JsonValueKind.Object || !entry.HasErrors)
        {
            return entry.Document;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var member in entry.Document.EnumerateObject())
            {
                if (member.Name == "default_headers" && member.Value.ValueKind == JsonValueKind.Object)
                {
                    writer.WriteStartObject(member.Name);
                    foreach (var header in member.Value.EnumerateObject())
                    {
                        Write(writer, header, CatalogRules.IsSecretHeader(header.Name));
                    }
                    writer.WriteEndObject();
                }
                else
                {
                    Write(writer, member, CatalogRules.IsSecretField(member));
                }
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonProperty member, bool isSecret)
    {
        if (isSecret)
        {
            writer.WriteString(member.Name, RedactedJson.Redacted);
        }
        else
        {
            member.WriteTo(writer);
        }
    }
}
