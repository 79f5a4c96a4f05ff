using System.Buffers;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Policy;

/// <summary>
/// The record of refusals by the policy, one line each, for the audit export. A refusal that repeats within a minute is recorded once. Thread-safe.
/// </summary>
internal static class PolicyRefusals
{
    /// <summary>A larger file is renamed, replacing an older renamed file, and a new one begins.</summary>
    private const long MaxBytes = 16 * 1024 * 1024;
    private const int MaxRecent = 1000;
    private static readonly TimeSpan RepeatTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(1);
    private static readonly Lock Sync = new();
    private static readonly Dictionary<(string Home, string Sentence, string? Codex), DateTimeOffset> Recent = [];

    /// <summary>Records a refusal and returns its exception.</summary>
    /// <param name="sentence">The refusal of <see cref="ManagedPolicy"/>.</param>
    public static FailureException Refuse(PluePaths paths, TimeProvider time, string sentence)
    {
        Record(paths, time, sentence);
        return new FailureException(FailureKind.PermissionDenied, sentence);
    }

    /// <summary>Records a refusal. Never throws: a full disk must not turn a refusal into another error.</summary>
    /// <param name="sentence">Null records nothing.</param>
    /// <param name="codex">The chat or task; null for none.</param>
    /// <returns><paramref name="sentence"/>.</returns>
    public static string? Record(PluePaths paths, TimeProvider time, string? sentence, string? codex = null)
    {
        if (sentence is null)
        {
            return null;
        }

        var (now, key) = (time.GetUtcNow(), (paths.Home, sentence, codex));
        lock (Sync)
        {
            if (Recent.TryGetValue(key, out var last) && now - last < RepeatTime && now >= last)
            {
                return sentence;
            }
            if (Recent.Count >= MaxRecent)
            {
                Recent.Clear();
            }

            Recent[key] = now;
            try
            {
                Append(paths, now, sentence, codex);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // The refusal applies anyway, and is recorded when it happens again.
                Recent.Remove(key);
            }
        }

        return sentence;
    }

    /// <summary>Reads the recorded refusals, oldest first. Unreadable lines are skipped.</summary>
    public static IEnumerable<RecordedRefusal> Read(PluePaths paths)
    {
        foreach (var path in new[] { paths.OldRefusals, paths.Refusals })
        {
            byte[] bytes;
            try
            {
                bytes = RegularFile.Read(path);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // The file is missing or unreadable.
                continue;
            }

            for (var (start, end) = (0, 0); (end = Array.IndexOf(bytes, (byte)'\n', start)) >= 0; start = end + 1)
            {
                if (Parse(bytes.AsSpan(start, end - start)) is { } refusal)
                {
                    yield return refusal;
                }
            }
        }
    }

    private static RecordedRefusal? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            var found = JsonElement.Parse(line);
            return new RecordedRefusal(
                found.GetProperty("time").GetDateTimeOffset(),
                found.GetProperty("refusal").GetString() ?? "",
                found.TryGetProperty("codex", out var codex) ? codex.GetString() : null
            );
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static void Append(PluePaths paths, DateTimeOffset now, string sentence, string? codex)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, PlainJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, now.UtcDateTime);
            json.WriteString("refusal"u8, sentence);
            if (codex is not null)
            {
                json.WriteString("codex"u8, codex);
            }
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        using var owner = FileLock.Acquire(paths.LockFile("refusals"), LockTimeout);
        if (new FileInfo(paths.Refusals) is { Exists: true, Length: > MaxBytes })
        {
            File.Move(paths.Refusals, paths.OldRefusals, overwrite: true);
        }

        using var stream = DurableFile.OpenPrivate(
            paths.Refusals,
            FileMode.OpenOrCreate,
            FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete
        );
        stream.Seek(0, SeekOrigin.End);
        stream.Write(line.WrittenSpan);
    }
}

/// <param name="Codex">The chat or task; null for none.</param>
internal sealed record RecordedRefusal(DateTimeOffset Time, string Sentence, string? Codex);
