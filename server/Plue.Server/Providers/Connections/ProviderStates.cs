using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Connections;

internal enum ProviderHealth
{
    Untested,
    Connected,
    Error,
}

/// <summary>The stored state of a provider.</summary>
internal sealed record ProviderState
{
    public static readonly ProviderState Unknown = new();

    public ProviderHealth Health { get; init; }

    /// <summary>When the provider was last tested or responded; null if its settings changed since.</summary>
    public DateTimeOffset? At { get; init; }
    public Failure? Failure { get; init; }

    /// <summary>True if the provider failed its test when it was enabled, so that it is still disabled.</summary>
    public bool HasFailedToEnable { get; init; }

    /// <summary>Newest first, including those with earlier settings.</summary>
    public IReadOnlyList<FailureRecord> Failures { get; init; } = [];

    /// <summary>The number of models in the last list; null before the first request.</summary>
    public int? ModelCount { get; init; }
}

internal sealed record FailureRecord(DateTimeOffset At, Failure Failure);

/// <summary>
/// The outcome of the last use of each provider, in a file that processes share. It is a cache: a damaged file is ignored, and write errors are not reported.
/// Reads are from memory; changes are written in the background and combined.
/// </summary>
/// <param name="mask">Masks secrets in messages before they are stored.</param>
/// <param name="log">Called if the file cannot be read or written.</param>
internal sealed class ProviderStates(PluePaths paths, TimeProvider time, Func<string, string> mask, Action<string> log) : IAsyncDisposable
{
    private const int MaxFailures = 5;
    private const int MaxProviders = 2_000;
    private const int MaxMessageLength = 500;
    private const int MaxBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan WriteDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How often the success of a working provider is stored.</summary>
    private static readonly TimeSpan SuccessInterval = TimeSpan.FromMinutes(1);

    private readonly Lock sync = new();
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly CancellationTokenSource ending = new();
    private readonly HashSet<string> unwritten = new(StringComparer.Ordinal);
    private Dictionary<string, StoredState> known = new(StringComparer.Ordinal);
    private (long Length, DateTime Modified) stamp;
    private Task writer = Task.CompletedTask;
    private bool isWriterDue;

    private string FilePath => Path.Combine(paths.Index, "provider-states.json");

    /// <summary>Returns the state in memory; call <see cref="Refresh"/> first to include the file.</summary>
    public ProviderState Of(ProviderSettings settings)
    {
        StoredState? stored;
        lock (sync)
        {
            stored = known.GetValueOrDefault(settings.Id);
        }

        if (stored is null)
        {
            return ProviderState.Unknown;
        }

        var isSame = stored.Fingerprint == ProviderFingerprint.Of(settings);
        return new ProviderState
        {
            Health = !isSame
                ? ProviderHealth.Untested
                : stored.Status switch
                {
                    "connected" => ProviderHealth.Connected,
                    "error" => ProviderHealth.Error,
                    _ => ProviderHealth.Untested,
                },
            At = isSame ? stored.At : null,
            Failure = isSame ? stored.Error?.ToFailure() : null,
            HasFailedToEnable = isSame && stored.HasFailedToEnable,
            Failures = [.. (stored.Errors ?? []).Select(past => new FailureRecord(past.At, past.ToFailure()))],
            ModelCount =
                stored.ModelCount is { } count && stored.ModelsFingerprint == ProviderFingerprint.OfConnection(settings) ? count : null,
        };
    }

    /// <summary>Loads changes of other processes; only checks the file's timestamp if there are none.</summary>
    public void Refresh()
    {
        lock (sync)
        {
            var file = new FileInfo(FilePath);
            var now = file.Exists ? (file.Length, file.LastWriteTimeUtc) : default;
            if (now == stamp)
            {
                return;
            }

            Keep(Read());
            stamp = now;
        }
    }

    /// <summary>Records the result of a test.</summary>
    /// <param name="staysDisabled">True if the provider was to be enabled and stays disabled.</param>
    public void Tested(ProviderSettings settings, Failure? failure, bool staysDisabled = false)
    {
        lock (sync)
        {
            Note(settings, failure, changesHealth: true, staysDisabled);
        }
    }

    /// <summary>Records the outcome of a response. Cheap, because it is called after every response.</summary>
    /// <returns>True if the displayed state changed.</returns>
    public bool Answered(ProviderSettings settings, Failure? failure)
    {
        var effect = EffectOf(failure);
        if (effect == Effect.None)
        {
            return false;
        }

        lock (sync)
        {
            var fingerprint = ProviderFingerprint.Of(settings);
            var stored = known.GetValueOrDefault(settings.Id);
            var before = stored?.Fingerprint == fingerprint ? stored : null;
            if (failure is null && before is { Status: "connected", At: { } at } && time.GetUtcNow() - at < SuccessInterval)
            {
                return false;
            }

            Note(settings, failure, effect == Effect.Health, before?.HasFailedToEnable ?? false);
            return effect == Effect.Health && (before?.Status != Status(failure) || before.Error?.Message != Stored(failure)?.Message);
        }
    }

    public void Listed(ProviderSettings settings, int modelCount)
    {
        lock (sync)
        {
            var before = known.GetValueOrDefault(settings.Id);
            var fingerprint = ProviderFingerprint.OfConnection(settings);
            if (before?.ModelCount == modelCount && before.ModelsFingerprint == fingerprint)
            {
                return;
            }

            Put(settings.Id, (before ?? new StoredState()) with { ModelCount = modelCount, ModelsFingerprint = fingerprint });
        }
    }

    /// <summary>Clears the failed state of a provider that the user disabled.</summary>
    public void SwitchedOff(ProviderSettings settings)
    {
        lock (sync)
        {
            if (known.GetValueOrDefault(settings.Id) is { HasFailedToEnable: true } before)
            {
                Put(settings.Id, before with { HasFailedToEnable = false });
            }
        }
    }

    public void Rename(string id, string newId)
    {
        lock (sync)
        {
            if (!known.Remove(id, out var state))
            {
                return;
            }

            Schedule(id);
            Put(newId, state);
        }
    }

    public void Forget(string id)
    {
        lock (sync)
        {
            if (known.Remove(id))
            {
                Schedule(id);
            }
        }
    }

    /// <summary>Writes pending changes.</summary>
    /// <returns>False if writing failed; the changes stay pending.</returns>
    public async Task<bool> FlushAsync()
    {
        await writing.WaitAsync();
        try
        {
            lock (sync)
            {
                if (unwritten.Count == 0)
                {
                    return true;
                }
            }

            using var others = await LockAsync();
            Write();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log($"How the providers did was not written: {exception.Message}");
            return false;
        }
        finally
        {
            writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await writer;
        await FlushAsync();
        ending.Dispose();
        writing.Dispose();
    }

    private enum Effect
    {
        None,
        Listed,
        Health,
    }

    /// <summary>Classifies a failure by whether it concerns the connection rather than one request.</summary>
    private static Effect EffectOf(Failure? failure) =>
        failure?.Kind switch
        {
            null => Effect.Health,
            FailureKind.ProviderAuthFailed
            or FailureKind.ProviderExecutableFailed
            or FailureKind.SpendLimit
            or FailureKind.Unreachable
            or FailureKind.Timeout
            or FailureKind.BadResponse
            or FailureKind.KeyNotBoundToOrigin
            or FailureKind.NotFound => Effect.Health,
            // The connection works, but the vendor is busy.
            FailureKind.RateLimited or FailureKind.Overloaded or FailureKind.CutStream => Effect.Listed,
            _ => Effect.None,
        };

    private static string Status(Failure? failure) => failure is null ? "connected" : "error";

    private void Note(ProviderSettings settings, Failure? failure, bool changesHealth, bool staysDisabled)
    {
        var now = time.GetUtcNow();
        var before = known.GetValueOrDefault(settings.Id) ?? new StoredState();
        var after = before;
        if (changesHealth)
        {
            after = after with
            {
                Fingerprint = ProviderFingerprint.Of(settings),
                Status = Status(failure),
                At = now,
                Error = Stored(failure),
                HasFailedToEnable = staysDisabled,
            };
        }

        if (Stored(failure) is { } error)
        {
            after = after with { Errors = [error, .. (before.Errors ?? []).Take(MaxFailures - 1)] };
        }
        Put(settings.Id, after);
    }

    private StoredFailure? Stored(Failure? failure)
    {
        if (failure is null)
        {
            return null;
        }

        var message = mask(failure.Message);
        return new StoredFailure(
            time.GetUtcNow(),
            failure.Kind.ToString(),
            message.Length > MaxMessageLength ? message[..MaxMessageLength] + "…" : message
        );
    }

    private void Put(string id, StoredState state)
    {
        known[id] = state with { ChangedAt = time.GetUtcNow() };
        Schedule(id);
    }

    private void Schedule(string id)
    {
        unwritten.Add(id);
        Plan();
    }

    private void Plan()
    {
        if (isWriterDue || ending.IsCancellationRequested)
        {
            return;
        }

        isWriterDue = true;
        writer = Task.Run(WriteLaterAsync);
    }

    private async Task WriteLaterAsync()
    {
        try
        {
            await Task.Delay(WriteDelay, time, ending.Token);
        }
        catch (OperationCanceledException)
        {
            return; // DisposeAsync writes the changes
        }

        var isWritten = await FlushAsync();
        lock (sync)
        {
            isWriterDue = false;
            // Changes during the write need another one. After a failed write, the next change triggers it.
            if (isWritten && unwritten.Count > 0)
            {
                Plan();
            }
        }
    }

    /// <summary>Writes the file and holds the lock only at the start and the end, so that readers do not wait for the disk.</summary>
    private void Write()
    {
        Dictionary<string, StoredState?> changes;
        lock (sync)
        {
            changes = unwritten.ToDictionary(id => id, id => known.GetValueOrDefault(id), StringComparer.Ordinal);
        }

        var merged = Read();
        foreach (var (id, ours) in changes)
        {
            if (ours is null)
            {
                merged.Remove(id);
            }
            else if (merged.GetValueOrDefault(id) is not { } theirs || theirs.ChangedAt <= ours.ChangedAt)
            {
                merged[id] = ours;
            }
        }

        if (merged.Count > MaxProviders)
        {
            merged = merged.OrderByDescending(entry => entry.Value.ChangedAt).Take(MaxProviders).ToDictionary(StringComparer.Ordinal);
        }

        var stored = new StoredStates(
            StoredStates.CurrentFormat,
            merged.ToDictionary(entry => entry.Key, StoredState? (entry) => entry.Value)
        );
        DurableFile.Replace(FilePath, JsonSerializer.SerializeToUtf8Bytes(stored, StoredStatesJson.Default.StoredStates));
        var file = new FileInfo(FilePath);
        lock (sync)
        {
            foreach (var (id, ours) in changes)
            {
                if (ReferenceEquals(known.GetValueOrDefault(id), ours))
                {
                    unwritten.Remove(id);
                }
            }

            Keep(merged);
            stamp = (file.Length, file.LastWriteTimeUtc);
        }
    }

    /// <summary>Replaces the state with the content of the file and reapplies pending changes. Called under the lock.</summary>
    private void Keep(Dictionary<string, StoredState> fresh)
    {
        foreach (var id in unwritten)
        {
            if (known.TryGetValue(id, out var ours))
            {
                fresh[id] = ours;
            }
            else
            {
                fresh.Remove(id);
            }
        }

        known = fresh;
    }

    private Dictionary<string, StoredState> Read()
    {
        try
        {
            var file = new FileInfo(FilePath);
            if (!file.Exists)
            {
                return new(StringComparer.Ordinal);
            }
            if (file.Length > MaxBytes)
            {
                throw new JsonException("it is too large");
            }

            var stored = JsonSerializer.Deserialize(RegularFile.Read(FilePath), StoredStatesJson.Default.StoredStates);
            if (stored is { Format: StoredStates.CurrentFormat, Providers: { } states })
            {
                return states
                    .Where(entry => entry.Value is not null)
                    .ToDictionary(entry => entry.Key, entry => WithoutNulls(entry.Value!), StringComparer.Ordinal);
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            log($"How the providers did is forgotten: {exception.Message}");
        }

        return new(StringComparer.Ordinal);
    }

    /// <summary>Replaces missing values, because another program may have written the file.</summary>
    private static StoredState WithoutNulls(StoredState state) =>
        state with
        {
            Error = state.Error is { Message: not null } error ? error : null,
            Errors = [.. (state.Errors ?? []).Where(past => past is { Message: not null }).Take(MaxFailures)],
            Status = state is { Status: "error", Error: not { Message: not null } } ? null : state.Status,
        };

    /// <summary>Prevents concurrent updates by two processes. After the timeout, the update continues without the lock.</summary>
    private async Task<IDisposable?> LockAsync()
    {
        try
        {
            return await FileLock.AcquireAsync(FilePath + ".lock", LockTimeout, CancellationToken.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>The file; replaced if the format differs.</summary>
internal sealed record StoredStates(int Format, IReadOnlyDictionary<string, StoredState?>? Providers)
{
    public const int CurrentFormat = 1;
}

internal sealed record StoredState
{
    public string? Fingerprint { get; init; }
    public string? Status { get; init; }
    public DateTimeOffset? At { get; init; }
    public StoredFailure? Error { get; init; }

    [JsonPropertyName("kept_off")]
    public bool HasFailedToEnable { get; init; }
    public IReadOnlyList<StoredFailure>? Errors { get; init; }
    public int? ModelCount { get; init; }
    public string? ModelsFingerprint { get; init; }
    public DateTimeOffset ChangedAt { get; init; }
}

internal sealed record StoredFailure(DateTimeOffset At, string? Kind, string Message)
{
    public Failure ToFailure() =>
        new(Enum.TryParse<FailureKind>(Kind, out var kind) && Enum.IsDefined(kind) ? kind : FailureKind.Internal, Message);
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(StoredStates))]
internal sealed partial class StoredStatesJson : JsonSerializerContext;
