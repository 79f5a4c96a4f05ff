using System.Text.Json.Serialization;
using Plue.Server.Platform;

namespace Plue.Server.Transfer.Programs;

/// <summary>The items that each import created, so that it can be undone as a whole and creates nothing twice.</summary>
internal sealed class ImportRuns(PluePaths paths, TimeProvider time)
{
    private const int MaxRuns = 50;
    private readonly SharedJsonFile<StoredImports> file = new(
        paths.Imports,
        ImportRunsJson.Default.StoredImports,
        new StoredImports([]),
        "The import"
    );

    /// <summary>The last run that was not undone; null if there is none.</summary>
    public StoredImportRun? Last => file.Read().Runs.LastOrDefault(run => run.Entries.Count > 0);

    /// <summary>The runs that were not undone, oldest first.</summary>
    public IReadOnlyList<StoredImportRun> Runs() => file.Read().Runs;

    public StoredImportRun? Find(string id) => file.Read().Runs.FirstOrDefault(run => run.Id == id);

    /// <summary>Gets the last address of each imported source.</summary>
    public IReadOnlyDictionary<string, string> Addresses()
    {
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in file.Read().Runs.SelectMany(run => run.Entries))
        {
            addresses[entry.Source] = entry.Address;
        }

        return addresses;
    }

    public void Add(string id, IReadOnlyList<StoredImportEntry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        file.Change(stored =>
        {
            var run = stored.Runs.FirstOrDefault(run => run.Id == id) ?? new StoredImportRun(id, time.GetUtcNow(), []);
            var others = stored.Runs.Where(other => other.Id != id);
            return new StoredImports([.. others.Append(run with { Entries = [.. run.Entries, .. entries] }).TakeLast(MaxRuns)]);
        });
    }

    /// <summary>Keeps only the entries that could not be undone.</summary>
    public void Keep(string id, IReadOnlyList<StoredImportEntry> entries) =>
        file.Change(stored => new StoredImports([
            .. stored.Runs.Select(run => run.Id == id ? run with { Entries = entries } : run).Where(run => run.Entries.Count > 0),
        ]));
}

internal sealed record StoredImports(IReadOnlyList<StoredImportRun> Runs);

internal sealed record StoredImportRun(string Id, DateTimeOffset At, IReadOnlyList<StoredImportEntry> Entries)
{
    [JsonIgnore]
    public bool HasKeys => Entries.Any(entry => entry.Kind == ImportKind.Keys);
}

/// <param name="Source">Program, kind and ID.</param>
/// <param name="Address">The address of a document or chat, reference of a key, name of a server, or path of a file or folder.</param>
/// <param name="Hash">
/// The SHA-256 of the written content: text in a file of the user or workspace, the declaration of a server, or the files of a skill.
/// </param>
internal sealed record StoredImportEntry(ImportKind Kind, string Source, string Address, string? Hash = null);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(StoredImports))]
internal sealed partial class ImportRunsJson : JsonSerializerContext;
