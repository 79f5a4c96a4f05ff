using System.Text.Json.Serialization;

namespace Plue.Server.Agents.Triggers;

/// <summary>The record of a trigger: what ran, when, and why.</summary>
/// <param name="Runs">Oldest first.</param>
internal sealed record StoredTriggerRuns(IReadOnlyList<StoredTriggerRun> Runs)
{
    public static readonly StoredTriggerRuns Empty = new([]);

    /// <summary>Gets the schedule that is watched; null while the trigger is off.</summary>
    public string? Schedule { get; init; }

    /// <summary>Gets the time up to which the schedule was handled.</summary>
    public DateTimeOffset? HandledUntil { get; init; }

    /// <summary>Gets the SHA-256 of the file of a workspace that the user turned on; null if it is off.</summary>
    public string? AllowedSha256 { get; init; }
}

/// <param name="Event">The id of the event, which starts no second run.</param>
/// <param name="Reason">Why it ran, in one sentence.</param>
internal sealed record StoredTriggerRun(string Id, DateTimeOffset Time, string Event, string Reason)
{
    /// <summary>Gets the address of the task; null before it was created, and if nothing ran.</summary>
    public string? Task { get; init; }

    /// <summary>Gets why nothing ran, in one sentence; null if it ran.</summary>
    public string? NotRun { get; init; }

    /// <summary>Gets the number of events in a row that did not run for the same reason; the last one is stored.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Gets the cost limit of the run, in USD, which counts until the task has ended.</summary>
    public decimal? Reserved { get; init; }

    /// <summary>Gets the cost at the end of the task, in USD, for a task that is deleted later.</summary>
    public decimal? Cost { get; init; }
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true
)]
[JsonSerializable(typeof(StoredTriggerRuns))]
internal sealed partial class TriggerRunsJson : JsonSerializerContext;
