using System.Buffers;
using System.Text.Json;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>
/// When the token of each provider was received and expires, in a file that all processes of the user share. It contains no secrets. An unreadable file counts
/// as empty: then a token is used until it is rejected.
/// </summary>
internal sealed class OAuthLedger(PluePaths paths)
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(45);

    private string File => Path.Combine(paths.Index, "oauth.json");

    /// <returns>Null if there is no entry.</returns>
    public OAuthEntry? Find(string providerId) => Read().GetValueOrDefault(providerId);

    /// <param name="entry">Null removes the entry.</param>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async Task SetAsync(string providerId, OAuthEntry? entry, CancellationToken cancellationToken)
    {
        using var turn = await LockAsync("oauth.lock", cancellationToken).ConfigureAwait(false);
        var all = Read();
        if (entry is null && !all.ContainsKey(providerId))
        {
            return;
        }

        if (entry is null)
        {
            all.Remove(providerId);
        }
        else
        {
            all[providerId] = entry;
        }

        DurableFile.Replace(File, Write(all));
    }

    /// <summary>Waits until no other process refreshes the token of this provider, because a refresh token may be valid for one use only.</summary>
    /// <exception cref="IOException">The wait timed out, or the folder is not writable.</exception>
    public Task<IDisposable> LockForRefreshAsync(string providerId, CancellationToken cancellationToken) =>
        LockAsync($"oauth.{providerId}.lock", cancellationToken);

    private Task<IDisposable> LockAsync(string name, CancellationToken cancellationToken) =>
        FileLock.AcquireAsync(Path.Combine(paths.Index, name), LockTimeout, cancellationToken);

    private Dictionary<string, OAuthEntry> Read()
    {
        var all = new Dictionary<string, OAuthEntry>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(RegularFile.Read(File));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return all;
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (Time(member.Value, "received_at") is { } received)
                {
                    all[member.Name] = new OAuthEntry(received, Time(member.Value, "expires_at"));
                }
            }
        }
        catch (Exception fault) when (fault is IOException or JsonException or UnauthorizedAccessException or InvalidOperationException)
        {
            all.Clear();
        }

        return all;
    }

    private static byte[] Write(Dictionary<string, OAuthEntry> all)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var (id, entry) in all.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(id);
                json.WriteString("received_at", entry.ReceivedAt);
                if (entry.ExpiresAt is { } end)
                {
                    json.WriteString("expires_at", end);
                }
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static DateTimeOffset? Time(JsonElement entry, string name) =>
        entry.Field(name) is { ValueKind: JsonValueKind.String } value && value.TryGetDateTimeOffset(out var time) ? time : null;
}

/// <param name="ReceivedAt">Local system time; also distinguishes tokens.</param>
/// <param name="ExpiresAt">Null if the server does not specify it.</param>
internal sealed record OAuthEntry(DateTimeOffset ReceivedAt, DateTimeOffset? ExpiresAt);
